"""What the processor hands to its ledger in one transaction, and who may look on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from alerts.model import Effects
from devices.admitted import Record, Refusal
from devices.charger_now import StationChange
from devices.command import CommandChange
from devices.control import AnyControl
from devices.entry import RETAIN, Entry
from devices.model import Device


class Beside(Protocol):
    """Something that gets what the engine gets, and changes nothing of it (shadow mode)."""

    def records(self, records: list[Record]) -> None:
        """Accepted records, after the engine took them."""
        ...

    def control(self, control: AnyControl, entry: Entry) -> None:
        """What people did, before the engine takes it."""
        ...

    def tick(self, entry: Entry) -> None:
        """Time passed."""
        ...

    def unanswered(self, device: Device, entry: Entry) -> None:
        """A tracker did not answer a question of the engine."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """A message or an item of one that was refused. Unique by (seq, item)."""

    seq: int
    item: int
    recv_ms: int
    topic: str
    device_id: str
    reason: str
    detail: str
    payload: bytes
    retained: bool


def quarantine_row(refusal: Refusal) -> QuarantineRow:
    """The row of one refusal."""
    entry = refusal.entry
    return QuarantineRow(
        seq=entry.seq,
        item=refusal.item,
        recv_ms=entry.recv_ms,
        topic=entry.topic,
        device_id=refusal.device_id,
        reason=refusal.reason,
        detail=refusal.detail,
        payload=refusal.payload,
        retained=bool(entry.flags & RETAIN),
    )


@dataclass(slots=True, kw_only=True)
class ProcessCommit:
    """One transaction of the processor.

    Attributes:
        upto_seq: The processor's new offset.
        recv_ms: Receive time of that entry.
        books: Increments by (name, reason), e.g. ("quarantined", "utf8") -> 2.
        effects: Alert upserts (with a log row each), incidents, outbox rows. All idempotent by
            their keys: a row that is there already with the same key is left as it is.
        commands: Commands to devices, upserts by id; stored before they are sent.
        requeued: Ids of quarantine rows that were run again; refused anew they are new rows.
        stations: Charging stations, upserts by slot and by day.
    """

    upto_seq: int
    recv_ms: int
    books: Mapping[tuple[str, str], int]
    quarantine: Sequence[QuarantineRow] = ()
    requeued: Sequence[int] = ()
    effects: Effects = field(default_factory=Effects)
    commands: Sequence[CommandChange] = ()
    stations: Sequence[StationChange] = ()

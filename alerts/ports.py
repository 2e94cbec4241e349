"""What the processor hands to its ledger in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts.model import Effects


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


@dataclass(slots=True, kw_only=True)
class ProcessCommit:
    """One transaction of the processor.

    Attributes:
        upto_seq: The processor's new offset.
        recv_ms: Receive time of that entry.
        books: Increments by (name, reason), e.g. ("quarantined", "utf8") -> 2.
        effects: Alert upserts (with a log row each), incidents, outbox rows. All idempotent by
            their keys: a row that is there already with the same key is left as it is.
    """

    upto_seq: int
    recv_ms: int
    books: Mapping[tuple[str, str], int]
    quarantine: Sequence[QuarantineRow] = ()
    effects: Effects = field(default_factory=Effects)

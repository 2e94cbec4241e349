"""What the receiver, the processor and the projector need from outside. Adapters: ``stores``."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from alerts.ports import ProcessCommit
from devices.downlink import Downlink
from devices.entry import Entry, Incoming
from devices.refused import RefusedRow
from devices.telemetry import Row


class Envelope(NamedTuple):
    """One unacknowledged PUBLISH. ``session`` tells acknowledgements of an older connection."""

    topic: str
    payload: bytes
    retain: bool
    dup: bool
    qos: int
    mid: int
    session: int


class Source(Protocol):
    """Batches from the broker that are acknowledged only when the caller says so."""

    @property
    def connected(self) -> bool:
        """Whether messages flow."""
        ...

    @property
    def reason(self) -> str:
        """Why they do not, "" when they do."""
        ...

    @property
    def unacknowledged(self) -> int:
        """Messages that wait to be taken."""
        ...

    @property
    def reconnects(self) -> int:
        """Connections after the first."""
        ...

    @property
    def silences(self) -> int:
        """Times the broker was connected but silent."""
        ...

    @property
    def sessions_lost(self) -> int:
        """Times the broker had forgotten us and what it kept for us."""
        ...

    def take(self, limit: int, wait_s: float) -> list[Envelope]:
        """Up to ``limit`` envelopes in order of arrival, perhaps none."""
        ...

    def ack(self, envelopes: list[Envelope]) -> None:
        """Acknowledge them to the broker."""
        ...

    def watch(self) -> None:
        """Check, about once a second, that messages really flow."""
        ...

    def stop(self) -> None:
        """Disconnect in good order."""
        ...


class JournalWriter(Protocol):
    """The receiver's side. One writer at a time (a lock file holds it)."""

    def append(self, entries: Sequence[Incoming], *, control_upto: int | None = None) -> int:
        """Store the batch for good (fsync) and give the last number.

        ``control_upto`` is stored in the same transaction: the highest control id now in the
        journal. An empty batch stores nothing and gives the present last number.

        Raises:
            JournalError: Nothing of the batch was stored.
        """
        ...

    def control_upto(self) -> int:
        """Highest control id in the journal, 0 when none."""
        ...

    def last(self) -> Entry | None:
        """The newest entry, for the steady clock to go on from."""
        ...


class JournalReader(Protocol):
    """A reader's side; any number of them, in other processes."""

    def read(self, after_seq: int, limit: int) -> list[Entry]:
        """Give up to ``limit`` entries with a number above ``after_seq``, ascending."""
        ...

    def first_seq(self) -> int:
        """Number of the oldest entry still kept; 1 for a journal that lost nothing."""
        ...

    def last_seq(self) -> int:
        """Number of the newest entry, 0 when empty."""
        ...

    def note(self, reader: str, seq: int) -> None:
        """Say that ``reader`` needs nothing up to ``seq`` any more (for retention)."""
        ...


class ControlSource(Protocol):
    """The ``control`` table as the receiver sees it."""

    def after(self, control_id: int, limit: int) -> list[tuple[int, bytes]]:
        """Give rows (id, body) with an id above ``control_id``, ascending."""
        ...


class ProcessLedger(Protocol):
    """The records database as the processor sees it."""

    def offset(self) -> int:
        """The committed offset of the processor, 0 at first."""
        ...

    def commit(self, commit: ProcessCommit) -> None:
        """Store everything of ``commit`` in one transaction, or nothing.

        Raises:
            StoreError: Nothing was stored; ``may_pass`` says whether to try again.
        """
        ...


class TelemetryWriter(Protocol):
    """The telemetry store as the projector sees it."""

    def write(self, rows: Sequence[Row]) -> None:
        """Store rows; the same key twice is one row. Returns only when the store said yes.

        Raises:
            PartialWrite: Everything is stored but what it names.
            StoreError: Nothing is known to be stored; writing again is harmless.
        """
        ...


class RefusedRows(Protocol):
    """Where rows stay that the telemetry store does not take."""

    def keep(self, refused: Sequence[RefusedRow]) -> None:
        """Keep them for people to look at; the same one twice is one.

        Raises:
            StoreError: Nothing was kept.
        """
        ...


class ProjectLedger(Protocol):
    """The projector's own offset and books, committed together after the store said yes."""

    def offset(self) -> int:
        """The committed offset of the projector, 0 at first."""
        ...

    def commit(self, upto_seq: int, recv_ms: int, books: Mapping[tuple[str, str], int]) -> None:
        """Move the offset and add to the books in one transaction."""
        ...


class Checkpoints(Protocol):
    """State snapshots of one reader: derived, so losing one costs time, never truth."""

    def save(self, seq: int, blob: bytes) -> None:
        """Keep ``blob`` as the state after entry ``seq``; older ones may go (atomic, durable)."""
        ...

    def newest(self, upto_seq: int) -> tuple[int, bytes] | None:
        """The newest intact snapshot with a number of at most ``upto_seq``."""
        ...


class StatusSink(Protocol):
    """Where a part says how it is, about once a second (run/{part}.json)."""

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        """Replace the part's status (atomic)."""
        ...


class DownlinkSink(Protocol):
    """The way to the devices. What does not arrive is made again by the core, so nothing waits."""

    def send(self, downlinks: Sequence[Downlink]) -> None:
        """Send at once what can be sent; the rest is counted and dropped."""
        ...

    def metrics(self) -> Mapping[str, float]:
        """What was sent and dropped, for the part's status."""
        ...


class LatestRows(Protocol):
    """LatestState as the processor writes it beside ``devices.health``."""

    def show(self, *, armed: Mapping[int, int], levels: Mapping[int, int]) -> None:
        """Write ``ArmedState`` and alert level by slot."""
        ...

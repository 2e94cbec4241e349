"""Small real classes in the place of broker, disk and databases. Each keeps what it was told."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from typing_extensions import override

from alerts.model import AlertChange, IncidentOpened, Notice
from alerts.ports import ProcessCommit, QuarantineRow
from devices.downlink import Downlink
from devices.entry import Entry, EntryKind, Incoming
from devices.errors import JournalError, StoreError
from devices.health import Rows
from devices.latest import LATEST_DTYPE
from devices.refused import RefusedRow
from devices.telemetry import Row
from ingest.ports import Envelope

FULL = JournalError("no space left on device", may_pass=True)
BROKEN = JournalError("input/output error", may_pass=False)
AWAY = StoreError("connection refused", may_pass=True)
REFUSED = StoreError("the schema is another one", may_pass=False)


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, start_ms: int = 1_000_000) -> None:
        self.now_ms = start_ms

    def __call__(self) -> int:
        return self.now_ms


class Rounds:
    """A ``wait`` that lets a loop run so many rounds; every wait moves the clock."""

    def __init__(self, rounds: int, clock: Clock, *, step_ms: int = 100) -> None:
        self._left = rounds
        self._clock = clock
        self._step_ms = step_ms
        self.waited_s: list[float] = []

    def __call__(self, seconds: float) -> bool:
        self.waited_s.append(seconds)
        self._clock.now_ms += max(self._step_ms, round(seconds * 1000))
        self._left -= 1
        return self._left <= 0


class ScriptedSource:
    """A broker that delivers these batches, one a take, and remembers what was acknowledged."""

    reconnects = 0
    silences = 0
    sessions_lost = 0

    def __init__(self, *batches: list[Envelope]) -> None:
        self._batches = list(batches)
        self.acked: list[Envelope] = []
        self.connected = True
        self.reason = ""
        self.stopped = False
        self.watched = 0
        self.acked_when_watched: list[int] = []

    @property
    def unacknowledged(self) -> int:
        """What was not taken yet."""
        return sum(map(len, self._batches))

    def take(self, limit: int, wait_s: float) -> list[Envelope]:
        """The next batch, however long one would wait."""
        assert wait_s >= 0
        taken = self._batches.pop(0) if self._batches else []
        assert len(taken) <= limit
        return taken

    def ack(self, envelopes: list[Envelope]) -> None:
        """Remember them in order."""
        self.acked += envelopes

    def watch(self) -> None:
        """Count the calls, and what was acknowledged before each."""
        self.watched += 1
        self.acked_when_watched.append(len(self.acked))

    def stop(self) -> None:
        """Remember it."""
        self.stopped = True


class ListJournal:
    """The journal as a list; it stays when receiver, processor or projector are made anew."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = list(entries)
        self.notes: dict[str, int] = {}
        self.dropped = 0
        self._control_upto = 0

    def append(self, entries: Sequence[Incoming], *, control_upto: int | None = None) -> int:
        """Number them and keep them."""
        for incoming in entries:
            self.entries.append(Entry(self.last_seq() + 1, *incoming))
        if control_upto is not None:
            self._control_upto = control_upto
        return self.last_seq()

    def control_upto(self) -> int:
        """Highest control id told."""
        return self._control_upto

    def last(self) -> Entry | None:
        """The newest."""
        return self.entries[-1] if self.entries else None

    def read(self, after_seq: int, limit: int) -> list[Entry]:
        """Up to ``limit`` entries above ``after_seq``."""
        later = [entry for entry in self.entries if entry.seq > max(after_seq, self.dropped)]
        return later[:limit]

    def first_seq(self) -> int:
        """1 unless entries were dropped for age."""
        return self.dropped + 1

    def last_seq(self) -> int:
        """0 when empty."""
        return self.entries[-1].seq if self.entries else 0

    def note(self, reader: str, seq: int) -> None:
        """Keep the advisory offset."""
        self.notes[reader] = seq

    def of_kind(self, kind: EntryKind) -> list[Entry]:
        """Entries of one kind, in order."""
        return [entry for entry in self.entries if entry.kind == kind]


class FailingJournal(ListJournal):
    """A journal whose next appends fail, one error each; then it works."""

    def __init__(self, *errors: JournalError) -> None:
        super().__init__()
        self._errors = list(errors)
        self.refused = 0

    @override
    def append(self, entries: Sequence[Incoming], *, control_upto: int | None = None) -> int:
        """Fail while there are errors left; nothing of the batch is kept then."""
        if self._errors:
            self.refused += 1
            raise self._errors.pop(0)
        return super().append(entries, control_upto=control_upto)


class FullDisk(FailingJournal):
    """A journal on a disk that is full for so many appends."""

    def __init__(self, times: int) -> None:
        super().__init__(*[FULL] * times)


class ControlRows:
    """The ``control`` table; with ``trouble`` every look at it fails."""

    def __init__(self, *bodies: bytes) -> None:
        self.rows = list(enumerate(bodies, start=1))
        self.trouble: StoreError | None = None

    def after(self, control_id: int, limit: int) -> list[tuple[int, bytes]]:
        """Rows above an id."""
        if self.trouble is not None:
            raise self.trouble
        return [row for row in self.rows if row[0] > control_id][:limit]


class Told:
    """The status file as the list of everything that was written to it."""

    def __init__(self) -> None:
        self.lines: list[tuple[bool, str, Mapping[str, float]]] = []

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        """Keep it."""
        self.lines.append((ready, reason, dict(metrics)))

    @property
    def reasons(self) -> list[str]:
        """All reasons told, in order, without repetitions in a row."""
        reasons = [reason for _, reason, _ in self.lines]
        return [r for k, r in enumerate(reasons) if k == 0 or reasons[k - 1] != r]


class SaidToDevices:
    """What was sent to devices, in order."""

    def __init__(self) -> None:
        self.said: list[Downlink] = []

    def send(self, downlinks: Sequence[Downlink]) -> None:
        """Keep it."""
        self.said += downlinks

    def metrics(self) -> Mapping[str, float]:
        """How much it was."""
        return {"process_receipts_total": len(self.said)}


class Shown:
    """LatestState's columns of the processor as dictionaries."""

    def __init__(self) -> None:
        self.armed: dict[int, int] = {}
        self.levels: dict[int, int] = {}

    def show(self, *, armed: Mapping[int, int], levels: Mapping[int, int]) -> None:
        """Overwrite by slot."""
        self.armed |= armed
        self.levels |= levels


class LatestColumns:
    """Rows of LatestState that grow with the slots."""

    def __init__(self) -> None:
        self.rows: Rows = np.zeros(0, LATEST_DTYPE)

    def __call__(self, slot: int) -> Rows:
        if slot >= len(self.rows):
            grown = np.zeros(slot + 1, LATEST_DTYPE)
            grown[: len(self.rows)] = self.rows
            self.rows = grown
        return self.rows


class MemoryLedger:
    """The records database: everything of a commit or nothing, doubles by key left out."""

    def __init__(self) -> None:
        self._offset = 0
        self._errors: list[Exception] = []
        self.books: Counter[tuple[str, str]] = Counter()
        self.quarantine: dict[tuple[int, int], QuarantineRow] = {}
        self.changes: list[AlertChange] = []
        self.incidents: dict[str, IncidentOpened] = {}
        self.outbox: dict[str, Notice] = {}
        self.told_again: list[str] = []
        self.commits = 0

    def fail_next(self, *errors: Exception) -> None:
        """The next commits raise these, one each, and store nothing."""
        self._errors += errors

    def offset(self) -> int:
        """The committed offset."""
        return self._offset

    def commit(self, commit: ProcessCommit) -> None:
        """Store it, or fail as told."""
        if self._errors:
            raise self._errors.pop(0)
        assert commit.upto_seq >= self._offset
        self.commits += 1
        self._offset = commit.upto_seq
        self.books.update(commit.books)
        self.quarantine |= {(row.seq, row.item): row for row in commit.quarantine}
        self.changes += commit.effects.alerts
        self.incidents |= {opened.incident_id: opened for opened in commit.effects.incidents}
        for notice in commit.effects.notices:
            if notice.key in self.outbox:
                self.told_again.append(notice.key)
            self.outbox.setdefault(notice.key, notice)


class MemoryTelemetry:
    """The telemetry store: one row a key; fails as told."""

    def __init__(self) -> None:
        self._errors: list[StoreError] = []
        self.rows: dict[tuple[str, str, int, int], Row] = {}
        self.writes = 0

    def fail_next(self, *errors: StoreError) -> None:
        """The next writes raise these, one each, and store nothing."""
        self._errors += errors

    def write(self, rows: Sequence[Row]) -> None:
        """Store rows by (measurement, device, time, seq)."""
        if self._errors:
            raise self._errors.pop(0)
        self.writes += 1
        self.rows |= {(row.measurement, row.device_id, row.t_ms, row.seq): row for row in rows}


class KeptRefused:
    """Rows that the telemetry store did not take."""

    def __init__(self) -> None:
        self.rows: list[RefusedRow] = []

    def keep(self, refused: Sequence[RefusedRow]) -> None:
        """Keep them in order."""
        self.rows += refused


class ProjectBook:
    """The projector's offset and books."""

    def __init__(self) -> None:
        self._offset = 0
        self.books: Counter[tuple[str, str]] = Counter()

    def offset(self) -> int:
        """The committed offset."""
        return self._offset

    def commit(self, upto_seq: int, recv_ms: int, books: Mapping[tuple[str, str], int]) -> None:
        """Move on."""
        assert upto_seq > self._offset
        assert recv_ms > 0
        self._offset = upto_seq
        self.books.update(books)


class MemoryCheckpoints:
    """Snapshots by number."""

    def __init__(self) -> None:
        self.blobs: dict[int, bytes] = {}

    def save(self, seq: int, blob: bytes) -> None:
        """Keep it beside the older ones."""
        self.blobs[seq] = blob

    def newest(self, upto_seq: int) -> tuple[int, bytes] | None:
        """The highest number up to ``upto_seq``."""
        fitting = [seq for seq in self.blobs if seq <= upto_seq]
        return (max(fitting), self.blobs[max(fitting)]) if fitting else None

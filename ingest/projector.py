"""Journal -> admit -> thin -> telemetry store. Its offset moves only after the store said yes.

It runs the same admission as the processor, so it accepts exactly the same records. A dead
telemetry store stops this loop alone and loses nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import structlog

from devices.admission import Admission, AdmissionState, split_runs
from devices.admitted import Record
from devices.backlog import Backlog, BacklogPolicy, BacklogState
from devices.control import Requeue
from devices.entry import Entry, EntryKind
from devices.errors import StoreError
from devices.refused import PartialWrite, StoreReason
from devices.registry import Registry
from devices.rows import to_row
from devices.telemetry import Row
from devices.thinning import KeptFix, Thinned, Thinner
from ingest.ports import (
    Checkpoints,
    JournalReader,
    ProjectLedger,
    RefusedRows,
    StatusSink,
    TelemetryWriter,
)

log = structlog.get_logger()
STATE_VERSION = 4
"""Raise it when the shape of ``ProjectorState`` changes."""
NO_BACKLOG_VERSION = 2
"""Yesterday's shape: it is taken, nothing waited then."""
RETRY_S = 1.0
"""Wait before a refused batch is tried again, unless the store asks for more."""


class ProjectorState(msgspec.Struct):
    """Everything the projector knows, at one entry.

    Attributes:
        kept: ``Thinned.live`` of a checkpoint of yesterday, which has no ``thinned``.
    """

    version: int
    admission: AdmissionState
    kept: list[tuple[int, KeptFix]] = []
    thinned: Thinned | None = None
    backlog: BacklogState = msgspec.field(default_factory=BacklogState)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectorLimits:
    """Settings ``project.*``."""

    batch_max: int
    poll_s: float
    checkpoint_ms: float


class Projector:
    """Runs entries through admission and thinning into the telemetry store."""

    def __init__(
        self,
        *,
        admission: Admission,
        thinner: Thinner,
        journal: JournalReader,
        ledger: ProjectLedger,
        telemetry: TelemetryWriter,
        refused: RefusedRows,
        checkpoints: Checkpoints,
        status: StatusSink,
        limits: ProjectorLimits,
        steady_ms: Callable[[], int],
        wait: Callable[[float], bool],
        tidy: Callable[[], None],
    ) -> None:
        """Take the parts; ``tidy`` is called at every checkpoint (archive, retention)."""
        self._admission = admission
        self._thinner = thinner
        self._journal = journal
        self._ledger = ledger
        self._telemetry = telemetry
        self._refused = refused
        self._checkpoints = checkpoints
        self._status = status
        self._limits = limits
        self._steady_ms = steady_ms
        self._wait = wait
        self._tidy = tidy
        self._backlog = Backlog(BacklogPolicy())
        self._seq = 0
        self._rows = 0
        self._unstored = 0
        self._trouble = ""
        self._retry_s = RETRY_S

    def rows(self, entries: list[Entry], books: Counter[tuple[str, str]]) -> list[Row]:
        """Rows of these entries, in order; counts what is projected and what is thinned."""
        return self._rows_of(self._backlog.order(entries), books)

    def _rows_of(self, entries: list[Entry], books: Counter[tuple[str, str]]) -> list[Row]:
        rows = []
        for run in split_runs(entries):
            for record in self._admit(run):
                if self._thinner.keeps(record):
                    rows.append(to_row(record))
                else:
                    books["thinned", ""] += 1
        books["projected", ""] += len(rows)
        return rows

    def _admit(self, run: list[Entry]) -> list[Record]:
        """Records of one run: messages, or those that people let run again."""
        head = run[0]
        if head.kind == EntryKind.MQTT:
            return self._admission.admit(run, Counter()).records
        if head.kind == EntryKind.CONTROL:
            said = self._admission.control(head, Counter())
            if isinstance(said, Requeue):
                return self._admission.requeue(said, head, Counter()).records
        return []

    def resume(self, fallback: Registry) -> None:
        """Load the newest checkpoint and run again what was projected after it."""
        committed = self._ledger.offset()
        found = self._checkpoints.newest(committed)
        state = _decode_state(found[1]) if found else None
        if found and state:
            self._seq = found[0]
            self._admission.load(state.admission)
            self._thinner.load(state.thinned or Thinned(live=state.kept))
            self._backlog.load(state.backlog)
        elif self._journal.first_seq() > 1:
            self._admission.registry = fallback
        while self._seq < committed:
            limit = min(self._limits.batch_max, committed - self._seq)
            entries = self._journal.read(self._seq, limit)
            if not entries:
                break
            self.rows(entries, Counter())
            self._seq = entries[-1].seq
        if state and state.version == NO_BACKLOG_VERSION:
            self._rows_of(self._backlog.rest(), Counter())  # it was projected at once then
        self._seq = max(self._seq, committed)
        log.info("projector_resumed", committed=committed)

    def project(self, entries: list[Entry]) -> bool:
        """Write the rows of these entries, then move the offset; False = told to stop first."""
        books: Counter[tuple[str, str]] = Counter()
        rows = self.rows(entries, books)
        while not self._write(rows, books):
            if self._pause():
                return False
        last = entries[-1]
        self._ledger.commit(last.seq, last.recv_ms, books)
        self._seq = last.seq
        self._rows += len(rows)
        self._journal.note("projector", last.seq)
        return True

    def _write(self, rows: list[Row], books: Counter[tuple[str, str]]) -> bool:
        try:
            if rows:
                self._store(rows, books)
        except StoreError as exc:
            if not exc.may_pass:
                raise
            if not self._trouble:
                log.warning("telemetry_lost", reason=str(exc))
            self._trouble = str(exc)
            self._retry_s = max(RETRY_S, exc.retry_after_s or 0.0)
            self._tell()
            return False
        if self._trouble:
            log.info("telemetry_back")
            self._trouble = ""
        return True

    def _store(self, rows: list[Row], books: Counter[tuple[str, str]]) -> None:
        """Write; what the store does not take is set aside and counted, never lost unseen."""
        try:
            self._telemetry.write(rows)
        except PartialWrite as partial:
            self._refused.keep(partial.refused)
            reasons = Counter(str(one.reason) for one in partial.refused)
            reasons[StoreReason.EXPIRED.value] += partial.expired
            books.update({("unstored", reason): count for reason, count in reasons.items()})
            books["projected", ""] -= reasons.total()
            self._unstored += reasons.total()
            log.warning("rows_unstored", **reasons)

    def _pause(self) -> bool:
        """Wait as long as the store asked for, and say so every second; whether to stop."""
        left_s = self._retry_s
        while left_s > 0:
            if self._wait(min(left_s, RETRY_S)):
                return True
            left_s -= RETRY_S
            if left_s > 0:
                self._tell()
        return False

    def run(self) -> None:
        """Project until told to stop; then save a checkpoint."""
        saved_at = told_at = self._steady_ms()
        limits = self._limits
        stop = False
        while not stop:
            entries = self._journal.read(self._seq, limits.batch_max)
            if entries and not self.project(entries):
                return
            now = self._steady_ms()
            if now - saved_at >= limits.checkpoint_ms:
                self.checkpoint()
                self._tidy()
                saved_at = now
            if now - told_at >= 1000:  # noqa: PLR2004 - status is written about once a second
                self._tell()
                told_at = now
            stop = self._wait(0.0 if len(entries) == limits.batch_max else limits.poll_s)
        self.checkpoint()
        self._status.write(ready=False, reason="stopped", metrics={})

    def checkpoint(self) -> None:
        """Save the state after the last projected entry."""
        state = ProjectorState(
            version=STATE_VERSION,
            admission=self._admission.dump(),
            thinned=self._thinner.dump(),
            backlog=self._backlog.dump(),
        )
        self._checkpoints.save(self._seq, msgspec.msgpack.encode(state))

    def _tell(self) -> None:
        self._status.write(
            ready=self._trouble == "",
            reason=self._trouble,
            metrics={
                "project_rows_total": self._rows,
                "project_unstored_total": self._unstored,
                "project_lag_entries": max(0, self._journal.last_seq() - self._seq)
                + len(self._backlog),
                "project_backlog_messages": len(self._backlog),
            },
        )


def _decode_state(blob: bytes) -> ProjectorState | None:
    """A checkpoint of this version; an older one is rebuilt from the journal instead."""
    try:
        state = msgspec.msgpack.decode(blob, type=ProjectorState)
    except msgspec.DecodeError as exc:
        log.warning("checkpoint_unreadable", error=str(exc)[:200])
        return None
    return state if state.version in {STATE_VERSION, NO_BACKLOG_VERSION} else None

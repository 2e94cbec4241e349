"""Journal -> pipeline -> commit: the shell around ``alerts.pipeline``.

One process, one thread, one order. State is derived from the journal: a checkpoint makes a
start short, entries after it are run again, and what was committed before is not committed
again (effects carry the same ids anyway).
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import structlog

from alerts.pipeline import Outcome, Pipeline, PipelineState
from alerts.ports import ProcessCommit, quarantine_row
from devices.entry import Entry
from devices.errors import StoreError
from devices.registry import Registry
from ingest.ports import (
    Checkpoints,
    DownlinkSink,
    JournalReader,
    LatestRows,
    ProcessLedger,
    StatusSink,
)
from ingest.shadow import Shadow

log = structlog.get_logger()
STATE_VERSION = 7
"""Raise it when the shape of ``ProcessorState`` changes: older checkpoints are not loaded."""
RETRY_S = 1.0
"""Wait before a refused commit is tried again."""


class ProcessorState(msgspec.Struct):
    """Everything the processor knows, at one entry."""

    version: int
    pipeline: PipelineState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorLimits:
    """How the loop paces itself; settings ``process.*``."""

    batch_max: int
    poll_s: float
    commit_ms: float
    checkpoint_ms: float


class Processor:
    """Runs entries through admission, health and detection; commits what comes of it."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        journal: JournalReader,
        ledger: ProcessLedger,
        latest: LatestRows,
        checkpoints: Checkpoints,
        downlinks: DownlinkSink,
        status: StatusSink,
        limits: ProcessorLimits,
        steady_ms: Callable[[], int],
        wait: Callable[[float], bool],
        tidy: Callable[[], None],
        shadow: Shadow | None = None,
    ) -> None:
        """Take the parts.

        ``wait(s)`` sleeps and says whether to stop, ``steady_ms`` paces, ``tidy`` is called at
        every checkpoint, ``shadow`` looks on.
        """
        self._pipeline = pipeline
        self._journal = journal
        self._ledger = ledger
        self._latest = latest
        self._checkpoints = checkpoints
        self._downlinks = downlinks
        self._status = status
        self._limits = limits
        self._steady_ms = steady_ms
        self._wait = wait
        self._tidy = tidy
        self._shadow = shadow
        self._pending = Outcome()
        self._levelled: set[int] = set()
        self._unusable: dict[str, str] = {}
        self._seq = 0
        self._recv_ms = 0
        self._gaps_booked = 0
        self._processed = 0

    # -- step and commit ----------------------------------------------------------------

    def step(self, entries: list[Entry]) -> None:
        """Run entries, in order, through everything. Nothing is committed here."""
        self._pipeline.step(entries, self._pending)
        self._show()
        self._seq, self._recv_ms = entries[-1].seq, entries[-1].recv_ms
        self._processed += len(entries)

    def commit(self) -> None:
        """Commit offset, books, quarantine, alerts, incidents and outbox in one transaction."""
        pending, gaps = self._pending, self._pipeline.admission.gaps
        if gaps != self._gaps_booked:
            pending.books["gaps", ""] += gaps - self._gaps_booked
            self._gaps_booked = gaps
        self._ledger.commit(
            ProcessCommit(
                upto_seq=self._seq,
                recv_ms=self._recv_ms,
                books=pending.books,
                quarantine=[quarantine_row(refusal) for refusal in pending.refusals],
                requeued=pending.requeued,
                effects=pending.effects,
                commands=pending.commands,
                stations=pending.stations,
            )
        )
        if pending.orders:
            self._downlinks.send(pending.orders)  # stored above: nothing is said unlogged
        self._drop_pending()
        self._journal.note("processor", self._seq)
        if self._shadow is not None:
            self._shadow.keep(self._recv_ms)

    def _commit_patiently(self) -> None:
        """Commit; while the records database is away, wait and say so. Nothing is lost."""
        trouble = ""
        while True:
            try:
                self.commit()
            except StoreError as exc:
                if not exc.may_pass:
                    raise
                if not trouble:
                    log.warning("records_lost", reason=str(exc))
                trouble = str(exc)
                self._status.write(ready=False, reason=trouble, metrics={})
                if self._wait(RETRY_S):
                    raise
            else:
                if trouble:
                    log.info("records_back")
                return

    def _show(self) -> None:
        """Arming of the touched trackers and the levels of all open alerts, for the API."""
        engine = self._pipeline.engine
        open_ = {alert.device.slot: int(alert.level) for alert in engine.cases.open.values()}
        self._latest.show(
            armed={slot: int(engine.armed_state(slot)) for slot in self._pending.touched},
            levels=open_ | dict.fromkeys(self._levelled - open_.keys(), 0),
        )
        self._pending.touched.clear()
        self._levelled = set(open_)

    def _answer(self) -> None:
        """Tell devices what is due; it speaks of entries that the journal has on disk."""
        downlinks = self._pending.downlinks
        if downlinks:
            self._downlinks.send(downlinks)
            downlinks.clear()

    def _drop_pending(self) -> None:
        self._pending = Outcome()

    # -- start, run, stop ---------------------------------------------------------------

    def resume(self, fallback: Registry) -> None:
        """Load the newest checkpoint and run again what was committed after it.

        ``fallback`` is the registry of the records database: used when there is no checkpoint
        and the journal no longer reaches back to its first entry.
        """
        committed = self._ledger.offset()
        found = self._checkpoints.newest(committed)
        state = _decode_state(found[1]) if found else None
        if found and state:
            self._seq = found[0]
            self._pipeline.load(state.pipeline)
            cases = self._pipeline.engine.cases
            self._levelled = {alert.device.slot for alert in cases.open.values()}
        elif self._journal.first_seq() > 1:
            self._pipeline.follow(fallback)
        started = self._seq
        while self._seq < committed:
            limit = min(self._limits.batch_max, committed - self._seq)
            entries = self._journal.read(self._seq, limit)
            if not entries:
                break
            self.step(entries)
            self._drop_pending()  # committed before: only the state counts
        if found and not state:  # of an older version, which took everything at once
            self._pipeline.take_rest(self._pending)
        self._gaps_booked = self._pipeline.admission.gaps
        self._drop_pending()
        self._seq = max(self._seq, committed)
        log.info("processor_resumed", checkpoint=started, committed=committed)
        if self._shadow is not None:
            self._shadow.begin(self._pipeline)

    def checkpoint(self) -> None:
        """Save the state after the last committed entry."""
        state = ProcessorState(version=STATE_VERSION, pipeline=self._pipeline.dump())
        self._checkpoints.save(self._seq, msgspec.msgpack.encode(state))

    def run(self) -> None:
        """Take, step, commit until told to stop; then commit and save a checkpoint."""
        committed_at = saved_at = told_at = self._steady_ms()
        limits = self._limits
        stop = False
        while not stop:
            entries = self._journal.read(self._seq, limits.batch_max)
            if entries:
                self.step(entries)
                self._answer()
            now = self._steady_ms()
            late = now - committed_at >= limits.commit_ms
            pending = self._pending
            urgent = (
                pending.effects.urgent or pending.refusals or pending.requeued or pending.commands
            )
            if urgent or (late and (pending.books or pending.effects or pending.stations)):
                self._commit_patiently()
                committed_at = now
            if now - saved_at >= limits.checkpoint_ms:
                self._commit_patiently()
                self.checkpoint()
                self._tidy()
                saved_at = now
            if now - told_at >= 1000:  # noqa: PLR2004 - status is written about once a second
                self._tell()
                told_at = now
            stop = self._wait(0.0 if len(entries) == limits.batch_max else limits.poll_s)
        self._commit_patiently()
        self.checkpoint()
        self._status.write(ready=False, reason="stopped", metrics={})

    def _tell(self) -> None:
        """Write the part's status: how far behind, what it holds."""
        pipeline = self._pipeline
        counts = pipeline.health.counts()
        unusable = pipeline.engine.unusable
        for place, reason in unusable.items() - self._unusable.items():
            log.warning("place_unusable", place=place, reason=reason)
        self._unusable = unusable
        self._status.write(
            ready=True,
            reason="",
            metrics={
                "process_entries_total": self._processed,
                "process_lag_entries": max(0, self._journal.last_seq() - self._seq)
                + len(pipeline.backlog),
                "process_backlog_messages": len(pipeline.backlog),
                "process_open_alerts": len(pipeline.engine.cases.open),
                "process_open_gaps": pipeline.admission.gaps,
                "process_open_commands": pipeline.commands.open_count,
                "process_unusable_places": len(unusable),
            }
            | {f"devices_{word}": count for word, count in counts.items()}
            | dict(self._downlinks.metrics())
            | (self._shadow.metrics() if self._shadow is not None else {}),
        )


def _decode_state(blob: bytes) -> ProcessorState | None:
    """A checkpoint of this version; an older one is rebuilt from the journal instead."""
    try:
        state = msgspec.msgpack.decode(blob, type=ProcessorState)
    except msgspec.DecodeError as exc:
        log.warning("checkpoint_unreadable", error=str(exc)[:200])
        return None
    return state if state.version == STATE_VERSION else None

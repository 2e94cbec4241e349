"""The page that shows a message's whole way: journal -> admit -> judge -> detect -> commit.

One process, one thread, one order. State is derived from the journal: a checkpoint makes a
start short, entries after it are run again, and what was committed before is not committed
again (effects carry the same ids anyway).
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import structlog

from alerts.engine import Engine, EngineState
from alerts.model import Effects
from alerts.ports import ProcessCommit, QuarantineRow
from devices.admission import Admission, AdmissionState, Refusal, split_runs
from devices.control import (
    Arm,
    Disarm,
    OwnerAnswer,
    RegisterDevices,
    ReportStolen,
    RevokeDevice,
)
from devices.entry import Entry, EntryKind
from devices.errors import StoreError
from devices.health import Health, HealthState
from devices.registry import Registry
from ingest.ports import Checkpoints, JournalReader, LatestRows, ProcessLedger, StatusSink

log = structlog.get_logger()
STATE_VERSION = 1
"""Raise it when the shape of ``ProcessorState`` changes: older checkpoints are not loaded."""
RETRY_S = 1.0
"""Wait before a refused commit is tried again."""


class ProcessorState(msgspec.Struct):
    """Everything the processor knows, at one entry."""

    version: int
    admission: AdmissionState
    health: HealthState
    engine: EngineState


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
        admission: Admission,
        health: Health,
        engine: Engine,
        journal: JournalReader,
        ledger: ProcessLedger,
        latest: LatestRows,
        checkpoints: Checkpoints,
        status: StatusSink,
        limits: ProcessorLimits,
        steady_ms: Callable[[], int],
        wait: Callable[[float], bool],
    ) -> None:
        """Take the parts; ``wait(s)`` sleeps and says whether to stop, ``steady_ms`` paces."""
        self._admission = admission
        self._health = health
        self._engine = engine
        self._journal = journal
        self._ledger = ledger
        self._latest = latest
        self._checkpoints = checkpoints
        self._status = status
        self._limits = limits
        self._steady_ms = steady_ms
        self._wait = wait
        self._books: Counter[tuple[str, str]] = Counter()
        self._quarantine: list[QuarantineRow] = []
        self._effects = Effects()
        self._levelled: set[int] = set()
        self._seq = 0
        self._recv_ms = 0
        self._gaps_booked = 0
        self._processed = 0

    # -- the way of a message -----------------------------------------------------------

    def step(self, entries: list[Entry]) -> None:
        """Run entries, in order, through everything. Nothing is committed here."""
        for run in split_runs(entries):
            head = run[0]
            if head.kind == EntryKind.MQTT:
                admitted = self._admission.admit(run, self._books)
                self._set_aside(admitted.refusals)
                self._health.records(admitted.records)
                self._engine.records(admitted.records, self._effects)
                records = admitted.records
                self._show({r.device.slot for r in records if r.device.vehicle_id is not None})
            elif head.kind == EntryKind.CONTROL:
                self._control(head)
            else:
                self._health.tick(head, connected=bool(head.flags))
                self._engine.tick(head, self._effects)
        self._seq, self._recv_ms = entries[-1].seq, entries[-1].recv_ms
        self._processed += len(entries)

    def commit(self) -> None:
        """Commit offset, books, quarantine, alerts, incidents and outbox in one transaction."""
        if self._admission.gaps != self._gaps_booked:
            self._books["gaps", ""] += self._admission.gaps - self._gaps_booked
            self._gaps_booked = self._admission.gaps
        self._ledger.commit(
            ProcessCommit(
                upto_seq=self._seq,
                recv_ms=self._recv_ms,
                books=self._books,
                quarantine=self._quarantine,
                effects=self._effects,
            )
        )
        self._drop_pending()
        self._journal.note("processor", self._seq)

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

    def _control(self, entry: Entry) -> None:
        control = self._admission.control(entry, self._books)
        if isinstance(control, Refusal):
            self._set_aside([control])
            return
        if isinstance(control, RegisterDevices):
            for device in control.devices:
                self._health.register(device)
        elif isinstance(control, RevokeDevice):
            revoked = self._admission.registry.devices.get(control.device_id)
            if revoked is not None:
                self._health.register(revoked)
        self._engine.control(control, entry, self._effects)
        if isinstance(control, Arm | Disarm | OwnerAnswer | ReportStolen):
            self._show({device.slot for device in self._engine.trackers(control.vehicle_id)})

    def _set_aside(self, refusals: list[Refusal]) -> None:
        self._quarantine += [
            QuarantineRow(
                seq=refusal.entry.seq,
                item=refusal.item,
                recv_ms=refusal.entry.recv_ms,
                topic=refusal.entry.topic,
                device_id=refusal.device_id,
                reason=refusal.reason,
                detail=refusal.detail,
                payload=refusal.payload,
            )
            for refusal in refusals
        ]

    def _show(self, slots: set[int]) -> None:
        """Arming of these trackers and the levels of all open alerts, for the API."""
        open_ = {alert.device.slot: int(alert.level) for alert in self._engine.cases.open.values()}
        self._latest.show(
            armed={slot: int(self._engine.armed_state(slot)) for slot in slots},
            levels=open_ | dict.fromkeys(self._levelled - open_.keys(), 0),
        )
        self._levelled = set(open_)

    def _drop_pending(self) -> None:
        self._books, self._quarantine, self._effects = Counter(), [], Effects()

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
            self._admission.load(state.admission)
            self._health.load(state.health)
            self._engine.load(state.engine, self._admission.registry)
            self._levelled = {a.device.slot for a in self._engine.cases.open.values()}
        elif self._journal.first_seq() > 1:
            self._admission.registry = fallback
            self._engine.follow(fallback)
            for device in fallback.devices.values():
                self._health.register(device)
        started = self._seq
        while self._seq < committed:
            limit = min(self._limits.batch_max, committed - self._seq)
            entries = self._journal.read(self._seq, limit)
            if not entries:
                break
            self.step(entries)
        self._gaps_booked = self._admission.gaps
        self._drop_pending()
        self._seq = max(self._seq, committed)
        log.info("processor_resumed", checkpoint=started, committed=committed)

    def checkpoint(self) -> None:
        """Save the state after the last committed entry."""
        state = ProcessorState(
            version=STATE_VERSION,
            admission=self._admission.dump(),
            health=self._health.dump(),
            engine=self._engine.dump(),
        )
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
            now = self._steady_ms()
            late = now - committed_at >= limits.commit_ms
            if self._effects or self._quarantine or (self._books and late):
                self._commit_patiently()
                committed_at = now
            if now - saved_at >= limits.checkpoint_ms:
                self._commit_patiently()
                self.checkpoint()
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
        counts = self._health.counts()
        self._status.write(
            ready=True,
            reason="",
            metrics={
                "process_entries_total": self._processed,
                "process_lag_entries": max(0, self._journal.last_seq() - self._seq),
                "process_open_alerts": len(self._engine.cases.open),
                "process_open_gaps": self._admission.gaps,
            }
            | {f"devices_{word}": count for word, count in counts.items()},
        )


def _decode_state(blob: bytes) -> ProcessorState | None:
    """A checkpoint of this version; an older one is rebuilt from the journal instead."""
    try:
        state = msgspec.msgpack.decode(blob, type=ProcessorState)
    except msgspec.DecodeError as exc:
        log.warning("checkpoint_unreadable", error=str(exc)[:200])
        return None
    return state if state.version == STATE_VERSION else None

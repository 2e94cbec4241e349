"""Source -> journal -> acknowledge. The journal's only writer.

Every batch is durable before it is acknowledged; what people did (the ``control`` table) is
put into the same order; once a second a tick says that time passed and whether the broker was
there. A full disk holds the batch, says so and goes on by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from devices.entry import DUP, RETAIN, EntryKind, Incoming
from devices.errors import JournalError, StoreError
from ingest.ports import ControlSource, Envelope, JournalWriter, Source, StatusSink

log = structlog.get_logger()
TICK_MS = 1_000
"""One tick a second. Source: decisions.md 1."""
CONTROL_LIMIT = 500
"""Most control rows copied at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverLimits:
    """Settings ``ingest.*``."""

    batch_max: int
    linger_s: float
    control_poll_ms: float


class Receiver:
    """The loop between broker and journal."""

    def __init__(
        self,
        *,
        source: Source,
        journal: JournalWriter,
        control: ControlSource,
        status: StatusSink,
        limits: ReceiverLimits,
        wall_ms: Callable[[], int],
        elapsed_ms: Callable[[], int],
        steady_ms: Callable[[], int],
        wait: Callable[[float], bool],
    ) -> None:
        """Take the parts; ``wait(s)`` sleeps and says whether to stop."""
        self._source = source
        self._journal = journal
        self._control = control
        self._status = status
        self._limits = limits
        self._wall_ms = wall_ms
        self._elapsed_ms = elapsed_ms
        self._steady_ms = steady_ms
        self._wait = wait
        self._control_upto = journal.control_upto()
        self._polled_ms = self._ticked_ms = self._reconnects = 0
        self._held = self._unheard = ""
        self._messages = self._commits = self._commit_ms_sum = 0

    def run(self) -> None:
        """Receive until told to stop; what was taken is journalled and acknowledged first."""
        self._catch_up()
        stop = False
        while not stop:
            taken = self._source.take(self._limits.batch_max, 0.02)
            self.receive(taken)
            stop = self._wait(self._limits.linger_s if taken else 0.0)
        self._source.stop()
        self._status.write(ready=False, reason="stopped", metrics={})

    def _catch_up(self) -> None:
        """What people did while we were away stands before what waited for us at the broker."""
        while batch := self._from_people():
            self._append(batch)
            self._polled_ms = 0

    def receive(self, taken: list[Envelope]) -> None:
        """One round: what people did, a batch, and perhaps a tick; durable, then acknowledged.

        People first: a device that is registered and then speaks is not unknown.
        """
        batch = self._from_people()
        batch += self._from_broker(taken)
        ticked = self._tick(batch)
        if batch:
            self._append(batch)
        if ticked:
            self._source.watch()  # what waits to be written now has waited since the last round
        self._source.ack(taken)  # last: a crash above means "send it again"
        if ticked:
            self._tell()

    def _from_broker(self, taken: list[Envelope]) -> list[Incoming]:
        if not taken:
            return []
        wall, elapsed = self._wall_ms(), self._elapsed_ms()
        self._messages += len(taken)
        kind = int(EntryKind.MQTT)
        return [
            Incoming(
                kind,
                wall,
                elapsed,
                (RETAIN if envelope.retain else 0) | (DUP if envelope.dup else 0),
                envelope.topic,
                envelope.payload,
            )
            for envelope in taken
        ]

    def _from_people(self) -> list[Incoming]:
        """New control rows, in their order; a store that is away is tried again next time."""
        now = self._steady_ms()
        if now - self._polled_ms < self._limits.control_poll_ms:
            return []
        self._polled_ms = now
        try:
            rows = self._control.after(self._control_upto, CONTROL_LIMIT)
        except StoreError as exc:
            if not exc.may_pass:
                raise
            if not self._unheard:
                log.warning("control_lost", reason=str(exc))
            self._unheard = f"control table: {exc}"
            return []
        if self._unheard:
            log.info("control_back")
            self._unheard = ""
        if not rows:
            return []
        self._control_upto = rows[-1][0]
        wall, elapsed = self._wall_ms(), self._elapsed_ms()
        kind = int(EntryKind.CONTROL)
        return [Incoming(kind, wall, elapsed, 0, "", body) for _, body in rows]

    def _tick(self, batch: list[Incoming]) -> bool:
        now = self._steady_ms()
        if now - self._ticked_ms < TICK_MS:
            return False
        self._ticked_ms = now
        reconnects = self._source.reconnects
        flags = int(self._source.connected and reconnects == self._reconnects)
        self._reconnects = reconnects  # it went and came back between two ticks: it was away
        batch.append(
            Incoming(int(EntryKind.TICK), self._wall_ms(), self._elapsed_ms(), flags, "", b"")
        )
        return True

    def _append(self, batch: list[Incoming]) -> None:
        """Append, and while the disk is full keep the batch and try again once a second.

        Raises:
            JournalError: The journal cannot be trusted any more: the process must end.
        """
        while True:
            began = self._steady_ms()
            try:
                self._journal.append(batch, control_upto=self._control_upto)
            except JournalError as exc:
                if not exc.may_pass:
                    raise
                self._hold(str(exc))
                self._tell()
                if self._wait(1.0):
                    raise
            else:
                self._commits += 1
                self._commit_ms_sum += self._steady_ms() - began
                if self._held:
                    log.info("intake_resumed")
                    self._held = ""
                return

    def _hold(self, reason: str) -> None:
        if not self._held:
            log.error("intake_held", reason=reason)
        self._held = reason

    def _tell(self) -> None:
        reason = self._held or self._unheard or self._source.reason
        self._status.write(
            ready=reason == "",
            reason=reason,
            metrics={
                "ingest_messages_total": self._messages,
                "ingest_commits_total": self._commits,
                "ingest_commit_seconds_sum": self._commit_ms_sum / 1000,
                "ingest_queue": self._source.unacknowledged,
                "ingest_reconnects_total": self._source.reconnects,
                "ingest_broker_silences_total": self._source.silences,
                "ingest_sessions_lost_total": self._source.sessions_lost,
            },
        )

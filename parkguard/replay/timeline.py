"""Time, ticks and steps: entries in order into the pipeline, what it gives into ``Observed``.

Laws: the clock follows ``recv_t``; a tick comes once a second of it (see ``ticking``); the owner's
notice counts as delivered at the tick after it; a step never spans a tick.
"""

from collections.abc import Iterable

from alerts.model import NoticeKind
from alerts.pipeline import Outcome
from devices import control as controls
from devices.control import AnyControl, Delivered
from devices.entry import DUP, RETAIN, Entry, EntryKind
from parkguard.replay import ticking
from parkguard.replay.observed import Observed
from parkguard.replay.plant import LatestArray, build_pipeline, restarted
from parkguard.replay.stepped_clock import SteppedClock
from parkguard.settings import Settings

STEP_MAX = 2_000
"""Most entries in one step; as the processor's ``process.batch_max`` by default."""
_NEVER_MS = 1 << 60
_MQTT, _CONTROL, _TICK = int(EntryKind.MQTT), int(EntryKind.CONTROL), int(EntryKind.TICK)


class Timeline:
    """The live pipeline on a simulated clock.

    Attributes:
        messages: MQTT messages so far.
    """

    def __init__(self, settings: Settings, *, every_tick: bool = False) -> None:
        """Wire the live parts; ``every_tick`` also ticks through gaps where nothing can change."""
        self._settings = settings
        late_ms = round(settings.detection.late_settle_s * 1000)
        self._settling_ms = _NEVER_MS if every_tick else ticking.SETTLING_MS + late_ms
        self.latest = LatestArray()
        self.pipeline = build_pipeline(settings, self.latest)
        self.clock = SteppedClock()
        self.observed = Observed()
        self.messages = 0
        self._adapters: frozenset[str] = frozenset()
        self._pending: list[Entry] = []
        self._told: list[AnyControl] = []
        self._seq = 0
        self._tick_ms = -1
        self._ticked_seq = -1

    # -- time ---------------------------------------------------------------------------

    def begin(self, recv_t: int) -> None:
        """Set the clock at the first line that has a time; later ones change nothing here."""
        if self._tick_ms < 0:
            self.clock.elapsed_ms = self._tick_ms = recv_t - self.clock.offset_ms

    def arrive(self, recv_t: int) -> None:
        """Let time pass until something is received at ``recv_t``, wall clock ms."""
        elapsed_ms, line_ms = recv_t - self.clock.offset_ms, self.clock.elapsed_ms
        while self._tick_ms <= elapsed_ms:
            self._tick(self._tick_ms)
            ahead_ms = ticking.TICK_MS
            if self._tick_ms - line_ms >= self._settling_ms:
                gap_ms = elapsed_ms - self._tick_ms
                ahead_ms = ticking.ahead_ms(self.pipeline, self.latest.rows, gap_ms)
            self._tick_ms += ahead_ms
        self.clock.elapsed_ms = elapsed_ms

    def settle(self) -> None:
        """Step what is pending and tick now, unless the service is down."""
        self.step()
        now_ms = self.clock.elapsed_ms
        down = self._tick_ms > now_ms + ticking.TICK_MS
        news = self._ticked_seq != self._seq or self._tick_ms - ticking.TICK_MS != now_ms
        if self._tick_ms >= 0 and news and not down:
            self._tick(now_ms)
            self.step()

    def finish(self) -> None:
        """Settle, and judge what would have waited for more input."""
        self.settle()
        outcome = Outcome()
        clock = self.clock
        end = Entry(self._seq + 1, _TICK, clock.wall_ms, clock.elapsed_ms, 1, "", b"")
        self.pipeline.engine.finish(end, outcome.effects)
        self.observed.take(outcome, clock.offset_ms)

    def step_clock(self, seconds: float) -> None:
        """The wall clock is set; the steady one goes on."""
        self.step()
        self.clock.step(seconds)

    def restart(self, down_s: float) -> None:
        """Kill the service and start it from a checkpoint; it does not tick while it is down."""
        self.step()
        self._restart()
        self._tick_ms = max(self._tick_ms, self.clock.elapsed_ms + round(down_s * 1000))

    def switch_on(self, adapters: frozenset[str]) -> None:
        """From now on read these foreign payloads too."""
        if adapters - self._adapters:
            self.step()
            self._adapters |= adapters
            self._restart()

    def _restart(self) -> None:
        self.pipeline = restarted(self.pipeline, self._settings, self.latest, self._adapters)

    # -- entries ------------------------------------------------------------------------

    def message(self, topic: str, payload: bytes, *, retain: bool, dup: bool) -> None:
        """Append one message received now."""
        self.messages += 1
        flags = (RETAIN if retain else 0) | (DUP if dup else 0)
        self._append(_MQTT, flags, topic, payload)
        if len(self._pending) >= STEP_MAX:
            self.step()

    def act(self, acts: Iterable[AnyControl]) -> None:
        """Append what people do now."""
        for control in acts:
            self._append(_CONTROL, 0, "", controls.encode(control))

    def step(self) -> None:
        """Run what is pending."""
        if self._pending:
            entries, self._pending = self._pending, []
            self._told += self._run(entries)

    def run_journal(self, entries: list[Entry]) -> None:
        """Run entries of a journal: its ticks, its clock and its deliveries, nothing is added."""
        last = entries[-1]
        self.clock.elapsed_ms = last.elapsed_ms
        self.clock.offset_ms = last.recv_ms - last.elapsed_ms
        self.messages += sum(entry.kind == _MQTT for entry in entries)
        self._run(entries)

    def _run(self, entries: list[Entry]) -> list[AnyControl]:
        """One step; gives the proofs of delivery of the owner's notices it wrote."""
        outcome = Outcome(records=[])
        self.pipeline.step(entries, outcome)
        self.observed.take(outcome, self.clock.offset_ms)
        return [
            Delivered(
                at_ms=self.clock.wall_ms,
                alert_id=notice.alert_id,
                notice=notice.kind,
                receiver=notice.receiver,
            )
            for notice in outcome.effects.notices
            if notice.kind is NoticeKind.OWNER_NOTICE
        ]

    def _tick(self, elapsed_ms: int) -> None:
        self.clock.elapsed_ms = elapsed_ms
        self._append(_TICK, 1, "", b"")
        self._ticked_seq = self._seq
        self.step()
        self.act(self._told)
        self._told = []

    def _append(self, kind: int, flags: int, topic: str, payload: bytes) -> None:
        self._seq = seq = self._seq + 1
        elapsed_ms, offset_ms = self.clock.elapsed_ms, self.clock.offset_ms
        self._pending.append(
            Entry(seq, kind, elapsed_ms + offset_ms, elapsed_ms, flags, topic, payload)
        )

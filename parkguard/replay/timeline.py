"""Time, ticks and steps: entries in order into the pipeline, what it gives into ``Observed``.

Laws: the clock follows ``recv_t``; a tick comes once a second of it (see ``ticking``); the owner's
notice counts as delivered at the tick after it; a step never spans a tick; looking changes nothing.
"""

from collections.abc import Iterable

import msgspec

from alerts.model import Notice, NoticeKind
from alerts.pipeline import Outcome, Pipeline, PipelineState
from alerts.sight import Observer
from devices import control as controls
from devices.control import AnyControl, Delivered
from devices.entry import DUP, RETAIN, Entry, EntryKind
from devices.health import Rows
from devices.latest import blank_rows
from devices.quarantine_bound import QuarantinePolicy
from parkguard.replay import ticking
from parkguard.replay.observed import Observed
from parkguard.replay.stepped_clock import SteppedClock
from parkguard.settings import Settings
from parkguard.wiring.pipeline import build_pipeline, switched_on

_MQTT, _CONTROL, _TICK = int(EntryKind.MQTT), int(EntryKind.CONTROL), int(EntryKind.TICK)
_ALL = 1 << 60
_UNBOUNDED = QuarantinePolicy(
    bytes_per_device_day=_ALL, rows_per_device_day=_ALL, bytes_per_day=_ALL
)
"""A replay keeps everything that was refused: it is asked for each of them."""


class LatestArray:
    """LatestState in memory; it outlives a restart as the file does."""

    def __init__(self, rows: Rows | None = None) -> None:
        """Start with these rows, or with room for the first devices."""
        self.rows = blank_rows(1_024) if rows is None else rows

    def rows_for(self, slot: int) -> Rows:
        """All rows, with room for ``slot``."""
        if slot >= len(self.rows):
            rows = blank_rows(max(slot + 1, 2 * len(self.rows)))
            rows[: len(self.rows)] = self.rows
            self.rows = rows
        return self.rows


class Timeline:
    """The live pipeline on a simulated clock.

    Attributes:
        messages: MQTT messages so far.
        batch_max: Most entries in one step, as in the live process.
    """

    def __init__(self, settings: Settings, *, ahead: ticking.Ahead = ticking.ahead_ms) -> None:
        """Wire the live parts; ``ahead`` says which ticks may be left out."""
        self._settings = settings
        self._ahead = ahead
        self._adapters: frozenset[str] = frozenset()
        self.batch_max = settings.process.batch_max
        self.latest = LatestArray()
        self.pipeline = self._built(self.latest)
        self.clock = SteppedClock()
        self.observed = Observed()
        self.messages = 0
        self._pending: list[Entry] = []
        self._told: list[Notice] = []
        self._seq = 0
        self._tick_ms = -1
        self._ticked = (-1, -1)

    def show_to(self, observer: Observer) -> None:
        """Let ``observer`` see what the engine sees, over restarts, too."""
        self.pipeline.engine.observer = observer

    # -- time ---------------------------------------------------------------------------

    def begin(self, recv_t: int) -> None:
        """Set the clock at the first line that has a time; later ones change nothing here."""
        if self._tick_ms < 0:
            self.clock.elapsed_ms = self._tick_ms = recv_t - self.clock.offset_ms

    def arrive(self, recv_t: int) -> None:
        """Let time pass until something is received at ``recv_t``, wall clock ms."""
        clock = self.clock
        elapsed_ms = recv_t - clock.offset_ms
        if elapsed_ms >= self._tick_ms:
            self._pass(recv_t, elapsed_ms)
        clock.elapsed_ms = elapsed_ms

    def _pass(self, recv_t: int, elapsed_ms: int) -> None:
        self.begin(recv_t)
        while self._tick_ms <= elapsed_ms:
            self._tick(self._tick_ms)
            gap_ms = elapsed_ms - self._tick_ms
            self._tick_ms += self._ahead(self.pipeline, self.latest.rows, gap_ms)

    def finish(self) -> None:
        """Tick once more, and judge what would have waited for more input."""
        if self._tick_is_news():
            self._tick(self.clock.elapsed_ms)
        self.step()
        outcome = Outcome(records=[])
        clock = self.clock
        end = Entry(self._seq + 1, _TICK, clock.wall_ms, clock.elapsed_ms, 1, "", b"")
        self.pipeline.finish(end, outcome)
        self.observed.take(outcome, clock.offset_ms)

    def seen(self) -> tuple[Pipeline, Rows]:
        """Pipeline and LatestState as a tick of this moment would leave them.

        The tick is made in a copy: the run goes on as if nobody had looked.
        """
        self.step()
        if not self._tick_is_news():
            return self.pipeline, self.latest.rows
        latest = LatestArray(self.latest.rows.copy())
        pipeline = self._copied(latest)
        clock = self.clock
        tick = Entry(self._seq + 1, _TICK, clock.wall_ms, clock.elapsed_ms, 1, "", b"")
        pipeline.step([tick], Outcome())
        return pipeline, latest.rows

    def _tick_is_news(self) -> bool:
        """Whether a tick now could change something: there was none yet, and we are not down."""
        now_ms = self.clock.elapsed_ms
        down = self._tick_ms > now_ms + ticking.TICK_MS
        return self._tick_ms >= 0 and self._ticked != (self._seq, now_ms) and not down

    def step_clock(self, seconds: float) -> None:
        """The wall clock is set; the steady one goes on."""
        self.step()
        self.clock.step(seconds)

    def restart(self, down_s: float) -> None:
        """Kill the service and start it from a checkpoint; it does not tick while it is down."""
        self.step()
        self.pipeline = self._copied(self.latest)
        self._tick_ms = max(self._tick_ms, self.clock.elapsed_ms + round(down_s * 1000))

    def switch_on(self, adapters: frozenset[str]) -> None:
        """From now on read these foreign payloads too."""
        if adapters - self._adapters:
            self.step()
            self._adapters |= adapters
            self.pipeline = self._copied(self.latest)

    def _built(self, latest: LatestArray) -> Pipeline:
        return build_pipeline(
            self._settings,
            latest.rows_for,
            adapters=switched_on(self._settings.adapters, self._adapters),
            bound=_UNBOUNDED,
        )

    def _copied(self, latest: LatestArray) -> Pipeline:
        """The pipeline of a process that was started from a checkpoint of this moment."""
        blob = msgspec.msgpack.encode(self.pipeline.dump())
        fresh = self._built(latest)
        fresh.load(msgspec.msgpack.decode(blob, type=PipelineState))
        fresh.engine.observer = self.pipeline.engine.observer
        return fresh

    # -- entries ------------------------------------------------------------------------

    def receive(self, recv_t: int, topic: str, payload: bytes, *, retain: bool, dup: bool) -> None:
        """Append one message received at ``recv_t``, after the time until then has passed.

        What ``arrive`` and ``_append`` do, in one call: it is done for every line of a file.
        """
        clock, pending = self.clock, self._pending
        elapsed_ms = recv_t - clock.offset_ms
        if elapsed_ms >= self._tick_ms:
            self._pass(recv_t, elapsed_ms)
            pending = self._pending
        clock.elapsed_ms = elapsed_ms
        self.messages += 1
        self._seq = seq = self._seq + 1
        flags = (RETAIN if retain else 0) | (DUP if dup else 0) if retain or dup else 0
        pending.append(Entry(seq, _MQTT, recv_t, elapsed_ms, flags, topic, payload))
        if len(pending) >= self.batch_max:
            self.step()

    def act(self, acts: Iterable[AnyControl]) -> None:
        """Append what people do now."""
        for control in acts:
            self._append(_CONTROL, 0, "", controls.encode(control))

    def step(self) -> None:
        """Run what is pending."""
        if self._pending:
            entries, self._pending = self._pending, []
            notices = self._run(entries)
            self._told += [one for one in notices if one.kind is NoticeKind.OWNER_NOTICE]

    def run_journal(self, entries: list[Entry], *, longest_tick_ms: int) -> list[Notice]:
        """Run entries of a journal: its ticks, its clock and its deliveries, nothing is added.

        Gives the notices they brought about; a tick of them stands for ``longest_tick_ms``.
        """
        last = entries[-1]
        self.pipeline.longest_tick_ms = longest_tick_ms
        self.clock.elapsed_ms = last.elapsed_ms
        self.clock.offset_ms = last.recv_ms - last.elapsed_ms
        self.messages += sum(entry.kind == _MQTT for entry in entries)
        return self._run(entries)

    def _run(self, entries: list[Entry]) -> list[Notice]:
        """One step; gives the notices it wrote."""
        outcome = Outcome(records=[])
        self.pipeline.step(entries, outcome)
        self.observed.take(outcome, self.clock.offset_ms)
        return outcome.effects.notices

    def _tick(self, elapsed_ms: int) -> None:
        """Let this moment be known; then the owner's notices so far are delivered."""
        self.clock.elapsed_ms = elapsed_ms
        self._append(_TICK, 1, "", b"")
        self._ticked = (self._seq, elapsed_ms)
        self.step()
        told, self._told = self._told, []
        self.act(
            Delivered(
                at_ms=self.clock.wall_ms,
                alert_id=notice.alert_id,
                notice=notice.kind,
                receiver=notice.receiver,
            )
            for notice in told
        )

    def _append(self, kind: int, flags: int, topic: str, payload: bytes) -> None:
        self._seq = seq = self._seq + 1
        clock = self.clock
        elapsed_ms = clock.elapsed_ms
        self._pending.append(
            Entry(seq, kind, elapsed_ms + clock.offset_ms, elapsed_ms, flags, topic, payload)
        )

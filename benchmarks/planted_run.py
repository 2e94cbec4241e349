"""A day with planted faults through the live code on the replay's clock, and what staff saw of it.

Seen is what stands in LatestState after every tick (the rows that the API reads), and the notices
of devices' health and of fires that people get. The answer key is the simulators' own.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np

from alerts.model import Notice, NoticeKind
from alerts.pipeline import Pipeline
from devices.causes import Cause, causes_of
from devices.health import Rows
from devices.model import DeviceClass
from devices.reconciliation import reconcile
from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from simulators.faults.answer import Planted
from simulators.faults.day import Day, build_day
from simulators.faults.town import DayPlan

STRIDE_MS = 30_000
"""Ticks are taken in strides of this, as a back-test takes them (docs/replay.md): every message is
judged with its own times, what ticks decide comes up to this later than live, and is given it."""
OF_ANY_DAY = frozenset({
    "never_heard", "silent", "connection_lost", "promise_broken", "status_stale", "money_suspect",
})  # fmt: skip
"""Causes that the noise of any day has: silence, and one coin in the minutes before a reboot, which
is suspect by rule (docs/health.md). Every other cause must have been planted."""
_FIRE_KINDS = {"opened": "fire", "fire_over": "fire_over"}
"""By action of a notice of fire; its updates and escalations are no other fire."""
EVENTS_OF_ANY_DAY = frozenset({"silent", "back", "never_heard"})
"""Events of one device's silence: as ordinary."""


@dataclass(slots=True)
class Episode:
    """A cause stood on a device from ``from_t`` until ``until_t`` (None = to the end), ms UTC."""

    device: str
    cause: str
    from_t: int
    until_t: int | None = None


class Watch:
    """Looks at LatestState after every tick, as a screen does that misses nothing."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.episodes: list[Episode] = []
        self._open: dict[tuple[int, Cause], Episode] = {}
        self._causes = np.zeros(0, np.uint64)
        self.replay: Replay | None = None

    def ahead(self, pipeline: Pipeline, rows: Rows, _gap_ms: int) -> int:
        """Look, then take the next ticks as one (docs/replay.md, Strides)."""
        self._look(rows["causes"])
        pipeline.longest_tick_ms = STRIDE_MS
        return STRIDE_MS

    def _look(self, causes: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
        before = np.zeros(len(causes), np.uint64)
        before[: len(self._causes)] = self._causes
        changed = np.flatnonzero(causes != before)
        if len(changed) and self.replay is not None:
            names = {d.slot: d.id for d in self.replay.enrolment.devices.values()}
            at_ms = self.replay.timeline.clock.wall_ms
            for slot in changed.tolist():
                self._change(slot, names[slot], int(before[slot]), int(causes[slot]), at_ms)
            self._causes = causes.copy()

    def _change(self, slot: int, name: str, before: int, now: int, at_ms: int) -> None:
        for cause in causes_of(now & ~before):
            episode = Episode(name, cause.code, at_ms)
            self._open[slot, cause] = episode
            self.episodes.append(episode)
        for cause in causes_of(before & ~now):
            self._open.pop((slot, cause)).until_t = at_ms


@dataclass(slots=True, kw_only=True)
class Ran:
    """One day beside its answer key.

    Attributes:
        hits: Faults seen as they must be; ``delays_s`` from the planting until the last device
            shows the last of its causes; of a fire, until it is told.
        missed, invented: A line each.
        messages: MQTT messages; ``cpu_s``: CPU of building and running the day.
    """

    seed: int
    hits: list[str] = field(default_factory=list)
    delays_s: dict[str, float] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    messages: int = 0
    cpu_s: float = 0.0


def run_day(plan: DayPlan) -> Ran:
    """Build it, run it, compare."""
    began_s = time.process_time()
    day = build_day(plan)
    watch = Watch()
    replay = replayed(day, watch)
    ran = compared(day, watch.episodes, news_of(replay), open_differences(replay))
    ran.messages = replay.timeline.messages
    ran.cpu_s = time.process_time() - began_s
    return ran


def replayed(day: Day, watch: Watch) -> Replay:
    """A finished run of the day."""
    replay = watch.replay = Replay(Settings(), name="day", ahead=watch.ahead)
    replay.feed(read_lines(day.lines, "day"))
    replay.finish()
    return replay


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a notice tells: its kind, whose, where, and when it was told (ms UTC)."""

    kind: str
    device: str
    site: str
    at_t: int


class Difference(NamedTuple):
    """A difference in the books of a station that nobody can explain, of one day."""

    device: str
    day: str
    code: str


def compared(
    day: Day, episodes: list[Episode], news: list[News], differences: list[Difference]
) -> Ran:
    """What was seen beside what was planted."""
    ran, planted = Ran(seed=day.seed), day.planted
    for one in planted:
        seen = [e for e in episodes if e.device in one.devices and e.cause in one.causes]
        told = [n for n in news if n.kind in one.events and _is_of(n, one)]
        faults = [*_causes_missed(one, seen), *_events_missed(one, told)]
        faults += _differences_missed(one, differences)
        if faults:
            ran.missed += [f"{one.fault}: {fault}" for fault in faults]
            continue
        ran.hits.append(one.fault)
        shown_t = [n.at_t for n in told if n.kind == "fire"] or [e.from_t for e in seen]
        if shown_t:
            ran.delays_s[one.fault] = (max(shown_t) - one.from_t) / 1000.0
    ran.invented = [*_causes_invented(planted, episodes), *_events_invented(planted, news)]
    ran.invented += [
        f"{one.device} {one.code} on {one.day}"
        for one in differences
        if not any(one.device in p.devices and one.code in p.differences for p in planted)
    ]
    return ran


def _is_of(news: News, planted: Planted) -> bool:
    """Whether news can be of a planted fault: of its device, or of many while it lasts."""
    if news.device:
        return news.device in planted.devices
    return planted.from_t <= news.at_t and len(planted.devices) > 1


def _causes_missed(planted: Planted, seen: list[Episode]) -> list[str]:
    """Each cause on each device in one episode, after the planting and in time."""
    faults: list[str] = []
    by_t = planted.from_t + round(planted.within_s * 1000) + STRIDE_MS
    for device in planted.devices:
        for cause in planted.causes:
            mine = [e for e in seen if e.device == device and e.cause == cause]
            if len(mine) != 1:
                faults.append(f"{device} {cause} seen {len(mine)} times")
            elif not planted.from_t <= mine[0].from_t <= by_t:
                late_s = (mine[0].from_t - planted.from_t) / 1000
                faults.append(f"{device} {cause} after {late_s:.0f} s")
    return faults


def _events_missed(planted: Planted, told: list[News]) -> list[str]:
    """Each event once."""
    number = Counter(news.kind for news in told)
    return [f"{kind} told {number[kind]} times" for kind in planted.events if number[kind] != 1]


def _differences_missed(planted: Planted, found: list[Difference]) -> list[str]:
    """Each open difference on one day."""
    number = Counter(one.code for one in found if one.device in planted.devices)
    codes = planted.differences
    return [f"{code} in {number[code]} days' books" for code in codes if number[code] != 1]


def _causes_invented(planted: tuple[Planted, ...], episodes: list[Episode]) -> list[str]:
    """Causes, other than those of any day, that nobody planted."""
    right = {
        (device, cause)
        for one in planted
        for device in one.devices
        for cause in (*one.causes, *one.also)
    }
    return [
        f"{e.device} {e.cause} at {e.from_t}"
        for e in episodes
        if e.cause not in OF_ANY_DAY and (e.device, e.cause) not in right
    ]


def _events_invented(planted: tuple[Planted, ...], news: list[News]) -> list[str]:
    """Events, other than those of one device's silence, that belong to nothing planted."""
    return [
        f"{n.kind} of {n.device or n.site} at {n.at_t}"
        for n in news
        if n.kind not in EVENTS_OF_ANY_DAY
        and not any(_is_of(n, p) and n.kind in {*p.events, *p.also_events} for p in planted)
    ]


def news_of(replay: Replay) -> list[News]:
    """What people were told of devices, in order: of each notice what it speaks of."""
    return [news for notice in replay.timeline.observed.notices for news in _news_of(notice)]


def _news_of(notice: Notice) -> Iterator[News]:
    at_t, body = notice.caused_recv_ms, notice.body
    if notice.kind is NoticeKind.HEALTH_NOTICE:
        for line in msgspec.convert(body["lines"], list[dict[str, Any]]):
            device, site = line["device"] or "", line["site"] or ""
            yield News(kind=line["kind"], device=device, site=site, at_t=at_t)
    elif notice.action in _FIRE_KINDS:
        device = msgspec.convert(body["device"], str)
        yield News(kind=_FIRE_KINDS[notice.action], device=device, site="", at_t=at_t)


def open_differences(replay: Replay) -> list[Difference]:
    """What the books of all stations cannot explain, by station, day and code."""
    chargers, found = replay.timeline.pipeline.chargers, []
    for device in replay.enrolment.devices.values():
        station = chargers.station(device.slot) if device.cls is DeviceClass.CHARGER else None
        for facts in station.days.facts if station is not None else ():
            found += [
                Difference(device.id, facts.day, line.code)
                for comparison in reconcile(facts)
                for line in comparison.lines
                if line.code.is_open
            ]
    return found

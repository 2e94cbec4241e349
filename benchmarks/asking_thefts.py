"""Thefts of trackers that are asked, and of the same ones that are not, in a closed loop.

Every theft, receiver and moment is the same with and without; only the commands differ.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from benchmarks.asking_loop import Loop, to_wall
from parkguard.settings import Settings
from simulators import thieves
from simulators.duty import Duty, Rhythm
from simulators.gps_noise import GpsNoise, draw_profile
from simulators.outgoing import Identity, generator
from simulators.scripts import Script
from simulators.vehicles import Habits, Surroundings, Tracker
from simulators.world import CITY, ORIGIN

NEVER = Habits(ride_gap_s=math.inf, shake_gap_s=math.inf, from_s=0.0)
APART_S = 2.0
"""Between the thefts of two vehicles: they meet their trackers at every phase of the heartbeat."""
FLED_S = 600.0
"""A theft that is not told in 10 min counts as not told."""
HALF_M = 800.0
"""Vehicles stand so near the middle: thieves have streets to flee along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """How a parked tracker reports, and how long it parked before the theft."""

    name: str
    report_s: float
    sleeps_s: float
    parked_s: float


HEARTBEATS = (
    Heartbeat(name="60 s", report_s=60.0, sleeps_s=0.0, parked_s=3_600.0),
    Heartbeat(name="300 s", report_s=300.0, sleeps_s=0.0, parked_s=7_200.0),
    Heartbeat(name="3,600 s, wakes", report_s=60.0, sleeps_s=3_600.0, parked_s=36_000.0),
)
"""The last one sleeps; a shake wakes it and it reports every 60 s while it is awake."""


def shaken_once(rng: object, *, start_s: float, start: tuple[float, float], box: object) -> Script:
    """Ridden away with the lock cut and nothing else: one shake is all the sensor feels."""
    script = thieves.ridden_away(rng, start_s=start_s, start=start, box=box)  # type: ignore[arg-type]
    return replace(script, cues=script.cues[:1])


THEFTS: dict[str, Callable[..., Script]] = {
    "ride, bridged": thieves.ridden_away,
    "ride, one shake": shaken_once,
    "walk": thieves.rolled_away,
    "van": thieves.lifted_into_van,
}


@dataclass(slots=True, kw_only=True)
class Told:
    """When and how far away each theft reached a level; seconds since the first sign, metres."""

    thefts: int = 0
    unarmed: int = 0
    owner: list[tuple[float, float]] = field(default_factory=list)
    moved: list[tuple[float, float]] = field(default_factory=list)
    police: list[tuple[float, float]] = field(default_factory=list)

    def figures(self) -> dict[str, object]:
        """Median, 95th percentile and how many, of each level."""
        levels = {"owner": self.owner, "movement": self.moved, "police": self.police}
        return {
            "thefts": self.thefts,
            "unarmed": self.unarmed,
            **{name: summary(found, self.thefts) for name, found in levels.items()},
        }


def summary(found: list[tuple[float, float]], of: int) -> dict[str, object]:
    """Percentiles over all thefts: what was never told counts as later than everything."""
    times = sorted(at_s for at_s, _ in found) + [math.inf] * (of - len(found))
    places = sorted(away_m for _, away_m in found) + [math.inf] * (of - len(found))
    return {
        "told": len(found),
        "p50_s": _share(times, 0.5),
        "p95_s": _share(times, 0.95),
        "p50_m": _share(places, 0.5),
        "p95_m": _share(places, 0.95),
    }


def _share(ordered: list[float], share: float) -> float | None:
    if not ordered:
        return None
    value = ordered[min(len(ordered) - 1, int(share * len(ordered)))]
    return round(value, 1) if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Stolen:
    """A tracker with its script."""

    tracker: Tracker
    script: Script
    deaf: bool

    @property
    def begun_s(self) -> float:
        """The first sign."""
        return self.script.cues[0].at_s

    def away_m(self, at_s: float) -> float:
        """True distance from its place."""
        path = self.script.path
        here = path.place(at_s)
        return math.hypot(here.east_m - path.east_m[0], here.north_m - path.north_m[0])


def stolen(
    name: str, heartbeat: Heartbeat, *, number: int, seed: int, asks: bool, deaf_share: float
) -> Stolen:
    """One vehicle: the same place, receiver, theft and luck whether it is asked or not."""
    device_id = f"trk-{number:06d}"
    rng, luck = generator(seed, device_id), generator(seed, device_id, "duty")
    fate = generator(seed, device_id, "theft")
    start = (float(fate.uniform(-HALF_M, HALF_M)), float(fate.uniform(-HALF_M, HALF_M)))
    deaf = bool(fate.uniform() < deaf_share)
    begins_s = heartbeat.parked_s + APART_S * number
    script = THEFTS[name](fate, start_s=begins_s, start=start, box=CITY)
    parked_s = heartbeat.sleeps_s or heartbeat.report_s
    rhythm = Rhythm(
        report_s=heartbeat.report_s,
        heartbeat_s=heartbeat.sleeps_s,
        takes_commands=asks,
        deaf=deaf,
    )
    tracker = Tracker(
        Identity(device_id=device_id, cls="trk", boot="b", next_s=parked_s),
        Surroundings(frame=ORIGIN, box=CITY, to_wall=to_wall, report_s=heartbeat.report_s),
        start=start,
        noise=GpsNoise(draw_profile(rng), rng.spawn(1)[0]),
        rng=rng,
        habits=NEVER,
        script=script,
        duty=Duty(rhythm, luck),
    )
    return Stolen(tracker, script, deaf)


def play(
    name: str,
    heartbeat: Heartbeat,
    *,
    vehicles: int,
    seed: int,
    asks: bool,
    deaf_share: float,
    settings: Settings,
) -> tuple[Told, Told, Counter[str]]:
    """All thefts of one kind: those of trackers that answer, of deaf ones, and the commands."""
    made = [
        stolen(name, heartbeat, number=k, seed=seed, asks=asks, deaf_share=deaf_share)
        for k in range(vehicles)
    ]
    loop = Loop(settings, [one.tracker for one in made], asks=asks)
    loop.run(heartbeat.parked_s + APART_S * vehicles + FLED_S)
    found = _first(loop)
    told, deaf = Told(), Told()
    for one in made:
        mine, steps = deaf if one.deaf else told, found.get(one.tracker.identity.device_id, {})
        before = min(steps.values(), default=math.inf) < one.begun_s
        mine.thefts += 1
        mine.unarmed += before or not steps
        for level, reached in (
            ("owner", mine.owner),
            ("movement", mine.moved),
            ("police", mine.police),
        ):
            at_s = steps.get(level, math.inf)
            if not before and at_s - one.begun_s <= FLED_S:
                reached.append((at_s - one.begun_s, one.away_m(at_s)))
    commands = Counter(str(change.state) for change in loop.commands)
    return told, deaf, commands


def _first(loop: Loop) -> dict[str, dict[str, float]]:
    """By tracker: when the owner was told at all, by movement, and when police-ready."""
    vehicles: dict[str, dict[str, float]] = {}
    for at_s, change in loop.alerts():
        steps = vehicles.setdefault(change.device_id, {})
        steps.setdefault("owner", at_s)
        if any(reason.code == "movement" for reason in change.reasons):
            steps.setdefault("movement", at_s)
        if change.what == "police_ready":
            steps.setdefault("police", at_s)
    return vehicles

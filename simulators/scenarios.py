"""Stories: which vehicle meets what and when, and the truth to score the platform against."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Literal

import msgspec
import numpy as np

from simulators.outgoing import ToWall, generator
from simulators.scripts import Script, forgetful_ride
from simulators.thieves import lifted_into_van, multipath_bait, ridden_away, rolled_away
from simulators.world import CITY, Parked, World

EARLIEST_S = 11.0
"""Nothing befalls a vehicle before: the platform needs three fixes for an anchor."""
ANCHOR_REPORTS = 4.2
"""... and so many reporting intervals: three fixes after a first one at any phase."""
INNER_M = 1_000.0
"""Only vehicles so near the middle play a part: a theft has streets to flee along."""

Answer = Literal["me", "not_me"]


class Kind(StrEnum):
    """What befalls a vehicle."""

    RIDDEN_AWAY = "ridden_away"
    LIFTED_INTO_VAN = "lifted_into_van"
    ROLLED_AWAY = "rolled_away"
    MULTIPATH_BAIT = "multipath_bait"
    FORGOTTEN_DISARM = "forgotten_disarm"
    REAL_RIDE = "real_ride"

    @property
    def is_theft(self) -> bool:
        """Whether the vehicle is stolen."""
        return self not in {Kind.MULTIPATH_BAIT, Kind.FORGOTTEN_DISARM}

    @property
    def answer(self) -> Answer:
        """What the owner says when asked."""
        return "not_me" if self.is_theft else "me"


class Story(StrEnum):
    """The stories that ``city`` can play."""

    THEFTS = "thefts"
    """Three thefts of different kinds, a bait, and an owner who forgot to disarm."""
    QUIET = "quiet"
    """Ordinary life only: every alert is false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One vehicle's part in a story."""

    vehicle: Parked
    kind: Kind
    start_s: float
    script: Script


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What truly happened to one vehicle; one line of the truth file.

    Attributes:
        start_ms: First sign (a shake, a step, the glitch's begin), wall clock ms UTC.
        onset_ms: First true displacement over 10 m; None = it never moved.
        end_ms: It stands again, or the glitch is over.
    """

    vehicle: str
    device: str
    kind: Kind
    theft: bool
    answer: Answer
    start_ms: int
    onset_ms: int | None
    end_ms: int


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How an owner reacts to a notice (read by ``simulators.owner_gateway``)."""

    after_s: float
    answer: Answer


def describe() -> Mapping[Story, str]:
    """Say what each story tells."""
    return {
        Story.THEFTS: "one e-bike ridden away, one lifted into a van, one rolled away on foot; "
        "a multipath bait; an owner who forgot to disarm",
        Story.QUIET: "ordinary life only: every alert is a false one",
    }


def build_story(story: Story, world: World, *, report_s: float, seconds: float) -> tuple[Act, ...]:
    """Cast a story: who, what and when.

    The slowest theft starts first, so that a minute shows all of them; with 10 s reporting all
    wait until three fixes agree.

    Args:
        story: Which one.
        world: Its vehicles; needs at least five near the middle for ``THEFTS``.
        report_s: Reporting interval of the trackers.
        seconds: Length of the run; the bait lasts a part of it.
    """
    if story is Story.QUIET:
        return ()
    rng = generator(world.seed, "story", story.value)
    first_s = max(EARLIEST_S, ANCHOR_REPORTS * report_s)
    bait = partial(multipath_bait, lasts_s=max(20.0, 0.5 * seconds))
    cast: list[tuple[Kind, float, Callable[..., Script]]] = [
        (Kind.ROLLED_AWAY, 0.0, partial(rolled_away, box=CITY)),
        (Kind.RIDDEN_AWAY, 2.0, partial(ridden_away, box=CITY)),
        (Kind.FORGOTTEN_DISARM, 3.0, partial(forgetful_ride, box=CITY)),
        (Kind.LIFTED_INTO_VAN, 4.0, partial(lifted_into_van, box=CITY)),
        (Kind.MULTIPATH_BAIT, 1.0, bait),
    ]
    near = [v for v in world.vehicles if max(abs(v.east_m), abs(v.north_m)) <= INNER_M]
    if len(near) < len(cast):
        raise ValueError(f"the story needs {len(cast)} vehicles near the middle; more trackers")
    chosen = rng.choice(len(near), len(cast), replace=False)
    acts = []
    for who, (kind, later, play) in zip(chosen, cast, strict=True):
        vehicle = near[int(who)]
        start_s = first_s + later * max(1.0, report_s / 2.0)
        script = play(rng, start_s=start_s, start=(vehicle.east_m, vehicle.north_m))
        acts.append(Act(vehicle=vehicle, kind=kind, start_s=start_s, script=script))
    return tuple(acts)


def truth_of(act: Act, to_wall: ToWall) -> Truth:
    """Give the truth of one part."""
    onset_s = act.script.path.onset_s()
    glitch = act.script.glitch
    end_s = act.script.path.end_s if glitch is None else glitch.start_s + glitch.lasts_s
    return Truth(
        vehicle=act.vehicle.vehicle_id,
        device=act.vehicle.device_id,
        kind=act.kind,
        theft=act.kind.is_theft,
        answer=act.kind.answer,
        start_ms=to_wall(act.start_s),
        onset_ms=to_wall(onset_s) if np.isfinite(onset_s) else None,
        end_ms=to_wall(end_s),
    )


def truth_lines(truths: Iterable[Truth]) -> bytes:
    """Write truths as JSON lines."""
    return msgspec.json.Encoder().encode_lines(list(truths))


def behaviour_json(acts: Iterable[Act], *, answer_s: float) -> bytes:
    """Say how every owner reacts; whoever plays no part says "it's me" after ``answer_s``."""
    told = {"default": Behaviour(after_s=answer_s, answer="me")}
    for act in acts:
        told[act.vehicle.vehicle_id] = Behaviour(after_s=answer_s, answer=act.kind.answer)
    return msgspec.json.encode(told)

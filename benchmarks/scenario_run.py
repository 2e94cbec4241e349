"""One scenario through the live code on the replay's clock, and what of it was not right."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from alerts.model import AlertKind
from alerts.pipeline import Pipeline
from benchmarks.scenario_check import SaidOf, against_twin, of_many
from devices.health import Rows
from parkguard.replay import ticking
from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from parkguard.settings_overrides import overridden
from simulators.thefts.expected import OWNER
from simulators.thefts.table import Scenario

STRICT = ("policy.dispatch_without_human=true",)
"""The city's policy is on: what is no theft must not be dispatched even so."""
OF_MANY = frozenset(kind for kind in AlertKind if kind.value in {"area", "identity"})
"""Kinds that are no alarm of one vehicle: of a whole area, and of an identity."""


@dataclass(slots=True, kw_only=True)
class Ran:
    """What one run gave.

    Attributes:
        misses: What is not right, a line each.
        notices: Owners' notices that the scenario's bound counts.
        owner_s, owner_m: Per stolen vehicle: from its onset to the owner's level, seconds, and
            how far it truly was; ``police_s``, ``police_m`` to police-ready.
        messages: MQTT messages.
        cpu_s: CPU of generating and running.
    """

    seed: int
    misses: list[str] = field(default_factory=list)
    notices: int = 0
    vehicle_days: float = 0.0
    thefts: int = 0
    owner_s: list[float] = field(default_factory=list)
    owner_m: list[float] = field(default_factory=list)
    police_s: list[float] = field(default_factory=list)
    police_m: list[float] = field(default_factory=list)
    messages: int = 0
    cpu_s: float = 0.0


def run_scenario(scenario: Scenario, seed: int, *, share: float = 1.0) -> Ran:
    """Generate it, run it, check it."""
    began_s = time.process_time()
    story = scenario.build(seed, share)
    run = replayed(story.lines, steady=scenario.steady)
    ran = Ran(seed=seed, messages=run.timeline.messages, vehicle_days=story.vehicle_days)
    changes = run.timeline.observed.changes
    ran.misses += [miss.split(": ", 1)[1] for miss in run.misses if not _is_of_alerts(miss)]
    for expected in story.expected:
        mine = [c for c in changes if c.alert.vehicle_id == expected.vehicle]
        mine = [c for c in mine if c.alert.kind not in OF_MANY]
        found = SaidOf(expected, story, mine, run)
        ran.misses += found.misses()
        if scenario.bound is not None:
            ran.notices += len({c.alert.alert_id for c in mine if c.alert.level >= OWNER})
        _measure(ran, found)
    ran.misses += of_many(story, run, changes)
    if story.twin:
        ran.misses += against_twin(story, changes, replayed(story.twin).timeline.observed.changes)
    ran.cpu_s = time.process_time() - began_s
    return ran


def replayed(lines: Sequence[bytes], *, steady: bool = False) -> Replay:
    """A finished run of a file's lines; ``steady`` as in ``Scenario``."""
    ahead = _to_the_next_line if steady else ticking.ahead_ms
    run = Replay(overridden(Settings(), STRICT), name="scenario", ahead=ahead)
    run.feed(read_lines(lines, "scenario"))
    run.finish()
    return run


def _to_the_next_line(pipeline: Pipeline, _rows: Rows, gap_ms: int) -> int:
    """One tick before each line, one a second while something waits; a test compares."""
    whole_ms = gap_ms // ticking.TICK_MS * ticking.TICK_MS
    return ticking.TICK_MS if pipeline.engine.waits else max(ticking.TICK_MS, whole_ms)


def _is_of_alerts(miss: str) -> bool:
    """Whether ``SaidOf`` says the same, and more exactly."""
    return "expected alert" in miss or "expected no_alert" in miss


def _measure(ran: Ran, found: SaidOf) -> None:
    """Time and true metres of a stolen vehicle, from its onset."""
    way = found.story.ways.get(found.expected.vehicle)
    if way is None:
        return
    ran.thefts += 1
    if found.first_s(OWNER) < way.begins_s:
        return  # a false alarm and a miss (docs/detection.md, Protocol 3)
    owner_s, police_s = found.first_s(OWNER), found.ready_s()
    if math.isfinite(owner_s):
        ran.owner_s.append(owner_s - way.onset_s)
        ran.owner_m.append(way.away_m(owner_s))
    if math.isfinite(police_s):
        ran.police_s.append(police_s - way.onset_s)
        ran.police_m.append(way.away_m(police_s))

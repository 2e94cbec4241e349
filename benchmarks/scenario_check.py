"""What was said in a run of a scenario, beside what is right (``simulators.thefts.expected``)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.model import AlertChange
from parkguard.replay.observed import Change
from parkguard.replay.run import Replay
from simulators.thefts.expected import FAST_M, FAST_S, OWNER, Expected, Story


@dataclass(slots=True)
class SaidOf:
    """What was said of one vehicle, beside what is right."""

    expected: Expected
    story: Story
    changes: list[Change]
    run: Replay

    def at_s(self, change: Change) -> float:
        """When, seconds after the scene's start; the wall clock is never stepped in them."""
        return (change.alert.caused_recv_ms - self.story.start_ms) / 1000.0

    def first_s(self, level: int) -> float:
        """When a level was reached first; infinity = never."""
        return min((self.at_s(c) for c in self.changes if c.alert.level >= level), default=math.inf)

    def ready_s(self) -> float:
        """When it was police-ready."""
        ready = (self.at_s(c) for c in self.changes if c.alert.what == "police_ready")
        return min(ready, default=math.inf)

    def misses(self) -> list[str]:
        """A line for each thing that is not right."""
        return [*self._of_levels(), *self._of_numbers(), *self._of_words()]

    def _of_levels(self) -> Iterator[str]:
        one, name = self.expected, self.expected.vehicle
        way = self.story.ways.get(name)
        if way is not None and self.first_s(OWNER) < way.begins_s:
            yield f"{name}: falsely alarmed before the theft ({self._why(OWNER)})"
        top = max((int(c.alert.level) for c in self.changes), default=0)
        if top > one.at_most:
            yield f"{name}: level {top}, at most {one.at_most} ({self._why(top)})"
        reached_s = self.first_s(one.at_least) if one.at_least else 0.0
        if math.isinf(reached_s):
            yield f"{name}: never level {one.at_least}"
        elif one.at_least and reached_s > one.by_s:
            yield f"{name}: level {one.at_least} {reached_s - one.by_s:.0f} s too late"
        if one.is_fast and not self._is_fast():
            yield f"{name}: not police-ready fast ({self._speed()})"

    def _of_numbers(self) -> Iterator[str]:
        one, name = self.expected, self.expected.vehicle
        ids = {c.alert.alert_id for c in self.changes if c.alert.level >= OWNER}
        if not one.alerts[0] <= len(ids) <= one.alerts[1]:
            yield f"{name}: {len(ids)} alerts, {span(one.alerts)} are right"
        incidents = self._incidents()
        if self.story.incidents is None and not one.incidents[0] <= incidents <= one.incidents[1]:
            yield f"{name}: {incidents} incidents, {span(one.incidents)} are right"

    def _of_words(self) -> Iterator[str]:
        one, name = self.expected, self.expected.vehicle
        last = self.changes[-1].alert.what if self.changes else "nothing"
        if one.ends and (self.changes or one.at_least) and last not in one.ends:
            yield f"{name}: ends with {last}, not {' or '.join(one.ends)}"
        if one.late_s and min((c.alert.late_s for c in self.changes), default=0.0) < one.late_s:
            yield f"{name}: does not say that it is late"
        codes = {r.code for c in self.changes for r in c.alert.reasons}
        if one.reasons and self.changes and not codes & set(one.reasons):
            yield f"{name}: none of {' '.join(one.reasons)} among {' '.join(sorted(codes))}"
        if one.unarmed and self._armed():
            yield f"{name}: still armed"

    def _is_fast(self) -> bool:
        way, ready_s = self.story.ways[self.expected.vehicle], self.ready_s()
        in_time = ready_s - way.onset_s <= FAST_S
        return in_time or (math.isfinite(ready_s) and way.away_m(ready_s) <= FAST_M)

    def _speed(self) -> str:
        way, ready_s = self.story.ways[self.expected.vehicle], self.ready_s()
        if math.isinf(ready_s):
            return "never"
        return f"{ready_s - way.onset_s:.0f} s, {way.away_m(ready_s):.0f} m"

    def _why(self, level: int) -> str:
        alert = next(c.alert for c in self.changes if c.alert.level >= level)
        return f"{alert.kind}: {', '.join(r.code for r in alert.reasons)}"

    def _incidents(self) -> int:
        incidents = self.run.timeline.observed.incidents
        return sum(one.alert.vehicle_id == self.expected.vehicle for one in incidents)

    def _armed(self) -> bool:
        pipeline = self.run.timeline.pipeline
        trackers = pipeline.engine.trackers(self.expected.vehicle)
        return any(pipeline.engine.armed_state(tracker.slot) for tracker in trackers)


def of_many(story: Story, run: Replay, changes: Sequence[Change]) -> list[str]:
    """Incidents of areas, doubtful identities, and incidents over all vehicles."""
    misses = []
    areas = {c.alert.alert_id for c in changes if c.alert.kind == "area"}
    if not story.groups[0] <= len(areas) <= story.groups[1]:
        misses.append(f"{len(areas)} area incidents, {span(story.groups)} are right")
    doubted = {c.alert.device_id for c in changes if c.alert.kind == "identity"}
    if not set(story.conflicts) <= doubted:
        misses.append(f"identity of {sorted(set(story.conflicts) - doubted)} is not doubted")
    if not story.conflicts and doubted:
        misses.append(f"identity of {sorted(doubted)} is doubted")
    number = len(run.timeline.observed.incidents)
    if story.incidents is not None and not story.incidents[0] <= number <= story.incidents[1]:
        misses.append(f"{number} incidents, {span(story.incidents)} are right")
    return misses


def against_twin(story: Story, mine: Sequence[Change], clean: Sequence[Change]) -> list[str]:
    """The alerts of both: vehicle, highest level, time; ids where the story says so."""
    ours, theirs = _summary(mine), _summary(clean)
    if ours.keys() != theirs.keys():
        return [f"alerts {sorted(ours)} differ from the clean {sorted(theirs)}"]
    if story.same_ids and _ids(mine) != _ids(clean):
        return ["alerts have other ids than the clean ones"]
    late_s = max((ours[key] - theirs[key] for key in ours), default=0) / 1000.0
    if late_s > story.delay_s:
        return [f"an alert comes {late_s:.0f} s later than the clean one's"]
    return []


def _ids(changes: Sequence[Change]) -> set[str]:
    return {c.alert.alert_id for c in changes}


def _summary(changes: Sequence[Change]) -> dict[tuple[str, int], int]:
    """First time by vehicle and highest level.

    Not by kind: that is what was noticed first, and a late packet may have been just that.
    """
    first: dict[str, AlertChange] = {}
    top: dict[str, int] = {}
    for _, change in changes:
        first.setdefault(change.alert_id, change)
        top[change.alert_id] = max(top.get(change.alert_id, 0), int(change.level))
    return {(change.vehicle_id, top[name]): change.caused_recv_ms for name, change in first.items()}


def span(limits: tuple[int, int]) -> str:
    """Fewest and most in words."""
    return str(limits[0]) if limits[0] == limits[1] else f"{limits[0]}-{limits[1]}"

"""Trackers that are not where their name says: cloned, swapped, or carried together.

Source: detection.md, scenarios 36 to 38. Pairs are judged at ticks (see ``alerts.groups``).
"""

from itertools import islice

import msgspec
import numpy as np

from alerts import merging
from alerts.around_words import word
from alerts.detection.anchor import ARMED
from alerts.detection.statistic import Fixes, Moved
from alerts.model import AlertKind, Effects, Level, Reason
from alerts.neighbours import Claim, Neighbours, at_time
from alerts.open_alert import Cause
from alerts.scope import Scope
from alerts.witness_policy import WitnessPolicy
from devices.admitted import Record
from devices.entry import Entry
from devices.geo import distance_m

SAME_TIME_MS = 15_000
"""Two fixes so near in time can be compared, as far as each goes on as before. Ours."""
SWAPS_MAX = 200
"""Vehicles on the move that are looked at for one, the newest. Ours."""
FAR_M = 1_000.0
"""A leap is one of another device when it is at least so far: the longest excursion on record is
588 m (detection.md)."""
FAR_PLACE_M = 500.0
"""Leaps of a clone come from one neighbourhood; those of a bad receiver do not. Ours."""


OPENED_MS = 1_800_000
"""An opened tracker is looked at for so long: to open two and exchange them takes minutes. Ours."""
OPENED_FIXES = 6
"""Fixes in the running mean of where it is: at 6 m of noise each, 2.4 m. Ours."""
EXCHANGED_MIN_M = 20.0
"""Vehicles nearer to each other than this cannot be told apart by their places. Ours."""


class Leaps(msgspec.Struct):
    """How often a tracker leapt to one far place and back: since when, and where to."""

    since_ms: int
    lat_deg: float
    lon_deg: float
    times: int = 1
    away: bool = True


class Opened(msgspec.Struct):
    """A tracker that was opened or removed while armed, and where its fixes are since.

    Attributes:
        until_ms: Looked at until then (steady clock).
        fixes: How many are in the mean, at most ``OPENED_FIXES``.
        lat_deg, lon_deg: Their running mean.
    """

    until_ms: int
    fixes: int = 0
    lat_deg: float = 0.0
    lon_deg: float = 0.0


class IdentityState(msgspec.Struct):
    """For checkpoints; pairs as (slot, slot, times)."""

    opened: dict[int, Opened] = {}
    leaps: dict[int, Leaps] = {}
    pairs: list[tuple[int, int, int]] = []
    carried: dict[str, str] = {}


class Identity:
    """What is known of trackers that speak for others.

    Attributes:
        carried: Vehicles whose alert is part of another's, which is still open.
    """

    def __init__(self, policy: WitnessPolicy, state: IdentityState | None = None) -> None:
        """Start with nothing known, or from a checkpoint."""
        state = state or IdentityState()
        self._policy = policy
        self._leaps = dict(state.leaps)
        self._opened = dict(state.opened)
        self._pairs = {(a, b): times for a, b, times in state.pairs}
        self.carried = dict(state.carried)

    @property
    def waits(self) -> bool:
        """Whether ticks have something to judge."""
        return len(self._opened) > 1 or bool(self.carried)

    # -- one tracker ------------------------------------------------------------------------

    def opened(self, slot: int, now_ms: int) -> None:
        """A tracker says that it was opened or removed: it may be put on another vehicle."""
        self._opened[slot] = Opened(now_ms + OPENED_MS)

    def fixes(
        self, records: list[Record], fixes: Fixes, moved: Moved, *, scope: Scope, effects: Effects
    ) -> None:
        """Leaps to a far place and back again, three times: two devices with one name."""
        if self._opened:
            self._mean(fixes, moved)
        if self._leaps and moved.at_anchor.any():
            for slot in fixes.slot[moved.at_anchor].tolist():
                if slot in self._leaps:
                    self._leaps[slot].away = False
        held = ~moved.accepted & (moved.moved_m >= FAR_M)
        if not held.any():
            return
        anchors = scope.watch.anchors
        held &= (anchors.mode[fixes.slot] == ARMED) & (fixes.t_ms > anchors.last_t[fixes.slot])
        for k in np.flatnonzero(held).tolist():
            leaps = self._leapt(fixes, k, records[k].entry.elapsed_ms)
            if leaps.times >= self._policy.clone_leaps:
                del self._leaps[int(fixes.slot[k])]
                apart = f"{float(moved.moved_m[k]) / 1000:.1f}"
                cause = scope.cause_of(records[k], float(moved.moved_m[k]))
                vehicle_id = records[k].device.vehicle_id or ""
                _conflict(vehicle_id, word("cloned", apart=apart), cause, scope, effects)

    def _leapt(self, fixes: Fixes, k: int, now_ms: int) -> Leaps:
        slot, lat, lon = int(fixes.slot[k]), float(fixes.lat_deg[k]), float(fixes.lon_deg[k])
        leaps = self._leaps.get(slot)
        if (
            leaps is None
            or now_ms - leaps.since_ms > self._policy.clone_s * 1000
            or distance_m(leaps.lat_deg, leaps.lon_deg, lat, lon) > FAR_PLACE_M
        ):
            leaps = self._leaps[slot] = Leaps(now_ms, lat, lon)
        elif not leaps.away:
            leaps.times += 1
            leaps.away = True
        leaps.lat_deg, leaps.lon_deg = lat, lon
        return leaps

    def _mean(self, fixes: Fixes, moved: Moved) -> None:
        for k in np.flatnonzero(moved.accepted).tolist():
            one = self._opened.get(int(fixes.slot[k]))
            if one is not None:
                one.fixes = min(one.fixes + 1, OPENED_FIXES)
                one.lat_deg += (float(fixes.lat_deg[k]) - one.lat_deg) / one.fixes
                one.lon_deg += (float(fixes.lon_deg[k]) - one.lon_deg) / one.fixes

    # -- pairs ------------------------------------------------------------------------------

    def tick(
        self,
        fresh: list[int],
        moving: Neighbours,
        *,
        entry: Entry,
        scope: Scope,
        effects: Effects,
    ) -> None:
        """Judge pairs of which one moved since the last tick, and opened trackers."""
        self._opened = {
            k: one for k, one in self._opened.items() if one.until_ms > entry.elapsed_ms
        }
        if len(self._opened) > 1:
            self._exchanged(entry, scope, effects)
        for slot in fresh:
            claim = moving.claims.get(slot)
            if claim is None:
                continue
            other = self._swapped_with(claim, moving)
            if other is not None:
                self._swap(claim, other, entry, scope, effects)
                moving.drop(claim.slot)
                moving.drop(other.slot)
            else:
                self._carry(claim, moving, entry, scope, effects)
        still = moving.claims
        self._pairs = {p: n for p, n in self._pairs.items() if p[0] in still and p[1] in still}
        open_ = scope.cases.open
        self.carried = {v: leader for v, leader in self.carried.items() if leader in open_}
        scope.watch.carried = self.carried

    def _exchanged(self, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Two opened trackers, each of which now stands nearer to the other's place than its own.

        Together they must have come nearer by the distance of the two places: half of what an
        exchange makes, and the errors of two means of some fixes are small against 20 m.
        """
        ready = sorted(slot for slot, one in self._opened.items() if one.fixes >= OPENED_FIXES)
        for i, a in enumerate(ready):
            for b in ready[i + 1 :]:
                homes = scope.watch.home(a), scope.watch.home(b)
                apart = distance_m(*homes[0], *homes[1])
                if not EXCHANGED_MIN_M <= apart <= self._policy.alike_m:
                    continue
                at_a, at_b = self._opened[a], self._opened[b]
                nearer = (
                    distance_m(at_a.lat_deg, at_a.lon_deg, *homes[0])
                    - distance_m(at_a.lat_deg, at_a.lon_deg, *homes[1])
                    + distance_m(at_b.lat_deg, at_b.lon_deg, *homes[1])
                    - distance_m(at_b.lat_deg, at_b.lon_deg, *homes[0])
                )
                both = all(scope.watch.anchors.mode[slot] == ARMED for slot in (a, b))
                if both and nearer > apart:
                    del self._opened[a], self._opened[b]
                    self._say_swapped((a, b), entry, scope, effects)
                    return

    def _say_swapped(
        self, slots: tuple[int, int], entry: Entry, scope: Scope, effects: Effects
    ) -> None:
        vehicles = [scope.watch.vehicle_at(slot) for slot in slots]
        for slot, mine, theirs in zip(slots, vehicles, reversed(vehicles), strict=True):
            cause = Cause(t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=entry.elapsed_ms)
            cause = scope.placed(scope.watch.place(slot, cause))
            _conflict(mine, word("swapped", other=theirs), cause, scope, effects)

    def _swapped_with(self, claim: Claim, moving: Neighbours) -> Claim | None:
        """Whose place it stands at, while that one's tracker stands at its own."""
        reach_m = self._policy.swap_m
        for other in islice(reversed(moving.claims.values()), SWAPS_MAX):
            if (
                abs(other.home_lat_deg - claim.lat_deg) < 1e-3  # noqa: PLR2004 - 111 m: not worth a distance
                and other.vehicle_id != claim.vehicle_id
                and _from_home_m(claim, other) <= reach_m
                and _from_home_m(other, claim) <= reach_m
                and _homes_apart_m(claim, other) > 2 * reach_m
            ):
                return other
        return None

    def _swap(self, one: Claim, other: Claim, entry: Entry, scope: Scope, effects: Effects) -> None:
        for mine, theirs in ((one, other), (other, one)):
            because = word("swapped", other=theirs.vehicle_id)
            cause = _cause(entry, mine, scope)
            _conflict(mine.vehicle_id, because, cause, scope, effects)

    def _carry(
        self, claim: Claim, moving: Neighbours, entry: Entry, scope: Scope, effects: Effects
    ) -> None:
        near, reach_m = moving.near(claim, SAME_TIME_MS), self._policy.together_m
        for other in near:
            pair = (min(claim.slot, other.slot), max(claim.slot, other.slot))
            if distance_m(*at_time(other, claim.t_ms), claim.lat_deg, claim.lon_deg) > reach_m:
                self._pairs.pop(pair, None)
                continue
            times = self._pairs[pair] = self._pairs.get(pair, 0) + 1
            if times >= self._policy.together_fixes:
                self._merge(claim.vehicle_id, other.vehicle_id, entry, scope, effects)

    def _merge(self, one: str, other: str, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Of two open movement alerts the later one becomes part of the earlier."""
        alerts = [scope.cases.open.get(vehicle_id) for vehicle_id in (one, other)]
        known = [a for a in alerts if a is not None and a.kind in merging.THEFTS]
        if len(known) < len(alerts):
            return
        leader, follower = sorted(known, key=lambda a: (-a.level, a.onset_ms, a.vehicle.id))
        if follower.level >= Level.CONFIRMED or follower.incident is not None:
            return
        cause = Cause(t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=entry.elapsed_ms)
        because = word("together", other=leader.vehicle.id)
        merging.merge(
            follower.vehicle.id,
            because,
            cause,
            scope=scope,
            effects=effects,
            kinds=merging.THEFTS,
        )
        leader.reasons.append(word("together", other=follower.vehicle.id))
        for vehicle_id, ahead in self.carried.items():
            if ahead == follower.vehicle.id:
                self.carried[vehicle_id] = leader.vehicle.id
        self.carried[follower.vehicle.id] = leader.vehicle.id

    def dump(self) -> IdentityState:
        """State for a checkpoint."""
        pairs = [(a, b, times) for (a, b), times in self._pairs.items()]
        return IdentityState(
            opened=self._opened, leaps=self._leaps, pairs=pairs, carried=self.carried
        )


def _conflict(
    vehicle_id: str, because: Reason, cause: Cause, scope: Scope, effects: Effects
) -> None:
    """Noted for the desk; the vehicle is not watched until a person arms it."""
    vehicle = scope.registry.vehicles.get(vehicle_id)
    device = scope.tracker_of(vehicle_id)
    if vehicle is None or device is None:
        return
    merging.merge(vehicle_id, because, cause, scope=scope, effects=effects, kinds=merging.THEFTS)
    scope.cases.note(
        vehicle,
        device,
        kind=AlertKind.IDENTITY,
        onset_ms=cause.t_ms,
        reasons=[because],
        cause=cause,
        effects=effects,
    )
    for tracker in scope.watch.trackers(vehicle_id):
        scope.watch.hold_back(tracker.slot, cause.recv_ms)


def _cause(entry: Entry, claim: Claim, scope: Scope) -> Cause:
    return scope.placed(
        Cause(
            t_ms=claim.t_ms,
            recv_ms=entry.recv_ms,
            elapsed_ms=entry.elapsed_ms,
            lat_deg=claim.lat_deg,
            lon_deg=claim.lon_deg,
        )
    )


def _from_home_m(claim: Claim, owner: Claim) -> float:
    return distance_m(claim.lat_deg, claim.lon_deg, owner.home_lat_deg, owner.home_lon_deg)


def _homes_apart_m(one: Claim, other: Claim) -> float:
    return distance_m(one.home_lat_deg, one.home_lon_deg, other.home_lat_deg, other.home_lon_deg)

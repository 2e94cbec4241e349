"""Which pairs of fix and fence may change something: found by place and by memberships."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alerts.fence_index import B1, I8, FenceIndex
from alerts.fence_places import Places, least_m, most_m
from alerts.rules.fence_area import F8, MIN_RADIUS_M
from alerts.rules.geofence import CROSS_MAX_MPS, CROSS_MAX_S, RESTING_INSIDE, Membership, Side


@dataclass(frozen=True, slots=True)
class Heard:
    """Believable fixes in order; a list of vehicle ids, and arrays of its length.

    ``acc_m`` may hold NaN; ``parked_m`` as ``At`` has it.
    """

    vehicles: Sequence[str]
    lat_deg: F8
    lon_deg: F8
    acc_m: F8
    t_ms: I8
    elapsed_ms: I8
    parked_m: F8

    def some(self, which: I8) -> "Heard":
        """The fixes at these indices."""
        return Heard(
            [self.vehicles[k] for k in which.tolist()],
            self.lat_deg[which],
            self.lon_deg[which],
            self.acc_m[which],
            self.t_ms[which],
            self.elapsed_ms[which],
            self.parked_m[which],
        )


SURE_M = 100.0
"""Farther than this beyond the margin the circles about a polygon's middle are enough to know that
nothing changes. No less than what takes a fence off a list (``fence_lists``)."""


class Code:
    """What is known of a vehicle and a fence.

    OUT: it rests outside, and has no membership. IN: it rests inside. KNOWN: there is a
    membership with a side. TURNING: the other side has not lasted yet. OPEN: the side is unknown.
    """

    OUT, IN, KNOWN, TURNING, OPEN = range(5)


def code_of(member: Membership) -> int:
    """The code of a membership."""
    if member.side == Side.UNKNOWN:
        return Code.OPEN
    state = (member.side, member.sure, member.candidate)
    if member.candidate != member.side:
        return Code.TURNING
    return Code.IN if state == RESTING_INSIDE else Code.KNOWN


@dataclass(frozen=True, slots=True)
class Turn:
    """Fixes that may change something, each vehicle once: rows, accuracy, and by fix.

    ``full``: all fences nearby are looked up; otherwise only the vehicle's list.
    """

    heard: Heard
    rows: I8
    acc_m: F8
    full: B1


class Pairs:
    """Pairs of fix and fence; arrays of one length.

    Attributes:
        which, numbers: Index of the fix, number of the area.
        column: Place in the vehicle's list, -1 where all is looked up.
        codes: What is known of the pair (``Code``); the caller changes them.
        x, y, depth_m: The fix in metres about the fence's middle, and how deep it lies in it.
        room_m: How deep beyond the margin it is, metres; ``gap_m`` how far outside of it.
        rest: Nothing changes.
    """

    def __init__(
        self,
        turn: Turn,
        index: FenceIndex,
        places: Places,
        members: Mapping[str, Mapping[str, Membership]],
        own: Mapping[str, Mapping[str, None]],
    ) -> None:
        """Find and measure them."""
        self._turn, self._index, self._places = turn, index, places
        self.which, self.numbers, self.column, self.codes = np.concatenate(
            [self._from_lists(), self._looked_up(members, own)], axis=1
        )
        lat, lon = turn.heard.lat_deg[self.which], turn.heard.lon_deg[self.which]
        acc_m, margin_m = turn.acc_m[self.which], index.margins_m(self.numbers)
        self.x, self.y = index.local(self.numbers, lat, lon)
        self.depth_m = index.rough_depths_m(self.numbers, self.x, self.y)
        rough = index.are_drawn(self.numbers)
        unsure = rough & (np.abs(self.depth_m) - margin_m < np.maximum(SURE_M, acc_m))
        self._measure(unsure)
        self.room_m: F8 = self.depth_m - margin_m
        self.gap_m: F8 = -(self.depth_m + margin_m)
        inside = (self.room_m >= 0) & (acc_m <= index.sizes_m(self.numbers))
        outside = (self.gap_m >= acc_m) & ~inside
        rows = turn.rows[self.which]
        self._fresh = places.era[rows] < index.eras(self.numbers)
        stays = (self.codes == Code.IN) & inside
        stays |= ((self.codes == Code.IN) | (self.codes == Code.KNOWN)) & ~inside & ~outside
        self.rest: B1 = (self.codes == Code.OUT) & outside
        self.rest[self._crossing()] = False
        self.rest |= stays
        self._measure(rough & ~unsure & ~self.rest)

    def _measure(self, which: B1) -> None:
        """Exact depths of some pairs."""
        at = np.flatnonzero(which)
        if at.size:
            found = self._index.depths_m(self.numbers[at], self.x[at], self.y[at])
            self.depth_m[at] = found

    def _from_lists(self) -> I8:
        """Which, numbers, column, codes of the fixes for which the list is enough."""
        lists = np.flatnonzero(~self._turn.full)
        rows = self._turn.rows[lists]
        which, column = np.nonzero(self._places.listed[rows] >= 0)
        numbers = self._places.listed[rows[which], column]
        codes = self._places.codes[rows[which], column]
        return np.array([lists[which], numbers, column, codes], np.int64)

    def _looked_up(
        self,
        members: Mapping[str, Mapping[str, Membership]],
        own: Mapping[str, Mapping[str, None]],
    ) -> I8:
        """The same of the others: their memberships, the vehicle's own fences, those nearby."""
        turn, index = self._turn, self._index
        full, vehicles = np.flatnonzero(turn.full), turn.heard.vehicles
        if not full.size:
            return np.zeros((4, 0), np.int64)
        pairs: dict[tuple[int, int | None], int] = {}
        for k in full.tolist():
            for name in own.get(vehicles[k], ()):
                pairs[k, index.number_of(name)] = Code.OUT
            for name, member in members.get(vehicles[k], {}).items():
                pairs[k, index.number_of(name)] = code_of(member)
        found, near = index.near(*self._boxes(full), turn.acc_m[full])
        for pair in zip(full[found].tolist(), near.tolist(), strict=True):
            pairs.setdefault(pair, Code.OUT)
        which, numbers = np.array(list(pairs), np.int64).reshape(-1, 2).T
        codes = np.fromiter(pairs.values(), np.int64)
        return np.array([which, numbers, np.full(len(pairs), -1), codes])

    def _boxes(self, far: I8) -> tuple[F8, F8, F8, F8]:
        """South, west, north, east of each fix, and of the way to it where it tells a crossing."""
        heard, rows = self._turn.heard, self._turn.rows[far]
        lat, lon = heard.lat_deg[far], heard.lon_deg[far]
        hops = self._hops()[far]
        from_lat = np.where(hops, self._places.lat_deg[rows], lat)
        from_lon = np.where(hops, self._places.lon_deg[rows], lon)
        return (
            np.minimum(lat, from_lat),
            np.minimum(lon, from_lon),
            np.maximum(lat, from_lat),
            np.maximum(lon, from_lon),
        )

    def _hops(self) -> B1:
        """Whether the way from the last fix may tell a crossing of any fence."""
        places, heard, rows = self._places, self._turn.heard, self._turn.rows
        ends = heard.lat_deg, heard.lon_deg, places.lat_deg[rows], places.lon_deg[rows]
        dt_ms = heard.t_ms - places.t_ms[rows]
        hops: B1 = (
            (places.t_ms[rows] > 0)
            & (dt_ms > 0)
            & (dt_ms <= CROSS_MAX_S * 1000)
            & (most_m(*ends) >= MIN_RADIUS_M)
            & (least_m(*ends) * 1000 <= CROSS_MAX_MPS * dt_ms)
        )
        return hops

    def _crossing(self) -> I8:
        """Indices of pairs at rest whose fence may have been crossed since the last fix."""
        places, index = self._places, self._index
        asked = np.flatnonzero(self.rest & self._hops()[self.which] & ~self._fresh)
        if not asked.size:
            return asked
        rows, numbers = self._turn.rows[self.which[asked]], self.numbers[asked]
        x1, y1 = index.local(numbers, places.lat_deg[rows], places.lon_deg[rows])
        return asked[index.crosses(numbers, x1, y1, self.x[asked], self.y[asked])]


def turns_of(rows: I8) -> list[I8]:
    """Indices cut so that each part has a row once at most, in order."""
    left = np.arange(len(rows))
    turns = []
    while left.size:
        _, first = np.unique(rows[left], return_index=True)
        if first.size == left.size:
            first = np.arange(left.size)
        turns.append(left[np.sort(first)])
        left = np.delete(left, first)
    return turns

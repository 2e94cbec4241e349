"""All fences against the fixes of all vehicles; membership survives restarts.

A batch is taken at once. Of most fixes a short list of fences says all (``alerts.fence_places``);
of the others the fences nearby are looked up (``alerts.fence_index``), and only pairs on which
something may change (``alerts.fence_pairs``) take a step of ``alerts.rules.geofence``. The events
are those of stepping every vehicle against every fence.

A vehicle that rests outside a fence has no membership of it: that follows from its last fix.
"""

import math
from collections.abc import Iterable

import msgspec
import numpy as np

from alerts.fence_index import I8, FenceIndex
from alerts.fence_lists import keep
from alerts.fence_pairs import Code, Heard, Pairs, Turn, code_of, turns_of
from alerts.fence_places import Places, PlacesState, most_m
from alerts.rules.fence_area import Area, FenceTooSmall
from alerts.rules.geofence import (
    RESTING_OUTSIDE,
    At,
    FenceEvent,
    Membership,
    Side,
    seen_side,
    step,
)
from devices.control import DeleteFence, SaveFence
from devices.model import Fence, FenceKind

HOME_MAX_M = 300.0
"""A larger fence is a district, no home or depot: a theft may well end inside."""
UNKNOWN_ACC_M = 15.0
"""Taken for a fix that does not say its accuracy. Source: detection.md (sd up to 10.8 m)."""


class FencesState(msgspec.Struct):
    """For checkpoints: memberships by vehicle and fence, eras by fence, places."""

    members: dict[str, dict[str, Membership]] = {}
    era: int = 0
    eras: dict[str, int] = {}
    places: PlacesState = msgspec.field(default_factory=PlacesState)


class FenceWatch:
    """Which vehicle is on which side of which fence.

    Attributes:
        unusable: Fences that cannot be watched, with the reason of each.
    """

    def __init__(self) -> None:
        """No fences yet."""
        self.unusable: dict[str, str] = {}
        self._index = FenceIndex()
        self._own: dict[str, dict[str, None]] = {}
        self._known: dict[str, Fence] = {}
        self._take_state(FencesState())

    def _take_state(self, state: FencesState) -> None:
        self._members = state.members
        self._era, self._eras = state.era, state.eras
        self._places = Places(state.places)

    # -- which fences there are -------------------------------------------------------------

    @property
    def any(self) -> bool:
        """Whether there is a fence at all."""
        return len(self._index) > 0

    def follow(self, fences: Iterable[Fence]) -> None:
        """Take over all fences; those that stay as they were keep their area and their vehicles."""
        wanted = {fence.id: fence for fence in fences}
        for fence_id in (self._known.keys() | self._eras.keys()) - wanted.keys():
            self.forget(fence_id)
        for fence in wanted.values():
            self.save(fence)

    def take(self, control: SaveFence | DeleteFence) -> None:
        """Do what a control says."""
        match control:
            case SaveFence():
                self.save(control.fence)
            case DeleteFence():
                self.forget(control.fence_id)

    def save(self, fence: Fence) -> None:
        """Watch a fence from now on.

        One that was redrawn begins anew: it moved, not the vehicles; one that has another name,
        kind, margin or dwell keeps its sides. One that may not be saved (the API refuses it) is
        not watched and stands in ``unusable`` with its reason: a journal that holds one must not
        stop the processor.
        """
        before = self._known.get(fence.id)
        if before is fence or before == fence:
            return
        if before is not None and _outline(before) != _outline(fence):
            self.forget(fence.id)
        self._known[fence.id] = fence
        self._places.forget_discs()
        try:
            area = Area(fence)
        except (FenceTooSmall, ValueError) as exc:
            self.forget(fence.id)
            self._known[fence.id], self.unusable[fence.id] = fence, str(exc)
            return
        if fence.id not in self._eras:
            self._era += 1
            self._eras[fence.id] = self._era
        self._index.put(area, self._eras[fence.id])
        if fence.vehicle_id is not None:
            self._own.setdefault(fence.vehicle_id, {})[fence.id] = None

    def forget(self, fence_id: str) -> None:
        """Watch a fence no more."""
        known = self._known.pop(fence_id, None)
        if known is not None and known.vehicle_id is not None:
            self._own.get(known.vehicle_id, {}).pop(fence_id, None)
        self.unusable.pop(fence_id, None)
        self._index.drop(fence_id)
        if self._eras.pop(fence_id, None) is not None:
            self._places.forget_discs()
            for sides in self._members.values():
                sides.pop(fence_id, None)

    def area_of(self, fence_id: str) -> Area | None:
        """A fence that is watched, ready to ask."""
        return self._index.area_of(fence_id)

    # -- what is known ----------------------------------------------------------------------

    def around(self, vehicle_id: str, lat_deg: float, lon_deg: float) -> list[Area]:
        """The fences that speak of a vehicle and hold a place, by id; a boundary is inside."""
        lat, lon = np.array([lat_deg]), np.array([lon_deg])
        _, common = self._index.near(lat, lon, lat, lon, np.zeros(1))
        own = [self._index.number_of(fence_id) for fence_id in self._own.get(vehicle_id, ())]
        numbers = np.array([*common.tolist(), *own], np.int64)
        depths = self._index.depths_m(numbers, *self._index.local(numbers, lat, lon))
        found = [self._index.area(number) for number in numbers[depths >= 0].tolist()]
        return sorted(found, key=lambda area: area.fence.id)

    def is_home(self, vehicle_id: str, lat_deg: float, lon_deg: float, acc_m: float | None) -> bool:
        """Whether a place lies inside a fence of its own, or one it is kept in, as small as a home.

        A fix that is less exact than the fence is large says nothing of it.
        """
        error_m = UNKNOWN_ACC_M if acc_m is None or math.isnan(acc_m) else acc_m
        return any(
            error_m <= area.size_m <= HOME_MAX_M
            for area in self.around(vehicle_id, lat_deg, lon_deg)
            if area.fence.kind is FenceKind.KEEP_IN
            or (area.fence.vehicle_id is not None and area.fence.kind is FenceKind.WATCH)
        )

    def side_of(self, vehicle_id: str, fence_id: str) -> Side:
        """The side of one vehicle and one fence; UNKNOWN when never decided."""
        member = self._members.get(vehicle_id, {}).get(fence_id)
        if member is not None:
            return Side(member.side)
        area, row = self._index.area_of(fence_id), self._places.known_row(vehicle_id)
        if area is None or row is None or area.fence.vehicle_id not in {None, vehicle_id}:
            return Side.UNKNOWN
        since = self._eras[fence_id]
        return Side.OUTSIDE if self._places.era[row] >= since else Side.UNKNOWN

    # -- what a fix changes -----------------------------------------------------------------

    def step(self, heard: Heard) -> list[tuple[int, FenceEvent]]:
        """Fixes in order; older than the last one of its tracker is the caller's to refuse.

        Gives events with the index of their fix, by fix and then by fence id.
        """
        if not self.any:
            return []
        rows = np.array([self._places.row_of(vehicle) for vehicle in heard.vehicles], np.int64)
        events: list[tuple[int, FenceEvent]] = []
        for which in turns_of(rows):
            found = self._turn(heard.some(which), rows[which])
            events += [(int(which[k]), event) for k, event in found]
        return sorted(events, key=lambda found: (found[0], found[1].fence.id))

    def _turn(self, heard: Heard, rows: I8) -> list[tuple[int, FenceEvent]]:
        """Fixes of which each vehicle has one at most."""
        places, lat, lon = self._places, heard.lat_deg, heard.lon_deg
        acc_m = np.where(np.isnan(heard.acc_m), UNKNOWN_ACC_M, heard.acc_m)
        off_m = most_m(lat, lon, places.middle_lat[rows], places.middle_lon[rows])
        full = (off_m + acc_m > places.clear_m[rows]) | (off_m > places.deep_m[rows])
        full |= acc_m > places.deep_acc_m[rows]
        loud = np.flatnonzero(full | (places.listed[rows, 0] >= 0))
        events: list[tuple[int, FenceEvent]] = []
        if loud.size:
            turn = Turn(heard.some(loud), rows[loud], acc_m[loud], full[loud])
            events = [(int(loud[k]), event) for k, event in self._loud(turn)]
        places.t_ms[rows] = heard.t_ms
        places.lat_deg[rows], places.lon_deg[rows] = lat, lon
        places.era[rows] = self._era
        return events

    def _loud(self, turn: Turn) -> list[tuple[int, FenceEvent]]:
        """Step the pairs of fix and fence on which something may change."""
        pairs = Pairs(turn, self._index, self._places, self._members, self._own)
        heard = turn.heard
        events: list[tuple[int, FenceEvent]] = []
        for j in np.flatnonzero(~pairs.rest).tolist():
            k, area = int(pairs.which[j]), self._index.area(int(pairs.numbers[j]))
            at = At(
                float(pairs.x[j]),
                float(pairs.y[j]),
                float(pairs.depth_m[j]),
                float(turn.acc_m[k]),
                int(heard.t_ms[k]),
                int(heard.elapsed_ms[k]),
                float(heard.parked_m[k]),
            )
            said, pairs.codes[j] = self._pair(heard.vehicles[k], int(turn.rows[k]), area, at)
            events += [(k, event) for event in said]
        keep(turn, pairs, self._index, self._places)
        return events

    def _pair(self, vehicle_id: str, row: int, area: Area, at: At) -> tuple[list[FenceEvent], int]:
        """One fix against one fence: events, and what is known of the pair then."""
        sides = self._members.setdefault(vehicle_id, {})
        member = sides.get(area.fence.id)
        if member is None:
            member = sides[area.fence.id] = self._implied(area, row)
        events = step(area, member, at)
        seen = seen_side(at.depth_m, at.acc_m, margin_m=area.margin_m, size_m=area.size_m)
        state = (member.side, member.sure, member.candidate)
        if seen is Side.OUTSIDE and state == RESTING_OUTSIDE:
            del sides[area.fence.id]
            return events, Code.OUT
        return events, code_of(member)

    def _implied(self, area: Area, row: int) -> Membership:
        """What the last fix of a vehicle says of a fence that it has no membership of."""
        places = self._places
        if places.era[row] < self._eras[area.fence.id]:
            return Membership()
        x, y = area.local(float(places.lat_deg[row]), float(places.lon_deg[row]))
        return Membership(
            side=Side.OUTSIDE,
            sure=True,
            candidate=Side.OUTSIDE,
            out_t=int(places.t_ms[row]),
            out_x=x,
            out_y=y,
        )

    # -- checkpoints ------------------------------------------------------------------------

    def dump(self) -> bytes:
        """State for a checkpoint."""
        members = {vehicle: sides for vehicle, sides in self._members.items() if sides}
        state = FencesState(members, self._era, self._eras, self._places.dump())
        return msgspec.msgpack.encode(state)

    def load(self, blob: bytes) -> None:
        """Take the state of a checkpoint; ``follow`` the fences afterwards."""
        self.unusable, self._known, self._own, self._index = {}, {}, {}, FenceIndex()
        self._take_state(msgspec.msgpack.decode(blob, type=FencesState))


def _outline(fence: Fence) -> tuple[object, ...]:
    """What a fence that is not redrawn has as before."""
    return fence.lat_deg, fence.lon_deg, fence.radius_m, fence.geometry, fence.vehicle_id

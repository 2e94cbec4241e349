"""All fences against the fixes of all vehicles; membership survives restarts."""

import msgspec

from alerts.rules.geofence import Area, At, FenceEvent, FenceTooSmall, Membership, Side, step
from devices.model import Fence
from devices.readings import Fix

_Members = dict[str, dict[str, Membership]]
UNKNOWN_ACC_M = 15.0
"""Taken for a fix that does not say its accuracy. Source: detection.md (sd up to 10.8 m)."""


class FenceWatch:
    """Which vehicle is on which side of which fence."""

    def __init__(self) -> None:
        """No fences yet."""
        self._common: list[Area] = []
        self._own: dict[str, list[Area]] = {}
        self._members: _Members = {}
        self._known: dict[str, Fence] = {}
        self._areas: dict[str, Area] = {}
        self.unusable: dict[str, str] = {}

    @property
    def any(self) -> bool:
        """Whether there is a fence at all."""
        return bool(self._common or self._own)

    def follow(self, fences: list[Fence]) -> None:
        """Take over all fences; those that stay as they were keep their area and their vehicles.

        A fence that was redrawn begins anew: it moved, not the vehicles. One that may not be saved
        (the API refuses it) is not watched and stands in ``unusable`` with its reason: a journal
        that holds one must not stop the processor.
        """
        kept = {f.id for f in fences if self._known.get(f.id, f) == f}
        areas = {fence_id: area for fence_id, area in self._areas.items() if fence_id in kept}
        reasons = {fence_id: why for fence_id, why in self.unusable.items() if fence_id in kept}
        self._common, self._own, self._areas, self.unusable = [], {}, {}, {}
        for fence in fences:
            if fence.id in reasons:
                self.unusable[fence.id] = reasons[fence.id]
                continue
            try:
                area = areas.get(fence.id) or Area(fence)
            except (FenceTooSmall, ValueError) as exc:
                self.unusable[fence.id] = str(exc)
                continue
            self._areas[fence.id] = area
            if fence.vehicle_id is None:
                self._common.append(area)
            else:
                self._own.setdefault(fence.vehicle_id, []).append(area)
        self._known = {fence.id: fence for fence in fences}
        self._members = {
            vehicle: {fence: member for fence, member in sides.items() if fence in kept}
            for vehicle, sides in self._members.items()
        }

    def areas(self, vehicle_id: str) -> list[Area]:
        """The fences that speak of a vehicle."""
        return self._common + self._own.get(vehicle_id, [])

    def step(self, vehicle_id: str, fix: Fix, elapsed_ms: int) -> list[FenceEvent]:
        """One believable fix of one vehicle; older than its last one is the caller's to refuse."""
        pos = fix.pos
        areas = self.areas(vehicle_id)
        if not areas or pos.lat is None or pos.lon is None:
            return []
        sides = self._members.setdefault(vehicle_id, {})
        acc_m = UNKNOWN_ACC_M if pos.acc_m is None else pos.acc_m
        at = At(pos.lat, pos.lon, acc_m, fix.t_ms, elapsed_ms)
        events: list[FenceEvent] = []
        for area in areas:
            member = sides.get(area.fence.id)
            if member is None:
                member = Membership()
                sides[area.fence.id] = member
            events += step(area, member, at)
        return events

    def side_of(self, vehicle_id: str, fence_id: str) -> Side:
        """The side of one vehicle and one fence; UNKNOWN when never decided."""
        member = self._members.get(vehicle_id, {}).get(fence_id)
        return Side(member.side) if member else Side.UNKNOWN

    def dump(self) -> bytes:
        """State for a checkpoint."""
        return msgspec.msgpack.encode(self._members)

    def load(self, blob: bytes) -> None:
        """Take the state of a checkpoint; ``follow`` the fences afterwards."""
        self._members = msgspec.msgpack.decode(blob, type=_Members)

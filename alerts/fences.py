"""All fences against the fixes of all vehicles; membership survives restarts."""

import msgspec

from alerts.rules.geofence import Area, FenceEvent, FenceTooSmall, Membership, step
from devices.model import Fence
from devices.readings import Fix

_Members = dict[str, dict[str, Membership]]
_DEFAULT_ACC_M = 15.0
"""Taken for a fix that does not say its accuracy. Source: detection.md (sd up to 10.8 m)."""


class FenceWatch:
    """Which vehicle is on which side of which fence."""

    def __init__(self) -> None:
        """No fences yet."""
        self._common: list[Area] = []
        self._own: dict[str, list[Area]] = {}
        self._members: _Members = {}
        self.unusable: dict[str, str] = {}

    @property
    def any(self) -> bool:
        """Whether there is a fence at all."""
        return bool(self._common or self._own)

    def follow(self, fences: list[Fence]) -> None:
        """Take over all fences; what is known of those that stay is kept.

        One that may not be saved (the API refuses it) is not watched and stands in ``unusable``
        with its reason: a journal that holds one must not stop the processor.
        """
        self._common, self._own, self.unusable = [], {}, {}
        for fence in fences:
            try:
                area = Area(fence)
            except (FenceTooSmall, ValueError) as exc:
                self.unusable[fence.id] = str(exc)
                continue
            if fence.vehicle_id is None:
                self._common.append(area)
            else:
                self._own.setdefault(fence.vehicle_id, []).append(area)
        kept = {fence.id for fence in fences}
        self._members = {
            vehicle: {fence: member for fence, member in sides.items() if fence in kept}
            for vehicle, sides in self._members.items()
        }

    def step(self, vehicle_id: str, fix: Fix, elapsed_ms: int) -> list[FenceEvent]:
        """One believable fix of one vehicle."""
        areas = self._common + self._own.get(vehicle_id, [])
        if not areas or fix.lat_deg is None or fix.lon_deg is None:
            return []
        sides = self._members.setdefault(vehicle_id, {})
        events = []
        for area in areas:
            event = step(
                area,
                sides.setdefault(area.fence.id, Membership()),
                lat_deg=fix.lat_deg,
                lon_deg=fix.lon_deg,
                acc_m=_DEFAULT_ACC_M if fix.acc_m is None else fix.acc_m,
                t_ms=fix.t_ms,
                elapsed_ms=elapsed_ms,
            )
            if event is not None:
                events.append(event)
        return events

    def side_of(self, vehicle_id: str, fence_id: str) -> int:
        """``Side`` of one vehicle and one fence; UNKNOWN when never decided."""
        member = self._members.get(vehicle_id, {}).get(fence_id)
        return member.side if member else 0

    def dump(self) -> bytes:
        """State for a checkpoint."""
        return msgspec.msgpack.encode(self._members)

    def load(self, blob: bytes) -> None:
        """Take the state of a checkpoint; ``follow`` the fences afterwards."""
        self._members = msgspec.msgpack.decode(blob, type=_Members)

"""Fixes of vehicles against fences, one by one."""

import numpy as np

from alerts.fence_pairs import Heard
from alerts.fences import FenceWatch
from alerts.rules.geofence import FenceEvent
from devices.readings import Fix


def fence_events_of(
    watch: FenceWatch, vehicle_id: str, fix: Fix, elapsed_ms: int
) -> list[FenceEvent]:
    """What one fix of one vehicle gives."""
    acc_m = np.nan if fix.acc_m is None else fix.acc_m
    heard = Heard(
        vehicles=[vehicle_id],
        lat_deg=np.array([fix.lat_deg], np.float64),
        lon_deg=np.array([fix.lon_deg], np.float64),
        acc_m=np.array([acc_m]),
        t_ms=np.array([fix.t_ms]),
        elapsed_ms=np.array([elapsed_ms]),
    )
    return [event for _, event in watch.step(heard)]

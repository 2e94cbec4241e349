"""The row of LatestState: a device's last believed state in fixed columns (decisions.md 6)."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

LATEST_VERSION = 2
"""Written into the file's header; raise it when ``LATEST_DTYPE`` changes."""

LATEST_DTYPE = np.dtype(
    [
        ("version", "<u4"),  # odd while being written (seqlock)
        ("presence", "u1"),  # devices.presence.Presence
        ("armed", "u1"),  # alerts: 0 disarmed, 1 settling, 2 armed
        ("level", "u1"),  # highest open alert level of the vehicle
        ("source", "u1"),  # devices.readings.FixSource code
        ("causes", "<u8"),  # bits of devices.presence.Cause
        ("recv_ms", "<i8"),  # newest message of any kind, wall ms UTC; 0 = never heard
        ("since_ms", "<i8"),  # when presence took its present value
        ("due_ms", "<i8"),  # next report expected at
        ("fix_t_ms", "<i8"),  # time of the position; 0 = no position known
        ("missing", "<u4"),  # records of it that never came, told by their numbers
        ("missing_from", "<i8"),  # the newest hole among them, as does missing_to
        ("missing_to", "<i8"),
        ("lat_deg", "<f8"),
        ("lon_deg", "<f8"),
        ("acc_m", "<f4"),  # NaN = unknown, as all floats below
        ("speed_mps", "<f4"),
        ("course_deg", "<f4"),
        ("battery_pct", "<f4"),
        ("rssi_dbm", "<f4"),
        ("clock_off_ms", "<f4"),  # device time minus receive time of the newest live message
    ]
)
"""Columns and their order. NaN in a float column means unknown."""

_FLOATS = [name for name in LATEST_DTYPE.names or () if LATEST_DTYPE[name].kind == "f"]


def blank_rows(count: int) -> NDArray[np.void]:
    """Rows of devices that were never heard."""
    rows = np.zeros(count, LATEST_DTYPE)
    for name in _FLOATS:
        rows[name] = np.nan
    return rows


class ArmedState(IntEnum):
    """Values of the ``armed`` column."""

    DISARMED = 0
    SETTLING = 1
    ARMED = 2

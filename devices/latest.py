"""The row of LatestState: a device's last believed state in fixed columns (decisions.md 6)."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from devices.causes import Cause

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


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthColumns:
    """What is told of the health of many devices; one element a device.

    Attributes:
        presence: ``devices.presence.Presence``.
        causes: Bits of ``devices.causes.Cause``.
        since_ms: When presence took its value, ms UTC; 0 = not known.
    """

    presence: NDArray[np.uint8]
    causes: NDArray[np.uint64]
    since_ms: NDArray[np.int64]


def health_of(rows: NDArray[np.void], slots: NDArray[np.int64]) -> HealthColumns:
    """Health of the devices of some rows; one that the processor wrote nothing of is never heard.

    Args:
        rows: Of ``LATEST_DTYPE``.
        slots: Which, each below ``len(rows)``.
    """
    causes = rows["causes"][slots]
    never = (causes == 0) & (rows["recv_ms"][slots] == 0)
    return HealthColumns(
        presence=rows["presence"][slots],
        causes=np.where(never, np.uint64(int(Cause.NEVER_HEARD)), causes),
        since_ms=rows["since_ms"][slots],
    )


class ArmedState(IntEnum):
    """Values of the ``armed`` column."""

    DISARMED = 0
    SETTLING = 1
    ARMED = 2

"""From accepted records to the arrays of the statistic."""

from enum import IntEnum

import numpy as np

from alerts.detection.statistic import Fixes
from devices.admitted import Record
from devices.readings import Event, Fix, FixSource, Flag
from devices.units import KMH_PER_MPS

FUTURE, LATE = int(Flag.FUTURE), int(Flag.LATE)
UNTIMELY = FUTURE | LATE
OLD_EVENT_MS = 600_000
"""An older event is history, no witness of what happens now (decisions.md 12)."""
AHEAD_EVENT_MS = 120_000
"""An event farther ahead of its receive time has no time (decisions.md 12)."""


class Lane(IntEnum):
    """Where a record is judged."""

    NEVER = 0
    LIVE = 1
    LATE = 2


LIVE = Lane.LIVE
_NEVER, _GNSS = Lane.NEVER, FixSource.GNSS
"""Members of enums are looked up once: that lookup costs 0.2 µs a fix."""


def lane_of_fix(fix: Fix) -> Lane:
    """Only positions from satellites are judged; those of the future never (decisions.md 12)."""
    pos, flags = fix.pos, fix.flags
    if pos.lat is None or pos.src is not _GNSS:
        return _NEVER
    if not flags & UNTIMELY:
        return LIVE
    return _NEVER if flags & FUTURE else Lane.LATE


def lane_of_event(event: Event, recv_ms: int) -> Lane:
    """By its flags, and by its age as a second line: a flag may be missing (case A-15)."""
    age_ms = recv_ms - event.t_ms
    if event.flags & FUTURE or age_ms < -AHEAD_EVENT_MS:
        return Lane.NEVER
    return Lane.LATE if event.flags & LATE or age_ms > OLD_EVENT_MS else Lane.LIVE


def rounds_of(records: list[Record]) -> list[list[Record]]:
    """Records cut so that each round has at most one of a vehicle, in order.

    Alerts are those of vehicles: of two trackers on one the later record comes after the earlier.
    """
    turns: dict[str, int] = {}
    rounds: list[list[Record]] = []
    for record in records:
        who = record.device.vehicle_id or record.device.id
        turn = turns.get(who, 0)
        turns[who] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(record)
    return rounds


def to_arrays(records: list[Record]) -> Fixes:
    """The fixes of one round as arrays; every record holds a fix of the live lane.

    Unknown measures (None) become NaN, -1 where the statistic wants whole numbers.
    """
    flat: list[float | None] = []
    for record in records:
        fix = record.reading
        if isinstance(fix, Fix):
            pos = fix.pos
            flat += (pos.lat, pos.lon, pos.acc_m, pos.spd_kmh, pos.hdop, pos.sat, fix.st.ign)
    table = np.array(flat, np.float64).reshape(-1, 7)
    said = np.nan_to_num(table[:, 5:], nan=-1.0).astype(np.int64)
    return Fixes(
        slot=np.array([record.device.slot for record in records], np.int64),
        t_ms=np.array([record.reading.t_ms for record in records], np.int64),
        lat_deg=table[:, 0],
        lon_deg=table[:, 1],
        acc_m=table[:, 2],
        speed_mps=table[:, 3] / KMH_PER_MPS,
        hdop=table[:, 4],
        sat=said[:, 0],
        ignition=said[:, 1],
    )

"""What health believes of devices, written into rows of ``devices.latest``.

Each row is written between two steps of its version (a seqlock), so that a reader in another
process never sees half of it.
"""

from operator import itemgetter
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from devices.admitted import Record
from devices.conditions import NO_CLOCK
from devices.readings import SOURCE_CODE, Fix, Flag
from devices.words import NOT_LEFT_OUT

Rows = NDArray[np.void]
Slots = NDArray[np.int64]
Cells = tuple[str, Slots, NDArray[Any]]
"""A column, whose rows, and what is written there: of two for one row the later counts."""
_FUTURE = int(Flag.FUTURE)


def write_heard(
    rows: Rows,
    slots: Slots,
    recv_ms: Slots,
    *,
    interval_ms: Slots,
    clock_off_ms: dict[int, int],
    fixes: list[Record],
    timely: list[Record],
) -> None:
    """What records said.

    Args:
        rows: With room for all slots.
        slots: Who spoke, in order; one that spoke twice stands twice.
        recv_ms: When, wall ms UTC.
        interval_ms: Of each, when the next word is expected.
        clock_off_ms: By slot, of messages that are no fixes.
        fixes: All fixes: their places count by their own times.
        timely: Those among them that are of now.
    """
    touched = np.unique(slots)
    cells: list[Cells] = [("recv_ms", slots, recv_ms), ("due_ms", slots, recv_ms + interval_ms)]
    if fixes:  # all is worked out before: a reader waits while a row is open
        cells += _vitals(timely)
        cells += _positions(rows, fixes)
    rows["version"][touched] += 1
    assign(rows["clock_off_ms"], clock_off_ms)
    for name, where, values in cells:
        rows[name][where] = values
    rows["version"][touched] += 1


def write_missing(rows: Rows, slot: int, *, count: int, first: int, last: int) -> None:
    """How many numbers of a device's records are missing, and the newest hole."""
    row = rows[slot]
    row["version"] += 1
    row["missing"] = count
    row["missing_from"], row["missing_to"] = first, last
    row["version"] += 1


def write_believed(
    rows: Rows,
    presence: NDArray[np.uint8],
    causes: NDArray[np.uint64],
    *,
    since: Slots,
    at_ms: int,
) -> None:
    """What a tick made of it; slots ``since`` are what they are since ``at_ms``."""
    touched = np.flatnonzero((causes != rows["causes"]) | (presence != rows["presence"]))
    if not len(touched):
        return
    rows["version"][touched] += 1
    rows["presence"][touched] = presence[touched]
    rows["causes"][touched] = causes[touched]
    rows["since_ms"][since] = at_ms
    rows["version"][touched] += 1


def assign(array: NDArray[Any], values: dict[int, int]) -> None:
    """Set elements by their number."""
    if values:
        slots = np.fromiter(values.keys(), np.int64, len(values))
        array[slots] = np.fromiter(values.values(), array.dtype, len(values))


def _vitals(records: list[Record]) -> list[Cells]:
    """Battery, signal and clock of live fixes.

    What a fix leaves out stays; what it could not say, or not so that it can be, is unknown now.
    """
    table: list[tuple[float | None, ...]] = []
    for record in records:
        entry, device, reading = record
        fix = cast(Fix, reading)
        flags = fix.flags
        off_ms = None if flags & NO_CLOCK else fix.t_ms - entry.recv_ms
        lost = flags & NOT_LEFT_OUT
        table.append((device.slot, lost, off_ms, fix.bat.pct, fix.net.rssi_dbm))
    if not table:
        return []
    cells: list[Cells] = []
    columns = np.array(table, np.float64)  # None becomes NaN
    slots, lost_now = columns[:, 0].astype(np.int64), columns[:, 1] != 0
    for k, name in enumerate(("clock_off_ms", "battery_pct", "rssi_dbm"), start=2):
        said = ~np.isnan(columns[:, k])
        if name != "clock_off_ms":
            said |= lost_now
        cells.append((name, slots[said], columns[said, k]))
    return cells


def _positions(rows: Rows, records: list[Record]) -> list[Cells]:
    """Newest plausible position by fix time, whatever the order of arrival."""
    table: list[tuple[float | None, ...]] = []
    for record in records:
        fix = cast(Fix, record.reading)
        pos = fix.pos
        lat = pos.lat
        if lat is not None and not fix.flags & _FUTURE:
            source = SOURCE_CODE[pos.src]
            speed_mps, slot = fix.speed_mps, record.device.slot
            t_ms = fix.t_ms if pos.fix_t is None else min(pos.fix_t, fix.t_ms)
            table.append((t_ms, slot, source, lat, pos.lon, pos.acc_m, speed_mps, pos.cog))
    if not table:
        return []
    table.sort(key=itemgetter(0))
    columns = np.array(table, np.float64)  # None becomes NaN
    slots = columns[:, 1].astype(np.int64)
    newer = columns[:, 0] >= rows["fix_t_ms"][slots]
    slots, columns = slots[newer], columns[newer]
    names = ("source", "lat_deg", "lon_deg", "acc_m", "speed_mps", "course_deg")
    cells: list[Cells] = [("fix_t_ms", slots, columns[:, 0])]
    return cells + [(name, slots, columns[:, k]) for k, name in enumerate(names, start=2)]

"""What every telemetry store refuses: rows that the core must never send. A bug, not bad input."""

import math
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter, itemgetter

from devices.telemetry import MEASUREMENTS, Row

EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000
"""Years 2000 to 2099: the core never sends another time (devices.units)."""

_LAT = list(MEASUREMENTS["fix"]).index("lat_deg")
_FLOATS = {
    name: [place for place, kind in enumerate(columns.values()) if kind == "float"]
    for name, columns in MEASUREMENTS.items()
}
_t_ms = attrgetter("t_ms")


def check_rows(rows: Sequence[Row]) -> None:
    """Refuse what no store may get.

    Raises:
        ValueError: No such measurement, another number of fields, a time outside 2000 to 2099,
            NaN or an infinity.
    """
    if not rows:
        return
    if min(map(_t_ms, rows)) < EARLIEST_MS or max(map(_t_ms, rows)) >= LATEST_MS:
        raise ValueError("a time is outside the years 2000 to 2099")
    for name in {row.measurement for row in rows}:
        if name not in MEASUREMENTS:
            raise ValueError(f"there is no measurement {name!r}")
        _check_fields(name, [row.fields for row in rows if row.measurement == name])


def position_is_known(row: Row) -> bool:
    """Whether a fix has a place."""
    return row.fields[_LAT] is not None


def _check_fields(name: str, fields: Sequence[tuple[object, ...]]) -> None:
    if set(map(len, fields)) != {len(MEASUREMENTS[name])}:
        raise ValueError(f"{name} has {len(MEASUREMENTS[name])} fields")
    places = _FLOATS[name]
    if not places:
        return
    numbers = map(itemgetter(*places), fields)
    values = chain.from_iterable(numbers) if len(places) > 1 else numbers
    # one NaN or infinity makes the sum one too; zeros and what is unknown add nothing
    if not math.isfinite(sum(filter(None, values))):
        raise ValueError(f"a value of {name} is not finite")

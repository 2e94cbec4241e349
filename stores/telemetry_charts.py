"""Downsampled reads of a telemetry store: for charts and reports of availability."""

from collections.abc import Mapping
from typing import NamedTuple

from devices.telemetry import MEASUREMENTS

MAX_INTERVALS = 10_000
"""More than any screen has columns."""


class Interval(NamedTuple):
    """One measure over one interval.

    Attributes:
        begin_ms: Begin, a multiple of the interval's length since 1970, ms UTC.
        rows: Rows in which it was known.
    """

    begin_ms: int
    mean: float
    least: float
    most: float
    rows: int


def check_chart(measurement: str, column: str, from_ms: int, to_ms: int, every_ms: int) -> None:
    """Refuse what cannot be drawn.

    Raises:
        ValueError: No such measurement or column, a text, or too many intervals.
    """
    kind = MEASUREMENTS.get(measurement, {}).get(column)
    if kind is None:
        raise ValueError(f"there is no {measurement}.{column}")
    if kind == "str":
        raise ValueError(f"{measurement}.{column} is a text")
    check_intervals(from_ms, to_ms, every_ms)


def check_intervals(from_ms: int, to_ms: int, every_ms: int) -> None:
    """Refuse intervals without length, and too many of them.

    Raises:
        ValueError: As said.
    """
    if every_ms <= 0:
        raise ValueError("an interval has a length")
    if (to_ms - from_ms) // every_ms > MAX_INTERVALS:
        raise ValueError(f"more than {MAX_INTERVALS} intervals")


def filled(
    counts: Mapping[int, int], from_ms: int, to_ms: int, every_ms: int
) -> list[tuple[int, int]]:
    """Every interval that touches [from_ms, to_ms] as (begin_ms, rows), empty ones too."""
    first_ms = from_ms // every_ms * every_ms
    return [
        (begin_ms, counts.get(begin_ms, 0)) for begin_ms in range(first_ms, to_ms + 1, every_ms)
    ]

"""Downsampled reads of a telemetry store: for charts and reports of availability."""

from collections.abc import Mapping

from devices.telemetry import MEASURES

MAX_INTERVALS = 10_000
"""More than any screen has columns."""


def check_chart(measurement: str, column: str, from_ms: int, to_ms: int, every_ms: int) -> None:
    """Refuse what cannot be drawn.

    Raises:
        ValueError: No such measure, or too many intervals.
    """
    if column not in MEASURES.get(measurement, ()):
        raise ValueError(f"there is no measure {measurement}.{column}")
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

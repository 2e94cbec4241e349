"""Small charts of text: a device's days in strips, a measure as a line of blocks. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from devices.availability import State
from devices.health_events import HealthChange
from devices.model import AdminState
from devices.presence import Presence

CELLS = 48
"""Of a day: half an hour each."""
BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = " "

SIGNS = {
    State.ONLINE: "█",
    State.SLEEPING: "▒",
    State.LATE: "▄",
    State.OFFLINE: "·",
    State.UNKNOWN: "?",
    State.MAINTENANCE: "m",
    State.RETIRED: NOTHING,
}
"""Told apart without colours."""
_WORST_FIRST = (
    State.OFFLINE,
    State.UNKNOWN,
    State.LATE,
    State.MAINTENANCE,
    State.ONLINE,
    State.SLEEPING,
    State.RETIRED,
)
"""A cell shows the worst of its half hour: a short outage is seen."""


class Strip(NamedTuple):
    """One day of the city: its begin, and what it was in each cell; None = nothing is known."""

    begin: datetime
    cells: list[State | None]


def strips(
    oldest_first: Sequence[HealthChange], days: int, now_ms: int, zone: ZoneInfo
) -> list[Strip]:
    """The last days, oldest first, the last one until now.

    Args:
        oldest_first: Changes of the period, and the one that held at its begin.
        days: How many.
        now_ms: Wall clock, ms UTC.
        zone: Of the city: where its days begin.
    """
    today = datetime.fromtimestamp(now_ms / 1000, zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    found: list[Strip] = []
    for back in range(days - 1, -1, -1):
        begin = today - timedelta(days=back)
        edges = [round((begin.timestamp() + 86_400 * k / CELLS) * 1000) for k in range(CELLS + 1)]
        cells = [
            _worst(oldest_first, edges[k], min(edges[k + 1], now_ms)) if edges[k] < now_ms else None
            for k in range(CELLS)
        ]
        found.append(Strip(begin, cells))
    return found


def spark(points: Sequence[tuple[int, float]], span: tuple[int, int], width: int) -> str:
    """A measure's means over a period as blocks, scaled to its own range.

    Args:
        points: (wall ms UTC, value), ascending.
        span: Begin and end of the period, ms.
        width: Characters.
    """
    begin_ms, end_ms = span
    sums: list[list[float]] = [[] for _ in range(width)]
    for t_ms, value in points:
        place = int((t_ms - begin_ms) * width / max(1, end_ms - begin_ms))
        if 0 <= place < width:
            sums[place].append(value)
    means = [sum(values) / len(values) if values else None for values in sums]
    known = [mean for mean in means if mean is not None]
    if not known:
        return NOTHING * width
    least, most = min(known), max(known)
    step = (most - least) / (len(BLOCKS) - 1)
    return "".join(
        NOTHING
        if mean is None
        else BLOCKS[round((mean - least) / step) if step else len(BLOCKS) // 2]
        for mean in means
    )


def _state(change: HealthChange) -> State:
    if change.admin == AdminState.MAINTENANCE:
        return State.MAINTENANCE
    if change.admin == AdminState.RETIRED:
        return State.RETIRED
    return State(Presence(change.presence))


def _worst(oldest_first: Sequence[HealthChange], begin_ms: int, end_ms: int) -> State | None:
    inside: set[State] = set()
    for k, change in enumerate(oldest_first):
        last = k + 1 == len(oldest_first)
        until_ms = end_ms if last else oldest_first[k + 1].at_ms
        if change.at_ms < end_ms and until_ms > begin_ms:
            inside.add(_state(change))
    return next((state for state in _WORST_FIRST if state in inside), None)

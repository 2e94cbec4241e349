"""How far the simulated clock may leap between two lines without a tick in between.

Live a tick comes once a second. Here it does too while one has something to decide
(``Pipeline.waits``: an open alert, a late upload, a backlog). Else a gap is ticked every two
seconds (``devices.listening`` counts at most two seconds of listening a tick, so nobody's age
differs), and the rest of it is left out when every device is offline or was never heard and nobody
waits to be told of it: more silence changes nothing until ``Health.due_in_ms``. Equal results are
a test: tests/unit/test_replay_outputs.py.
"""

from collections.abc import Callable

import numpy as np

from alerts.pipeline import Pipeline
from devices.health import Rows
from devices.presence import Presence

Ahead = Callable[[Pipeline, Rows, int], int]
"""Time from the tick just made to the next one, when the next line is so many ms away."""
TICK_MS = 1_000
"""A tick a second (decisions.md 1)."""
COARSE_MS = 2_000
"""A tick in a quiet gap; not above ``devices.listening.MAX_TICK_MS``."""


def ahead_ms(pipeline: Pipeline, rows: Rows, gap_ms: int) -> int:
    """No more ticks than have something to do, and one in the last second before the line."""
    whole_ms = gap_ms // TICK_MS * TICK_MS
    if whole_ms <= TICK_MS or pipeline.waits:
        return TICK_MS
    presence, health = rows["presence"], pipeline.health
    there = (presence != Presence.UNKNOWN) & (presence != Presence.OFFLINE)
    if health.waits or np.any(there):
        return min(COARSE_MS, whole_ms)
    due_ms = health.due_in_ms
    if due_ms is None:
        return whole_ms
    return min(max(-(-due_ms // TICK_MS) * TICK_MS, COARSE_MS), whole_ms)

"""How far the simulated clock may leap between two lines without a tick in between.

Live a tick comes once a second. Here it does too while something may count on it: while an alert
is open, and for a while after every line (late uploads are judged when they have settled). After
that a gap is ticked every two seconds (``devices.listening`` counts at most two seconds of
listening a tick, so nobody's age differs), and the rest of a gap is left out when every device is
offline or was never heard: more silence changes nothing. Equal results are a test:
tests/unit/test_replay_outputs.py.
"""

import numpy as np

from alerts.pipeline import Pipeline
from devices.health import Rows
from devices.presence import Presence

TICK_MS = 1_000
"""A tick a second (decisions.md 1)."""
COARSE_MS = 2_000
"""A tick in a quiet gap; not above ``devices.listening.MAX_TICK_MS``."""
SETTLING_MS = 60_000
"""Ticks come once a second for so long after a line and ``detection.late_settle_s``: 3,000 late
uploads are judged in it (``alerts.engine.JUDGED_A_TICK`` a tick)."""


def ahead_ms(pipeline: Pipeline, rows: Rows, gap_ms: int) -> int:
    """Time from the tick just made to the next one, when the next line is ``gap_ms`` away.

    Only for a tick that is ``SETTLING_MS`` and the time late uploads settle in after a line.
    """
    if pipeline.engine.cases.open:
        return TICK_MS
    whole_ms = max(TICK_MS, gap_ms // TICK_MS * TICK_MS)
    presence = rows["presence"]
    if np.any((presence != Presence.UNKNOWN) & (presence != Presence.OFFLINE)):
        return min(COARSE_MS, whole_ms)
    return whole_ms

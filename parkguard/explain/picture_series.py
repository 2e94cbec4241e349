"""What the lanes draw, as arrays over time with a hole wherever nothing was judged."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from alerts.sight import Sight
from parkguard.explain.story import Story

Floats = NDArray[np.float64]
_MS_PER_DAY = 86_400_000
_SILENT_TIMES, _SILENT_MS = 4.0, 120_000
"""A gap of so many usual ones, and of so long at least, is a silence: no line leads over it."""


def on_axis(t_ms: int) -> float:
    """A time on the axis: days since 1970, as matplotlib counts them."""
    return t_ms / _MS_PER_DAY


class Series:
    """The judged fixes of the drawn tracker, in order of fix time, NaN between two runs of them.

    Attributes:
        fixes: Without the holes.
        times: On the axis, with them.
        holes: Numbers of the fixes before which there is one, ascending.
    """

    def __init__(self, story: Story) -> None:
        """Take the fixes and find the holes."""
        drawn = sorted(story.drawn, key=lambda fix: fix.t_ms)
        self.fixes = [fix for fix in drawn if fix.scored]
        silent_ms = _silence_ms(drawn)
        unjudged = [fix.t_ms for fix in drawn if fix.lane == "live" and fix.mode != "armed"]
        self.holes = [
            k
            for k, (a, b) in enumerate(pairwise(self.fixes), start=1)
            if b.t_ms - a.t_ms > silent_ms
            or bisect_right(unjudged, a.t_ms) < bisect_left(unjudged, b.t_ms)
        ]
        self.times = self._with_holes(np.array([on_axis(fix.t_ms) for fix in self.fixes]))

    def of(self, value: Callable[[Sight], float]) -> Floats:
        """One value a fix."""
        return self._with_holes(np.array([value(fix) for fix in self.fixes], np.float64))

    def _with_holes(self, values: Floats) -> Floats:
        return np.insert(values, self.holes, np.nan)


def unwatched(story: Story) -> Iterator[tuple[int, int]]:
    """Stretches in which live fixes came and it was not armed, ms UTC."""
    begin_ms = end_ms = 0
    for fix in sorted(story.drawn, key=lambda fix: fix.t_ms):
        if fix.lane == "live" and fix.mode != "armed":
            begin_ms, end_ms = begin_ms or fix.t_ms, fix.t_ms
        elif begin_ms:
            yield begin_ms, end_ms
            begin_ms = 0
    if begin_ms:
        yield begin_ms, end_ms


def silences(story: Story) -> Iterator[tuple[int, int]]:
    """Stretches without a fix, much longer than between two usual ones, ms UTC."""
    drawn = sorted(story.drawn, key=lambda fix: fix.t_ms)
    silent_ms = _silence_ms(drawn)
    for a, b in pairwise(drawn):
        if b.t_ms - a.t_ms > silent_ms:
            yield a.t_ms, b.t_ms


def _silence_ms(drawn: list[Sight]) -> float:
    usual = [b.t_ms - a.t_ms for a, b in pairwise(drawn)]
    return max(_SILENT_TIMES * median(usual), _SILENT_MS) if usual else _SILENT_MS

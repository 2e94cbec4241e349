"""After a fix: which fences a vehicle's list holds, and the discs in which the list is enough."""

import numpy as np

from alerts.fence_index import B1, I8, REACH_M, FenceIndex
from alerts.fence_pairs import Code, Pairs, Turn
from alerts.fence_places import LISTED_MAX, Places

NEAR_M = 50.0
"""A fence it is outside of is listed when it is nearer than this beyond the margin: parked noise
(sd up to 10.8 m, detection.md) and an accuracy of 15 m stay inside the clear disc then."""
DEEP_M = 25.0
"""A fence it is in is listed when the margin is nearer than this."""
LEFT_FACTOR = 2.0
"""A listed fence that is so many times farther off takes a new look at all of them."""
SLACK_M = 0.01
"""Discs are smaller by this: their sums are rounded."""


def keep(turn: Turn, pairs: Pairs, index: FenceIndex, places: Places) -> None:
    """Write lists and discs of a turn whose pairs were stepped."""
    deep = (pairs.codes == Code.IN) & (pairs.room_m >= DEEP_M)
    away = (pairs.codes == Code.OUT) & (pairs.gap_m >= NEAR_M)
    full = turn.full[pairs.which]
    _draw_discs(turn, pairs, index, places, deep=deep & full, away=away & full)
    _make_lists(turn, pairs, places, np.flatnonzero(full & ~deep & ~away))
    listed = np.flatnonzero(~full)
    rows = turn.rows[pairs.which[listed]]
    places.codes[rows, pairs.column[listed]] = pairs.codes[listed]
    left = deep & (pairs.room_m >= LEFT_FACTOR * DEEP_M)
    left |= away & (pairs.gap_m >= LEFT_FACTOR * NEAR_M)
    places.clear_m[turn.rows[pairs.which[left & ~full]]] = -1.0


def _draw_discs(
    turn: Turn, pairs: Pairs, index: FenceIndex, places: Places, *, deep: B1, away: B1
) -> None:
    count = len(turn.rows)
    clear_m, deep_m = np.full(count, REACH_M), np.full(count, np.inf)
    deep_acc_m = np.full(count, np.inf)
    np.minimum.at(clear_m, pairs.which[away], pairs.gap_m[away])
    np.minimum.at(deep_m, pairs.which[deep], pairs.room_m[deep])
    np.minimum.at(deep_acc_m, pairs.which[deep], index.sizes_m(pairs.numbers[deep]))
    full = turn.full
    rows = turn.rows[full]
    places.middle_lat[rows], places.middle_lon[rows] = (
        turn.heard.lat_deg[full],
        turn.heard.lon_deg[full],
    )
    places.clear_m[rows], places.deep_m[rows] = clear_m[full] - SLACK_M, deep_m[full] - SLACK_M
    places.deep_acc_m[rows] = deep_acc_m[full]


def _make_lists(turn: Turn, pairs: Pairs, places: Places, chosen: I8) -> None:
    """New lists of the vehicles of which all was looked up; a crowded one has none, and no disc."""
    places.listed[turn.rows[turn.full]] = -1
    order = chosen[np.argsort(pairs.which[chosen], kind="stable")]
    which = pairs.which[order]
    column = np.arange(len(which)) - np.searchsorted(which, which)
    rows = turn.rows[which]
    places.clear_m[rows[column >= LISTED_MAX]] = -1.0
    fits = column < LISTED_MAX
    places.listed[rows[fits], column[fits]] = pairs.numbers[order[fits]]
    places.codes[rows[fits], column[fits]] = pairs.codes[order[fits]]

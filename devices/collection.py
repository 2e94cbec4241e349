"""Which coin boxes are to be emptied first. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from devices.box_forecast import Forecast, forecast_full
from devices.charger_conditions import FULL_SHARE, NEARLY_FULL_SHARE
from devices.charger_now import BoxNow

SOON_DAYS = 3.0
"""A box that may be full within so long is to be emptied on the next round. Source: our choice: a
round in half a week."""


class Urgency(StrEnum):
    """How soon a box is to be emptied, the most urgent first."""

    FULL = "full"
    NEARLY_FULL = "nearly_full"
    SOON = "soon"
    LATER = "later"
    UNKNOWN = "unknown"


class Due(NamedTuple):
    """One box: how full (0 to 1, None = unknown), how urgent, and the forecast behind it."""

    share: float | None
    urgency: Urgency
    full: Forecast | None

    @property
    def order(self) -> tuple[int, float, float]:
        """Sort key: by urgency, then by the earliest likely end, then by how full it is."""
        low_days = self.full.low_days if self.full is not None else 0.0
        return list(Urgency).index(self.urgency), low_days, -(self.share or 0.0)


def due_of(box: BoxNow, by_day: Sequence[int]) -> Due:
    """Judge one box; ``by_day``: coins of whole days on which it was heard, oldest first."""
    if box.coins is None or not box.cap_coins:
        return Due(None, Urgency.UNKNOWN, None)
    share = box.coins / box.cap_coins
    full = forecast_full(box.coins, box.cap_coins, by_day)
    if share > FULL_SHARE:
        urgency = Urgency.FULL
    elif share > NEARLY_FULL_SHARE:
        urgency = Urgency.NEARLY_FULL
    elif full is not None and full.low_days <= SOON_DAYS:
        urgency = Urgency.SOON
    else:
        urgency = Urgency.LATER
    return Due(share, urgency, full)

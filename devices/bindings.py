"""What a device was bound to, and when: each period ends with a reason."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Ended(StrEnum):
    """Why a binding ended."""

    MOVED = "moved"
    """Registered again on another vehicle or site."""
    SWAPPED = "swapped"
    """Another device took its place."""
    RETIRED = "retired"
    """Revoked; what it is registered for later is another period."""
    RETURNED = "returned"
    """A retired device is in service again: the time in the drawer ends."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One device on one vehicle or site, in [from_ms, to_ms), wall clock, ms UTC.

    Attributes:
        from_ms: 0 = since it was registered first.
        to_ms: None = it is so now.
        ended: A value of ``Ended``; "" = it has not.
        why: What the person said who ended it.
        by: Who that was.
    """

    device_id: str
    vehicle_id: str | None
    site_id: str | None
    area: str
    from_ms: int
    to_ms: int | None = None
    ended: str = ""
    why: str = ""
    by: str = ""


def within(
    periods: Iterable[Period], begin_ms: int, end_ms: int
) -> dict[str, list[tuple[int, int]]]:
    """Cut periods to [begin_ms, end_ms], both ends included; by device, ascending, none touching.

    Periods that follow each other without a gap become one, so that a page is asked for once.
    """
    spans: dict[str, list[tuple[int, int]]] = {}
    for period in sorted(periods, key=lambda each: each.from_ms):
        first = max(begin_ms, period.from_ms)
        last = end_ms if period.to_ms is None else min(end_ms, period.to_ms - 1)
        if first > last:
            continue
        known = spans.setdefault(period.device_id, [])
        if known and known[-1][1] + 1 >= first:
            known[-1] = (known[-1][0], max(known[-1][1], last))
        else:
            known.append((first, last))
    return spans

"""Charging stations from rows to answers, for the API and the command line alike."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from api.charging_port import ChargingBook, Place, Shown
from api.charging_schemas import (
    BoxOut,
    CollectionOut,
    FullOut,
    PortOut,
    RevenueLineOut,
    RevenueOut,
    SessionOut,
)
from api.roles import Scope
from api.schemas import CauseOut
from api.times import format_time
from devices.box_forecast import DAYS_MAX
from devices.causes import causes_of
from devices.charger_now import StationNow
from devices.collection import Due, due_of
from devices.day_facts import DayFacts
from devices.reconciliation import CODES
from devices.revenue import revenue_by

DISTRICT_CHARS = 6
"""The first digits of an area code are the district's (GB/T 2260)."""
NOWHERE = "-"
"""Key of stations without a site, or without a district."""
REVENUE_COLUMNS = (
    *(name for name in RevenueLineOut.model_fields if name != "comparisons"),
    *(
        f"{compared}_{part}_fen"
        for compared, codes in CODES.items()
        for part in ("difference", *codes)
    ),
)
"""Of a table of revenue: every part of a difference has a column."""

COLLECTION_COLUMNS = (
    *(name for name in CollectionOut.model_fields if name != "full"),
    *(f"full_{name}" for name in FullOut.model_fields),
)
"""Of a table of boxes: the forecast beside the rest."""


class RevenueBy(StrEnum):
    """What revenue is summed by."""

    STATION = "station"
    SITE = "site"
    DISTRICT = "district"
    DAY = "day"


def words_of(bits: int) -> list[CauseOut]:
    """Causes in words."""
    return [CauseOut(code=c.code, en=c.en, zh=c.zh) for c in causes_of(bits)]


def ports_out(now: StationNow) -> list[PortOut]:
    """Ports with their causes in words."""
    return [
        PortOut(
            n=port.n,
            state=port.state,
            w=port.w,
            wh=port.wh,
            session=port.session,
            err=port.err,
            since=format_time(port.since_ms),
            in_use=port.in_use,
            causes=words_of(port.causes),
        )
        for port in now.ports
    ]


def sessions_out(now: StationNow) -> list[SessionOut]:
    """Sessions, the newest first."""
    return [SessionOut.model_validate(session) for session in reversed(now.sessions)]


def box_out(now: StationNow) -> BoxOut:
    """The box."""
    return BoxOut.model_validate(now.box)


def days_out(days: Iterable[DayFacts]) -> list[RevenueLineOut]:
    """One station's money by day."""
    lines, _ = revenue_by((f.day, "", f) for f in days)
    return [RevenueLineOut.of(line) for line in lines]


def revenue_out(
    book: ChargingBook, scope: Scope, *, by: RevenueBy, first: str, last: str, area: str | None
) -> RevenueOut:
    """Revenue of a period in scope, ascending by key."""
    places = {place.slot: place for place in book.stations(scope, area=area)}
    rows = [
        (places[slot], facts)
        for slot, facts in book.days(scope, first=first, last=last, area=area)
        if slot in places
    ]
    lines, whole = revenue_by((_key(by, place, facts), place.id, facts) for place, facts in rows)
    names = {place.id: place.name for place in places.values()} if by is RevenueBy.STATION else {}
    return RevenueOut(
        by=by.value,
        from_day=first,
        to_day=last,
        lines=[RevenueLineOut.of(line, names.get(line.key, "")) for line in lines],
        all=None if whole is None else RevenueLineOut.of(whole),
    )


def _key(by: RevenueBy, place: Place, facts: DayFacts) -> str:
    match by:
        case RevenueBy.STATION:
            return place.id
        case RevenueBy.SITE:
            return place.site_id or NOWHERE
        case RevenueBy.DISTRICT:
            return place.area[:DISTRICT_CHARS] or NOWHERE
        case RevenueBy.DAY:
            return facts.day


def collection_out(
    book: ChargingBook, scope: Scope, *, today: str, area: str | None
) -> list[CollectionOut]:
    """Boxes in scope, the most urgent first; stations that never spoke are left out."""
    day = date.fromisoformat(today)
    first, last = day - timedelta(days=DAYS_MAX), day - timedelta(days=1)
    by_slot: dict[int, list[int]] = {}
    for slot, facts in book.days(scope, first=str(first), last=str(last), area=area):
        by_slot.setdefault(slot, []).append(facts.coins)
    shown = book.all_now(scope, area=area)
    found = [
        (due_of(shown[place.slot].now.box, by_slot.get(place.slot, [])), place)
        for place in book.stations(scope, area=area)
        if place.slot in shown
    ]
    found.sort(key=lambda pair: (pair[0].order, pair[1].id))
    return [_box_due(place, due, shown) for due, place in found]


def _box_due(place: Place, due: Due, shown: Mapping[int, Shown]) -> CollectionOut:
    box = shown[place.slot].now.box
    return CollectionOut(
        id=place.id,
        name=place.name,
        site_id=place.site_id,
        area=place.area,
        coins=box.coins,
        cap_coins=box.cap_coins,
        share=due.share,
        counted_fen=box.counted_fen,
        emptied_ms=box.emptied_ms,
        open=box.open,
        collector=box.collector,
        collector_until_ms=box.collector_until_ms,
        urgency=due.urgency.value,
        full=None if due.full is None else FullOut.model_validate(due.full),
    )


def flat(line: RevenueLineOut) -> dict[str, str | float | bool | None]:
    """One row of a table, by ``REVENUE_COLUMNS``."""
    row: dict[str, str | float | bool | None] = line.model_dump(exclude={"comparisons"})
    for comparison in line.comparisons:
        name = comparison.compared
        row[f"{name}_difference_fen"] = comparison.difference_fen
        for part in comparison.lines:
            column = f"{name}_{part.code}_fen"
            before = row.get(column)
            row[column] = part.fen + (before if isinstance(before, int) else 0)
    return row


def flat_box(box: CollectionOut) -> dict[str, str | float | bool | None]:
    """One row of a table, by ``COLLECTION_COLUMNS``."""
    row: dict[str, str | float | bool | None] = box.model_dump(exclude={"full"})
    full = {} if box.full is None else box.full.model_dump()
    return row | {f"full_{name}": value for name, value in full.items()}

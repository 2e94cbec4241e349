"""Charging stations: ports, sessions, money by day, and which boxes are to be emptied."""

from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette import status

from api.asking import not_found, page_size
from api.auth import Requires
from api.believed import believe
from api.charger_lines import ChargerLineOut, ChargerPage, find_chargers
from api.charging_answers import (
    COLLECTION_COLUMNS,
    REVENUE_COLUMNS,
    RevenueBy,
    box_out,
    collection_out,
    days_out,
    flat,
    flat_box,
    ports_out,
    revenue_out,
    sessions_out,
    words_of,
)
from api.charging_schemas import ChargerOut, CollectionList, CollectorIn, Day, RevenueOut
from api.csv_text import CSV_RESPONSES, Cell, Format, csv_response
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.fields import AnId, AreaFilter, Cursor, Limit, PathId
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal
from api.schemas import AcceptedOut
from api.times import format_time
from devices.charger_days import KEPT_DAYS, city_day
from devices.control import CollectionTask
from devices.model import AdminState, Device, DeviceClass

router = APIRouter(prefix="/v1", tags=["chargers"])

Reader = Annotated[Principal, Depends(Requires(Permission.CHARGERS_READ))]
Bookkeeper = Annotated[Principal, Depends(Requires(Permission.BOOKS_READ))]
Collector = Annotated[Principal, Depends(Requires(Permission.TICKETS))]

WEEK_DAYS = 7
"""Default period of revenue."""
DAYS_MAX = 400
"""Longest period of revenue, days. Our choice: a year and a month beside it."""


_LINE_COLUMNS = tuple(name for name in ChargerLineOut.model_fields if name != "missing_newest")


@router.get("/chargers", response_model=ChargerPage, responses=CSV_RESPONSES)
def list_chargers(
    *,
    request: Request,
    services: ServicesDep,
    principal: Reader,
    area: AreaFilter = None,
    site: Annotated[AnId | None, Query()] = None,
    trouble: Annotated[bool, Query(description="Only those with something wrong")] = False,
    cursor: Cursor = None,
    limit: Limit = None,
    as_: Format = "json",
) -> ChargerPage | Response:
    """List charging stations in use, the worst first, with their ports counted."""
    found = find_chargers(
        services,
        principal.scope,
        area=area,
        site=site,
        only_trouble=trouble,
        after=decode_cursor(cursor, int, int, int),
        limit=page_size(services, limit),
    )
    if as_ == "csv":
        rows = map(_line_row, found.page)
        return csv_response(request, "chargers", _LINE_COLUMNS, rows, found.next_key)
    return ChargerPage(
        chargers=found.page,
        stations=found.stations,
        in_trouble=found.in_trouble,
        next=encode_cursor(*found.next_key) if found.next_key else None,
    )


@router.get("/chargers/{charger_id}")
def get_charger(charger_id: PathId, services: ServicesDep, principal: Reader) -> ChargerOut:
    """Get a charging station: ports, sessions, box, and the money of the last days."""
    device = _station(services, principal, charger_id)
    shown = services.charging.now(device.slot)
    money = None
    if principal.may(Permission.BOOKS_READ):
        today = _today(services)
        first = str(date.fromisoformat(today) - timedelta(days=KEPT_DAYS - 1))
        money = days_out(services.charging.days_of(device.slot, first=first, last=today))
    return ChargerOut(
        id=device.id,
        name=device.name,
        site_id=device.site_id or "",
        area=device.area,
        at=None if shown is None else format_time(shown.at_ms),
        causes=words_of(int(believe(services.latest.get(device.slot)).causes)),
        ports=[] if shown is None else ports_out(shown.now),
        sessions=[] if shown is None else sessions_out(shown.now),
        box=None if shown is None else box_out(shown.now),
        money=money,
    )


@router.post("/chargers/{charger_id}/collection", status_code=status.HTTP_202_ACCEPTED)
def send_collector(
    charger_id: PathId, body: CollectorIn, services: ServicesDep, principal: Collector
) -> AcceptedOut:
    """Say that somebody empties the box until then: opening it meanwhile is no break-in."""
    device = _station(services, principal, charger_id)
    if device.admin is AdminState.RETIRED:
        raise Problem(ProblemCode.INVALID, f"{charger_id} is retired: there is nothing to empty")
    now_ms = services.now_ms()
    task = CollectionTask(at_ms=now_ms, by=principal.name, device_id=device.id, until_ms=body.until)
    audit = audit_of(principal, "collection", f"device:{device.id}", at_ms=now_ms)
    return AcceptedOut(control_id=services.actions.post(task, audit))


@router.get("/revenue", response_model=RevenueOut, responses=CSV_RESPONSES)
def get_revenue(
    *,
    request: Request,
    services: ServicesDep,
    principal: Bookkeeper,
    by: RevenueBy = RevenueBy.STATION,
    from_day: Annotated[Day | None, Query(alias="from")] = None,
    to_day: Annotated[Day | None, Query(alias="to")] = None,
    area: AreaFilter = None,
    as_: Format = "json",
) -> RevenueOut | Response:
    """Get revenue by days of the city, both included, with every difference. Default: a week."""
    last = to_day or _today(services)
    first = from_day or str(date.fromisoformat(last) - timedelta(days=WEEK_DAYS - 1))
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    if not 0 <= days <= DAYS_MAX:
        raise Problem(ProblemCode.INVALID, f"from {first} to {last}: 0 to {DAYS_MAX} days apart")
    found = revenue_out(
        services.charging, principal.scope, by=by, first=first, last=last, area=area
    )
    if as_ == "csv":
        return csv_response(request, "revenue", REVENUE_COLUMNS, map(flat, found.lines), None)
    return found


@router.get("/collection", response_model=CollectionList, responses=CSV_RESPONSES)
def get_collection(
    *,
    request: Request,
    services: ServicesDep,
    principal: Collector,
    area: AreaFilter = None,
    as_: Format = "json",
) -> CollectionList | Response:
    """List coin boxes, the most urgent first, with a forecast of when each is full."""
    today = _today(services)
    boxes = collection_out(services.charging, principal.scope, today=today, area=area)
    if as_ == "csv":
        return csv_response(request, "collection", COLLECTION_COLUMNS, map(flat_box, boxes), None)
    return CollectionList(boxes=boxes)


def _line_row(line: ChargerLineOut) -> dict[str, Cell]:
    row: dict[str, Cell] = line.model_dump(exclude={"causes", "trouble", "missing_newest"})
    row["causes"] = " ".join(cause.code for cause in line.causes)
    row["trouble"] = " ".join(str(port.n) for port in line.trouble)
    return row


def _today(services: Services) -> str:
    return city_day(services.now_ms(), ZoneInfo(services.policy.timezone))


def _station(services: Services, principal: Principal, charger_id: str) -> Device:
    device = services.devices.one(principal.scope, charger_id)
    if device is None or device.cls is not DeviceClass.CHARGER:
        not_found()
    return device

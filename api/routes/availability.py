"""How available devices were, by device and by group, and the story of one device."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asking import not_found, page_size
from api.auth import Requires
from api.believed import believe, health_out
from api.csv_text import CSV_RESPONSES, Format, csv_response
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.device_trends import trends_of
from api.fields import Cursor, Limit, PathId
from api.health_port import FleetRow
from api.health_schemas import (
    AvailabilityLineOut,
    AvailabilityOut,
    AvailabilityPage,
    FixDayOut,
    StoryOut,
)
from api.privacy import PurposeHeader, audit_of, purpose_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal
from api.spells import spells_out, spent_out, trend_out
from api.times import TimeMs
from devices.availability import By, Line, lines
from devices.health_events import HealthChange
from devices.model import Device

router = APIRouter(tags=["devices"])

Reader = Annotated[Principal, Depends(Requires(Permission.DEVICES_READ))]
From = Annotated[TimeMs | None, Query(alias="from", description="Default: 30 days before the end")]
To = Annotated[TimeMs | None, Query(alias="to", description="Default, and the latest: now")]
WeekFrom = Annotated[
    TimeMs | None, Query(alias="from", description="Default: 7 days before the end")
]

DAY_MS = 86_400_000
PERIOD_DAYS = 30
STORY_DAYS = 7
PERIOD_MAX_DAYS = 400
"""As long as changes are kept by default (``records.health_days``)."""

_CSV_COLUMNS = tuple(AvailabilityLineOut.model_fields)


@router.get("/v1/devices/{device_id}/availability")
def get_availability(
    *,
    device_id: PathId,
    services: ServicesDep,
    principal: Reader,
    from_ms: From = None,
    to_ms: To = None,
) -> AvailabilityOut:
    """Get how available a device was, from the changes of its presence; maintenance excluded."""
    device = _device(services, principal, device_id)
    begin_ms, end_ms = _period(services.now_ms(), from_ms, to_ms, PERIOD_DAYS)
    line = _line_of(services, device, begin_ms, end_ms)
    return AvailabilityOut(
        device=device.id, from_ms=begin_ms, to_ms=end_ms, **spent_out(line).model_dump()
    )


@router.get("/v1/availability", response_model=AvailabilityPage, responses=CSV_RESPONSES)
def list_availability(
    *,
    request: Request,
    services: ServicesDep,
    principal: Reader,
    by: By = By.DISTRICT,
    from_ms: From = None,
    to_ms: To = None,
    cursor: Cursor = None,
    limit: Limit = None,
    as_: Format = "json",
) -> AvailabilityPage | Response:
    """Get how available the devices in scope were, by group, the least available first."""
    key = decode_cursor(cursor, int, int)
    asked_ms, first = (to_ms, 0) if key is None else (int(key[0]), int(key[1]))
    begin_ms, end_ms = _period(services.now_ms(), from_ms, asked_ms, PERIOD_DAYS)
    fleet = services.health.fleet(principal.scope)
    with _alone(request):
        spent = services.health.spent([device.slot for device in fleet], begin_ms, end_ms)
    found = lines(spent, [_key(device, by) for device in fleet])
    size = page_size(services, limit)
    names = {device.slot: device.id for device in fleet}
    page = [
        AvailabilityLineOut(
            key=line.key,
            devices=line.devices,
            worst_device=None if line.worst_slot is None else names[line.worst_slot],
            worst=None if line.worst is None else round(line.worst, 6),
            **spent_out(line).model_dump(),
        )
        for line in found[first : first + size]
    ]
    next_key = (end_ms, first + size) if first + size < len(found) else None
    if as_ == "csv":
        rows = (line.model_dump() for line in page)
        return csv_response(request, f"availability-{by}", _CSV_COLUMNS, rows, next_key)
    return AvailabilityPage(
        by=by,
        from_ms=begin_ms,
        to_ms=end_ms,
        lines=page,
        next=None if next_key is None else encode_cursor(*next_key),
    )


@router.get("/v1/devices/{device_id}/story")
def get_story(
    *,
    device_id: PathId,
    services: ServicesDep,
    principal: Reader,
    from_ms: WeekFrom = None,
    to_ms: To = None,
    cursor: Cursor = None,
    limit: Limit = None,
    x_purpose: PurposeHeader = None,
) -> StoryOut:
    """Get what a device was through, why, and where its battery and signal are going.

    What a vehicle's tracker was through needs a purpose: when it woke tells when it was moved.
    """
    purpose = purpose_of(principal, x_purpose)
    device = _device(services, principal, device_id)
    now_ms = services.now_ms()
    key = decode_cursor(cursor, int, int, int)
    begin_ms, end_ms = _period(now_ms, from_ms, to_ms if key is None else int(key[0]), STORY_DAYS)
    until_ms = None if end_ms == now_ms else end_ms
    hidden = device.vehicle_id is not None and purpose is None
    if device.vehicle_id is not None and purpose is not None:
        target = f"vehicle:{device.vehicle_id}"
        services.actions.note(
            [audit_of(principal, "health_story_seen", target, at_ms=now_ms, purpose=purpose)]
        )
    size = page_size(services, limit)
    below = None if key is None else int(key[1])
    until_ms = until_ms if key is None else int(key[2])
    changes: list[HealthChange] = []
    more = False
    if not hidden:
        changes += services.health.changes(
            device.slot, begin_ms, end_ms, below_seq=below, limit=size + 1
        )
        more, changes = len(changes) > size, changes[:size]
        held = services.health.held(device.slot, begin_ms)
        changes += [held] if not more and held is not None else []
    trends = trends_of(services.telemetry, device, now_ms)
    return StoryOut(
        health=health_out(device, believe(services.latest.get(device.slot)), now_ms),
        from_ms=begin_ms,
        to_ms=end_ms,
        spent=spent_out(_line_of(services, device, begin_ms, end_ms)),
        spells=spells_out(changes, now_ms, until_ms=until_ms),
        spells_hidden=hidden,
        trends=[trend_out(measure, line) for measure, line in trends.lines.items()],
        fix_days=[
            FixDayOut(
                day=one.day,
                fixes=one.fixes,
                usable=round(one.usable, 4),
                acc_m=None if one.acc_m is None else round(one.acc_m, 1),
            )
            for one in trends.fix_days
        ],
        next=encode_cursor(end_ms, changes[-1].seq, changes[-1].at_ms) if more else None,
    )


@contextmanager
def _alone(request: Request) -> Iterator[None]:
    """Add up one city at a time: it may take this process seconds.

    Raises:
        Problem: Somebody else is at it; come back.
    """
    turn: Lock = request.app.state.availability_turn
    if not turn.acquire(blocking=False):
        raise Problem(ProblemCode.BUSY, "availability is being added up for somebody else")
    try:
        yield
    finally:
        turn.release()


def _key(device: FleetRow, by: By) -> str:
    """What a device belongs to."""
    match by:
        case By.SITE:
            return device.site_id or ""
        case By.DISTRICT:
            return device.area[:6]
        case By.VENDOR:
            return device.vendor
        case By.MODEL:
            return device.model
        case By.CLASS:
            return device.cls


def _device(services: Services, principal: Principal, device_id: str) -> Device:
    device = services.devices.one(principal.scope, device_id)
    if device is None:
        not_found()
    return device


def _line_of(services: Services, device: Device, begin_ms: int, end_ms: int) -> Line:
    return lines(services.health.spent([device.slot], begin_ms, end_ms), [device.id])[0]


def _period(now_ms: int, from_ms: int | None, to_ms: int | None, days: int) -> tuple[int, int]:
    """Begin and end of a period that lies in the past, ms UTC.

    Raises:
        Problem: It ends before it begins, or is too long.
    """
    end_ms = now_ms if to_ms is None else min(to_ms, now_ms)
    begin_ms = end_ms - days * DAY_MS if from_ms is None else from_ms
    if begin_ms >= end_ms:
        raise Problem(ProblemCode.INVALID, "from is not earlier than to, and than now")
    if end_ms - begin_ms > PERIOD_MAX_DAYS * DAY_MS:
        raise Problem(ProblemCode.INVALID, f"a period has at most {PERIOD_MAX_DAYS} days")
    return begin_ms, end_ms

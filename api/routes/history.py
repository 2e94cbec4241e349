"""What a device measured over a period and when it was heard: charts, never a single row."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query

from api.asking import not_found, page_size
from api.auth import Requires
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.fields import Cursor, Limit, PathId
from api.history_schemas import HeardHistoryOut, HeardOut, HistoryOut, IntervalOut
from api.privacy import PurposeHeader, audit_of, purpose_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal
from api.times import TimeMs
from devices.model import Device, DeviceClass
from devices.telemetry import MEASURES

router = APIRouter(prefix="/v1/devices", tags=["devices"])

Reader = Annotated[Principal, Depends(Requires(Permission.DEVICES_READ))]
From = Annotated[TimeMs | None, Query(alias="from", description="Default: 24 hours before the end")]
To = Annotated[TimeMs | None, Query(alias="to", description="Default, and the latest: now")]
Every = Annotated[
    str,
    Query(
        pattern=r"^[1-9][0-9]{0,5}[smhd]$",
        description="Length of an interval: `600s`, `10m`, `1h`, `1d`; they begin at its multiples",
        examples=["10m"],
    ),
]

DAY_MS = 86_400_000
EVERY_MAX_MS = 366 * DAY_MS
INTERVALS_MAX = 10_000
"""Of a page: more than any screen has columns, and what the stores give at most."""
MOVEMENT = frozenset({"speed_mps"})
"""Measures that tell of a vehicle's movement: they need a purpose, as its track does."""

_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": DAY_MS}
_MEASUREMENT = {
    DeviceClass.TRACKER: "fix",
    DeviceClass.CHARGER: "charger",
    DeviceClass.CAMERA: "camera",
}
"""What a device of each class sends again and again while it is well; gateways have nothing."""


class _Span(NamedTuple):
    """One page of a period: ms UTC, both ends belong to it; ``next_ms`` = where the next begins."""

    from_ms: int
    to_ms: int
    every_ms: int
    next_ms: int | None

    @property
    def next(self) -> str | None:
        """The cursor of the next page."""
        return None if self.next_ms is None else encode_cursor(self.next_ms)


@router.get("/{device_id}/history")
def get_history(
    *,
    device_id: PathId,
    services: ServicesDep,
    principal: Reader,
    measure: Annotated[
        str | None, Query(max_length=64, description="Default: the first of its class")
    ] = None,
    from_ms: From = None,
    to_ms: To = None,
    every: Every = "1h",
    cursor: Cursor = None,
    limit: Limit = None,
    x_purpose: PurposeHeader = None,
) -> HistoryOut:
    """Get one measure by intervals: mean, least and most. A vehicle's speed needs a purpose."""
    purpose = purpose_of(principal, x_purpose)
    device = _device(services, principal, device_id)
    measurement = _measurement(device)
    known = MEASURES[measurement]
    column = known[0] if measure is None else measure
    if column not in known:
        raise Problem(ProblemCode.INVALID, f"measures of a {device.cls}: {', '.join(known)}")
    span = _span(services, (from_ms, to_ms), every, cursor, limit)
    if column in MOVEMENT and device.vehicle_id is not None:
        if purpose is None:
            raise Problem(ProblemCode.PURPOSE_REQUIRED, f"role {principal.role} has no default")
        target, now_ms = f"vehicle:{device.vehicle_id}", services.now_ms()
        services.actions.note(
            [audit_of(principal, "speed_seen", target, at_ms=now_ms, purpose=purpose)]
        )
    found = services.telemetry.history(
        measurement, column, device.id, span.from_ms, span.to_ms, span.every_ms
    )
    return HistoryOut(
        device=device.id,
        measure=column,
        from_ms=span.from_ms,
        to_ms=span.to_ms,
        every_s=span.every_ms // 1000,
        intervals=[
            IntervalOut(t_ms=one.begin_ms, mean=one.mean, least=one.least, most=one.most)
            for one in found
        ],
        next=span.next,
    )


@router.get("/{device_id}/heard")
def get_heard(
    *,
    device_id: PathId,
    services: ServicesDep,
    principal: Reader,
    from_ms: From = None,
    to_ms: To = None,
    every: Every = "1h",
    cursor: Cursor = None,
    limit: Limit = None,
) -> HeardHistoryOut:
    """Get in which intervals a device measured anything, late uploads included."""
    device = _device(services, principal, device_id)
    span = _span(services, (from_ms, to_ms), every, cursor, limit)
    found = services.telemetry.availability(
        _measurement(device),
        device.id,
        span.from_ms,
        span.to_ms,
        every_ms=span.every_ms,
    )
    heard = [HeardOut(t_ms=begin_ms, heard=rows > 0) for begin_ms, rows in found]
    return HeardHistoryOut(
        device=device.id,
        from_ms=span.from_ms,
        to_ms=span.to_ms,
        every_s=span.every_ms // 1000,
        share=round(sum(one.heard for one in heard) / len(heard), 4),
        intervals=heard,
        next=span.next,
    )


def _device(services: Services, principal: Principal, device_id: str) -> Device:
    device = services.devices.one(principal.scope, device_id)
    if device is None:
        not_found()
    return device


def _measurement(device: Device) -> str:
    """Give the rows that tell of a device.

    Raises:
        Problem: A gateway has none.
    """
    measurement = _MEASUREMENT.get(DeviceClass(device.cls))
    if measurement is None:
        raise Problem(ProblemCode.INVALID, f"measures of a {device.cls}: none; ask its devices")
    return measurement


def _span(
    services: Services,
    asked: tuple[int | None, int | None],
    every: str,
    cursor: str | None,
    limit: int | None,
) -> _Span:
    """Give the part of the period that this page shows, in whole intervals.

    Raises:
        Problem: The period ends before it begins, its intervals are too short, or the cursor
            leads out of it.
    """
    now_ms = services.now_ms()
    end_ms = now_ms if asked[1] is None else min(asked[1], now_ms)
    begin_ms = end_ms - DAY_MS if asked[0] is None else asked[0]
    if begin_ms > end_ms:
        raise Problem(ProblemCode.INVALID, "from is later than to, or than now")
    every_ms = int(every[:-1]) * _UNIT_MS[every[-1]]
    least_s = services.policy.every_least_s
    if not least_s * 1000 <= every_ms <= EVERY_MAX_MS:
        raise Problem(
            ProblemCode.INVALID,
            f"every is at least {least_s:g} s (a parked vehicle has few rows) and at most 366d",
        )
    key = decode_cursor(cursor, int)
    first_ms = begin_ms if key is None else max(begin_ms, int(key[0]))
    if first_ms > end_ms:
        raise Problem(ProblemCode.INVALID, "the cursor is not of this period: start again")
    size = min(page_size(services, limit), INTERVALS_MAX)
    next_ms = (first_ms // every_ms + size) * every_ms
    if next_ms > end_ms:
        return _Span(first_ms, end_ms, every_ms, None)
    return _Span(first_ms, next_ms - 1, every_ms, next_ms)

"""What devices were bound to: a row when a binding ends, ``devices`` for the one that holds.

A period on nothing is not kept. What began before 0008 began "since ever" (0).
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from devices.bindings import Ended, Period
from devices.model import AdminState
from stores.queries import IN_MAX
from stores.schema import device_history, devices

PERIODS_MAX = 1_000
"""Most periods read of one device or vehicle: three a day for a year."""
_ENDED = tuple(device_history.c[name] for name in Period.__struct_fields__)
_HOLDS = (*(devices.c[name] for name in ("id", "vehicle_id", "site_id", "area", "bound_ms")),)
_STANDS = sa.or_(devices.c.admin != AdminState.RETIRED, devices.c.bound_ms == 0)
"""A retired device holds nothing since then; of before 0008 nobody knows when that was."""


def put_periods(connection: sa.Connection, ended: Sequence[Period]) -> None:
    """Keep periods that ended, in the caller's transaction; those on nothing are left out."""
    rows = [
        {name: getattr(period, name) for name in Period.__struct_fields__}
        for period in ended
        if period.vehicle_id is not None or period.site_id is not None
    ]
    if rows:
        connection.execute(sa.insert(device_history), rows)


def periods_of_vehicles(connection: sa.Connection, vehicle_ids: Collection[str]) -> list[Period]:
    """Which devices were on these vehicles, and when; ascending by begin."""
    wanted = sorted(vehicle_ids)
    found: list[Period] = []
    for start in range(0, len(wanted), IN_MAX):
        some = wanted[start : start + IN_MAX]
        found += _periods(
            connection, device_history.c.vehicle_id.in_(some), devices.c.vehicle_id.in_(some)
        )
    return sorted(found, key=_by_begin)


def periods_of_device(connection: sa.Connection, device_id: str) -> list[Period]:
    """What a device was on, and when; ascending by begin."""
    was, is_now = device_history.c.device_id == device_id, devices.c.id == device_id
    return sorted(_periods(connection, was, is_now), key=_by_begin)


def _by_begin(period: Period) -> tuple[int, str]:
    return period.from_ms, period.device_id


def _periods(
    connection: sa.Connection, was: sa.ColumnElement[bool], is_now: sa.ColumnElement[bool]
) -> list[Period]:
    ended = sa.select(*_ENDED).where(was).order_by(device_history.c.id.desc()).limit(PERIODS_MAX)
    on_something = sa.or_(devices.c.vehicle_id.is_not(None), devices.c.site_id.is_not(None))
    holding = sa.select(*_HOLDS).where(is_now, _STANDS, on_something)
    return [Period(**row) for row in connection.execute(ended).mappings()] + [
        Period(
            device_id=row.id,
            vehicle_id=row.vehicle_id,
            site_id=row.site_id,
            area=row.area,
            from_ms=row.bound_ms,
        )
        for row in connection.execute(holding)
    ]


def ended_by(row: sa.Row[Any], ended: Ended, *, at_ms: int, why: str = "", by: str = "") -> Period:
    """The period that a row of ``devices`` stands in, ended now (never before it began)."""
    return Period(
        device_id=row.id,
        vehicle_id=row.vehicle_id,
        site_id=row.site_id,
        area=row.area,
        from_ms=row.bound_ms,
        to_ms=max(at_ms, row.bound_ms),
        ended=ended.value,
        why=why,
        by=by,
    )

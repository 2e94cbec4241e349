"""One device in the place of another, and devices that are retired: bindings end, history stays."""

from typing import Any

import msgspec
import sqlalchemy as sa

from devices.bindings import Ended
from devices.model import AdminState, Device
from devices.registration_faults import SwapRefused
from stores.registry_bindings import ended_by, put_periods
from stores.registry_claims import drop_claims
from stores.registry_devices import DEVICE_COLUMNS, device_of
from stores.schema import devices

_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (*DEVICE_COLUMNS, devices.c.bound_ms)
WHY_MAX = 200
"""Longest reason kept with a binding that ended."""


def swap(
    connection: sa.Connection, old_id: str, new_id: str, *, why: str, by: str, now_ms: int
) -> tuple[Device, Device]:
    """Give ``new_id`` the vehicle, site, area and place of ``old_id``, and retire that one.

    What the old one was stays readable: its binding ends now and is kept. The new one keeps its
    model, profile and foreign ids, and its name and place where it has them.

    Args:
        connection: Inside a writing transaction that has the turn of registrations.
        old_id: On a vehicle or at a site.
        new_id: Registered, of the same class, on nothing.
        why: What the person says.
        by: Who does it.
        now_ms: Wall clock, ms UTC.

    Returns:
        Both as they are now, for one control row.

    Raises:
        SwapRefused: Nothing was changed.
    """
    rows = {
        row.id: row
        for row in connection.execute(
            sa.select(*_COLUMNS).where(devices.c.id.in_([old_id, new_id]))
        )
    }
    if fault := _fault(rows, old_id, new_id, why):
        raise SwapRefused([fault])
    old, new = device_of(rows[old_id]), device_of(rows[new_id])
    has_place = new.lat_deg is not None
    now = msgspec.structs.replace(
        new,
        vehicle_id=old.vehicle_id,
        site_id=old.site_id,
        area=old.area,
        name=new.name or old.name,
        lat_deg=new.lat_deg if has_place else old.lat_deg,
        lon_deg=new.lon_deg if has_place else old.lon_deg,
    )
    gone = msgspec.structs.replace(old, vehicle_id=None, site_id=None, admin=AdminState.RETIRED)
    put_periods(connection, [ended_by(rows[old_id], Ended.SWAPPED, at_ms=now_ms, why=why, by=by)])
    for device in (gone, now):
        connection.execute(
            sa.update(devices)
            .where(devices.c.id == device.id)
            .values(
                vehicle_id=device.vehicle_id,
                site_id=device.site_id,
                area=device.area,
                name=device.name,
                lat_deg=device.lat_deg,
                lon_deg=device.lon_deg,
                admin=device.admin,
                bound_ms=max(now_ms, rows[device.id].bound_ms),
            )
        )
    drop_claims(connection, [old_id])
    return gone, now


def _fault(rows: dict[str, sa.Row[Any]], old_id: str, new_id: str, why: str) -> str:
    """Why not, "" when it can be done."""
    if old_id == new_id:
        return f"{old_id}: it is in its own place already"
    if len(why) > WHY_MAX:
        return f"why has {len(why)} characters, at most {WHY_MAX}"
    for name in (old_id, new_id):
        if name not in rows:
            return f"{name}: there is no such device: register it first"
        if rows[name].admin == AdminState.RETIRED:
            return f"{name}: is retired: register it again first"
    return _mismatch(rows[old_id], rows[new_id])


def _mismatch(old: sa.Row[Any], new: sa.Row[Any]) -> str:
    if old.cls != new.cls:
        return f"{new.id}: is of class {new.cls}, {old.id} of class {old.cls}"
    if old.vehicle_id is None and old.site_id is None:
        return f"{old.id}: is on no vehicle and at no site, there is nothing to take over"
    for word, taken, wanted in (
        ("on vehicle", new.vehicle_id, old.vehicle_id),
        ("at site", new.site_id, old.site_id),
    ):
        if taken not in {None, wanted}:
            return f"{new.id}: is {word} {taken}: take it off there first"
    return ""


def give_admin(connection: sa.Connection, device_id: str, admin: AdminState) -> Device | None:
    """Say of a device that it is in use, or in maintenance, in the caller's transaction.

    Returns:
        As it is now; None = it is so already, or retired, or there is none.
    """
    row = connection.execute(sa.select(*_COLUMNS).where(devices.c.id == device_id)).one_or_none()
    if row is None or row.admin in {admin, AdminState.RETIRED}:
        return None
    connection.execute(sa.update(devices).where(devices.c.id == device_id).values(admin=admin))
    return msgspec.structs.replace(device_of(row), admin=admin)


def retire(connection: sa.Connection, device_id: str, *, by: str, now_ms: int) -> bool:
    """Take a device out of service, in the caller's transaction; False: there is none."""
    row = connection.execute(sa.select(*_COLUMNS).where(devices.c.id == device_id)).one_or_none()
    if row is None:
        return False
    if row.admin != AdminState.RETIRED:
        period = ended_by(row, Ended.RETIRED, at_ms=now_ms, by=by)
        put_periods(connection, [period])
        connection.execute(
            sa.update(devices)
            .where(devices.c.id == device_id)
            .values(admin=AdminState.RETIRED, bound_ms=period.to_ms)
        )
    return True

"""A device between its row and its value: what may be registered, and how it is kept."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from devices.bindings import Ended, Period
from devices.ids import device_id_fault
from devices.model import PLAIN, AdminState, Device, DeviceClass, Profile
from devices.registration_faults import (
    Claim,
    RegistryError,
    arriving,
    claims_twice,
)
from devices.topics import DEVICE_ID, OUR_PREFIX
from stores.bulk import insert_all, one_of
from stores.registry_bindings import ended_by, put_periods
from stores.registry_widths import width_faults
from stores.schema import devices

AREA = re.compile(r"[0-9]{0,14}", re.ASCII)
DEVICE_COLUMNS = tuple(devices.c[name] for name in Device.__struct_fields__)
"""What ``device_of`` reads: everything but the secret and when it was registered."""
_KNOWN = ("id", "slot", "profile", "model", "admin", "vehicle_id", "site_id", "area", "bound_ms")


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device to register.

    Attributes:
        secret_hash: What the broker's password file holds.
        profile: None keeps the one it has; a device that is new has none.
    """

    id: str
    cls: DeviceClass
    secret_hash: str
    vehicle_id: str | None = None
    site_id: str | None = None
    area: str = ""
    model: str = ""
    interval_s: int = 0
    admin: AdminState = AdminState.ACTIVE
    profile: Profile | None = None
    vendor: str = ""
    name: str = ""
    lat_deg: float | None = None
    lon_deg: float | None = None


class Known(NamedTuple):
    """What stays of a device that is registered again, and the period it stands in."""

    slot: int
    profile: Profile
    model: str
    admin: AdminState
    period: sa.Row[tuple[object, ...]]


def checked(new: Sequence[NewDevice]) -> list[NewDevice]:
    """Give devices with their foreign ids in the form in which they arrive.

    Raises:
        RegistryError: With a line for every fault.
    """
    fit = [_fit(device) for device in new]
    faults = [fault for _, wrong in fit for fault in wrong]
    faults = faults or width_faults(devices, map(msgspec.structs.asdict, new))
    counts = Counter(device.id for device in new)
    faults += [f"{name}: stands here twice" for name, count in counts.items() if count > 1]
    if faults:
        raise RegistryError(faults)
    return [device for device, _ in fit]


def known_of(connection: sa.Connection, new: Sequence[NewDevice]) -> dict[str, Known]:
    """Those that are registered already, by id."""
    columns = sa.select(*(devices.c[name] for name in _KNOWN))
    query = columns.where(one_of(connection, devices.c.id, [device.id for device in new]))
    return {
        row.id: Known(row.slot, _profile_in(row.profile), row.model, AdminState(row.admin), row)
        for row in connection.execute(query)
    }


def check_fresh(new: Sequence[NewDevice], known: Mapping[str, Known]) -> None:
    """Refuse ids that no new device may have; what is registered keeps the id it has.

    Raises:
        RegistryError: With a line for each; the ids are not repeated.
    """
    places = [k for k, device in enumerate(new, start=1) if device.id not in known]
    faults = [
        f"device {k} of the request: {fault}"
        for k in places
        if (fault := device_id_fault(new[k - 1].id))
    ]
    if faults:
        raise RegistryError(faults)


def claims_of_all(new: Sequence[NewDevice]) -> dict[Claim, str]:
    """Give the foreign ids wanted, by device; retired devices want none.

    Raises:
        RegistryError: Two of them want the same.
    """
    using = [(d.id, d.profile or PLAIN) for d in new if d.admin is not AdminState.RETIRED]
    claims, twice = claims_twice(using)
    if twice:
        raise RegistryError(twice)
    return claims


def _fit(device: NewDevice) -> tuple[NewDevice, list[str]]:
    """A device with its foreign ids in the form in which they arrive, and its faults."""
    if device.profile is None:
        return device, list(_own_faults(device))
    profile, wrong = arriving(device.id, device.profile)
    return msgspec.structs.replace(device, profile=profile), [*_own_faults(device), *wrong]


def _own_faults(device: NewDevice) -> Iterable[str]:
    if DEVICE_ID.fullmatch(device.id) is None or device.id.startswith(OUR_PREFIX):
        yield f"{device.id!r}: an id has 1-64 of a-z 0-9 - and does not begin with {OUR_PREFIX!r}"
    if AREA.fullmatch(device.area) is None:
        yield f"{device.id}: area {device.area!r} is not a grid code of up to 14 digits"


def put_devices(
    connection: sa.Connection,
    new: Sequence[NewDevice],
    known: Mapping[str, Known],
    *,
    now_ms: int,
    by: str,
) -> list[Device]:
    """Write devices and what bindings end by it; gives them with their slots, in the order given.

    Looks before it writes: an INSERT that meets its id would use up a slot.
    """
    rows = {device.id: _row_of(device) for device in new}
    fresh = [device for device in new if device.id not in known]
    if fresh:
        made = [rows[device.id] | {"registered_ms": now_ms} for device in fresh]
        insert_all(connection, devices, made)
    ended = {
        device.id: period
        for device in new
        if device.id in known
        and (period := _ended(known[device.id], device, now_ms=now_ms, by=by)) is not None
    }
    put_periods(connection, list(ended.values()))
    again = [
        rows[device.id]
        | {
            "key": device.id,
            "bound_ms": ended[device.id].to_ms
            if device.id in ended
            else known[device.id].period.bound_ms,
        }
        for device in new
        if device.id in known
    ]
    if again:
        connection.execute(sa.update(devices).where(devices.c.id == sa.bindparam("key")), again)
    slots = {name: each.slot for name, each in known.items()} | _slots_of(connection, fresh)
    return [_numbered(device, slots[device.id]) for device in new]


def _slots_of(connection: sa.Connection, fresh: Sequence[NewDevice]) -> dict[str, int]:
    query = sa.select(devices.c.id, devices.c.slot).where(
        one_of(connection, devices.c.id, [device.id for device in fresh])
    )
    return {row.id: row.slot for row in connection.execute(query)}


def _ended(known: Known, new: NewDevice, *, now_ms: int, by: str) -> Period | None:
    """The period of a device that ends when it is registered so; None: it goes on."""
    row = known.period
    was_retired, is_retired = (admin is AdminState.RETIRED for admin in (known.admin, new.admin))
    if was_retired and is_retired:
        return None
    if is_retired:
        return ended_by(row, Ended.RETIRED, at_ms=now_ms, by=by)
    if was_retired:
        period = ended_by(row, Ended.RETURNED, at_ms=now_ms, by=by)
        if period.from_ms:  # its retirement is known, and it was on nothing since
            period = msgspec.structs.replace(period, vehicle_id=None, site_id=None)
        return period
    if (row.vehicle_id, row.site_id) == (new.vehicle_id, new.site_id):
        return None
    return ended_by(row, Ended.MOVED, at_ms=now_ms, by=by)


def _row_of(device: NewDevice) -> dict[str, object]:
    """Columns of a device but its slot and when it was registered."""
    profile = msgspec.json.encode(device.profile or PLAIN).decode()
    return msgspec.structs.asdict(device) | {"profile": profile}


def _numbered(new: NewDevice, slot: int) -> Device:
    """The registered device, without its secret."""
    return Device(
        id=new.id,
        slot=slot,
        cls=new.cls,
        vehicle_id=new.vehicle_id,
        site_id=new.site_id,
        area=new.area,
        model=new.model,
        interval_s=new.interval_s,
        admin=new.admin,
        profile=new.profile or PLAIN,
        vendor=new.vendor,
        name=new.name,
        lat_deg=new.lat_deg,
        lon_deg=new.lon_deg,
    )


def device_of(row: sa.Row[tuple[object, ...]]) -> Device:
    """The device of a row of ``DEVICE_COLUMNS``."""
    return Device(
        id=row.id,
        slot=row.slot,
        cls=DeviceClass(row.cls),
        vehicle_id=row.vehicle_id,
        site_id=row.site_id,
        area=row.area,
        model=row.model,
        interval_s=row.interval_s,
        admin=AdminState(row.admin),
        profile=_profile_in(row.profile),
        vendor=row.vendor,
        name=row.name,
        lat_deg=row.lat_deg,
        lon_deg=row.lon_deg,
    )


def _profile_in(body: str) -> Profile:
    """The profile of a column."""
    return PLAIN if body == "{}" else msgspec.json.decode(body, type=Profile)

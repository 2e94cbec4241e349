"""A device between its row and its value: what may be registered, and how it is kept."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from devices.model import PLAIN, AdminState, Device, DeviceClass, Profile
from devices.registration_faults import (
    Claim,
    RegistryError,
    as_it_arrives,
    claims_twice,
    profile_faults,
)
from devices.topics import DEVICE_ID, OUR_PREFIX
from stores.queries import IN_MAX
from stores.registry_widths import width_faults
from stores.schema import devices

AREA = re.compile(r"[0-9]{0,14}", re.ASCII)
DEVICE_COLUMNS = tuple(devices.c[name] for name in Device.__struct_fields__)
"""What ``device_of`` reads: everything but the secret and when it was registered."""


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
    """What stays of a device that is registered again."""

    slot: int
    profile: Profile


def checked(new: Sequence[NewDevice]) -> list[NewDevice]:
    """Give devices with their foreign ids in the form in which they arrive.

    Raises:
        RegistryError: With a line for every fault.
    """
    faults = [fault for device in new for fault in _faults_of(device)]
    faults = faults or width_faults(devices, (_row_of(device) for device in new))
    counts = Counter(device.id for device in new)
    faults += [f"{name}: stands here twice" for name, count in counts.items() if count > 1]
    if faults:
        raise RegistryError(faults)
    return [
        msgspec.structs.replace(device, profile=as_it_arrives(device.profile))
        if device.profile
        else device
        for device in new
    ]


def known_of(connection: sa.Connection, new: Sequence[NewDevice]) -> dict[str, Known]:
    """Those that are registered already, by id."""
    columns = sa.select(devices.c.id, devices.c.slot, devices.c.profile)
    ids = [device.id for device in new]
    known: dict[str, Known] = {}
    for start in range(0, len(ids), IN_MAX):
        query = columns.where(devices.c.id.in_(ids[start : start + IN_MAX]))
        known |= {
            row.id: Known(row.slot, _profile_in(row.profile)) for row in connection.execute(query)
        }
    return known


def with_profiles(new: Sequence[NewDevice], known: Mapping[str, Known]) -> list[NewDevice]:
    """Give devices with the profile they keep where they name none."""
    return [
        msgspec.structs.replace(device, profile=known[device.id].profile)
        if device.profile is None and device.id in known
        else device
        for device in new
    ]


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


def _faults_of(device: NewDevice) -> Iterable[str]:
    if DEVICE_ID.fullmatch(device.id) is None or device.id.startswith(OUR_PREFIX):
        yield f"{device.id!r}: an id has 1-64 of a-z 0-9 - and does not begin with {OUR_PREFIX!r}"
    if AREA.fullmatch(device.area) is None:
        yield f"{device.id}: area {device.area!r} is not a grid code of up to 14 digits"
    if device.profile is not None:
        yield from profile_faults(device.id, device.profile)


def put_devices(
    connection: sa.Connection,
    new: Sequence[NewDevice],
    known: Mapping[str, Known],
    *,
    now_ms: int,
) -> list[Device]:
    """Write devices; gives them with their slots, in the order given.

    Looks before it writes: an INSERT that meets its id would use up a slot.
    """
    rows = {device.id: _row_of(device) for device in new}
    fresh = [device for device in new if device.id not in known]
    if fresh:
        made = [rows[device.id] | {"registered_ms": now_ms} for device in fresh]
        connection.execute(sa.insert(devices), made)
    again = [rows[device.id] | {"key": device.id} for device in new if device.id in known]
    if again:
        connection.execute(sa.update(devices).where(devices.c.id == sa.bindparam("key")), again)
    slots = {**known, **known_of(connection, fresh)}
    return [_numbered(device, slots[device.id].slot) for device in new]


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

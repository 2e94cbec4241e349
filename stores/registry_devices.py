"""A device between its row and its value: what may be registered, and how it is kept."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa

from devices.model import PLAIN, AdminState, Device, DeviceClass, Profile
from devices.registration_faults import Claim, RegistryError, claims_twice, profile_faults
from devices.topics import DEVICE_ID

RESERVED = "pg-"
"""Our own broker users begin so; no device may."""
AREA = re.compile(r"[0-9]{0,14}", re.ASCII)


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device to register. ``secret_hash`` is what the broker's password file holds."""

    id: str
    cls: DeviceClass
    secret_hash: str
    vehicle_id: str | None = None
    site_id: str | None = None
    area: str = ""
    model: str = ""
    interval_s: int = 0
    admin: AdminState = AdminState.ACTIVE
    profile: Profile = PLAIN


def check_new(new: Sequence[NewDevice]) -> dict[Claim, str]:
    """Give the foreign ids wanted, by device; retired devices want none.

    Raises:
        RegistryError: With a line for every fault.
    """
    faults = [fault for device in new for fault in _faults_of(device)]
    counts = Counter(device.id for device in new)
    faults += [f"{name}: stands here twice" for name, count in counts.items() if count > 1]
    using = ((d.id, d.profile) for d in new if d.admin is not AdminState.RETIRED)
    claims, twice = claims_twice(using)
    if faults or twice:
        raise RegistryError(faults + twice)
    return claims


def _faults_of(device: NewDevice) -> Iterable[str]:
    if DEVICE_ID.fullmatch(device.id) is None or device.id.startswith(RESERVED):
        yield f"{device.id!r}: an id has 1-64 of a-z 0-9 - and does not begin with {RESERVED!r}"
    if AREA.fullmatch(device.area) is None:
        yield f"{device.id}: area {device.area!r} is not a grid code of up to 14 digits"
    yield from profile_faults(device.id, device.profile)


def row_of(device: NewDevice) -> dict[str, object]:
    """Columns of a device but its slot and when it was registered."""
    return msgspec.structs.asdict(device) | {
        "profile": msgspec.json.encode(device.profile).decode()
    }


def numbered(new: NewDevice, slot: int) -> Device:
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
        profile=new.profile,
    )


def device_of(row: sa.Row[tuple[object, ...]]) -> Device:
    """The device of a whole row."""
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
        profile=_profile(row.profile),
    )


def _profile(body: str) -> Profile:
    return PLAIN if body == "{}" else msgspec.json.decode(body, type=Profile)

"""Models: how all devices that name one speak. A change reaches every one of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec
import sqlalchemy as sa

from devices.control import REGISTERED_MAX
from devices.model import PLAIN, Device, DeviceClass, Profile
from devices.models import OF_MODEL, Model, spoken
from devices.registration_faults import RegistryError, profile_faults
from stores.bulk import one_of
from stores.records import insert_of
from stores.registry_devices import DEVICE_COLUMNS, NewDevice, device_of
from stores.registry_widths import width_faults
from stores.schema import devices, models


class Before(Protocol):
    """What counts of a device that is registered again."""

    @property
    def profile(self) -> Profile:
        """The one it has."""
        ...

    @property
    def model(self) -> str:
        """The one it names."""
        ...


def models_of(connection: sa.Connection, ids: Collection[str]) -> dict[str, Model]:
    """Those of these models that are known, by id."""
    wanted = sorted(set(ids) - {""})
    if not wanted:
        return {}
    query = sa.select(models).where(one_of(connection, models.c.id, wanted))
    return {
        row.id: Model(
            id=row.id,
            cls=DeviceClass(row.cls),
            vendor=row.vendor,
            profile=msgspec.json.decode(row.profile, type=Profile),
        )
        for row in connection.execute(query)
    }


def speaking(
    connection: sa.Connection, new: Sequence[NewDevice], known: Mapping[str, Before]
) -> list[NewDevice]:
    """Give devices with the profile they will have: their own, their model's, what they had.

    A device that names no profile keeps the one it has; fields that were its former model's are the
    new one's.

    Raises:
        RegistryError: A model is of another class of devices.
    """
    named = {device.model for device in new} | {each.model for each in known.values()}
    by_id = models_of(connection, named)
    faults = [
        f"{device.id}: model {device.model!r} is of class {by_id[device.model].cls}: mend one"
        for device in new
        if device.model in by_id and by_id[device.model].cls is not device.cls
    ]
    if faults:
        raise RegistryError(faults)
    return [_speaking(device, known.get(device.id), by_id) for device in new]


def _speaking(device: NewDevice, before: Before | None, by_id: Mapping[str, Model]) -> NewDevice:
    model, former = by_id.get(device.model), None
    own = device.profile
    if own is None and before is not None:
        own, former = before.profile, by_id.get(before.model)
    if model is None and former is None:
        return device if own is device.profile else msgspec.structs.replace(device, profile=own)
    profile = spoken(
        own or PLAIN,
        model.profile if model else PLAIN,
        before=former.profile if former else PLAIN,
    )
    vendor = device.vendor or (model.vendor if model else "")
    return msgspec.structs.replace(device, profile=profile, vendor=vendor)


class Part(NamedTuple):
    """Devices of a model up to a slot: those that speak otherwise now, ascending."""

    changed: list[Device]
    upto_slot: int
    is_last: bool


def speak_as(connection: sa.Connection, model: Model, *, after_slot: int) -> Part:
    """Let the next thousand devices that name a model speak so; the control row is the caller's.

    Idempotent while the model's own row is as it was before.
    """
    before = models_of(connection, [model.id]).get(model.id, Model(id=model.id, cls=model.cls))
    query = (
        sa.select(*DEVICE_COLUMNS)
        .where(devices.c.model == model.id, devices.c.slot > after_slot)
        .order_by(devices.c.slot)
        .limit(REGISTERED_MAX)
    )
    found = [device_of(row) for row in connection.execute(query)]
    changed = []
    for device in found:
        profile = spoken(device.profile, model.profile, before=before.profile)
        vendor = model.vendor if device.vendor in {"", before.vendor} else device.vendor
        if (profile, vendor) != (device.profile, device.vendor):
            changed.append(msgspec.structs.replace(device, profile=profile, vendor=vendor))
    if changed:
        connection.execute(
            sa.update(devices).where(devices.c.slot == sa.bindparam("at")),
            [
                {
                    "at": device.slot,
                    "profile": msgspec.json.encode(device.profile).decode(),
                    "vendor": device.vendor,
                }
                for device in changed
            ],
        )
    upto = found[-1].slot if found else after_slot
    return Part(changed, upto, is_last=len(found) < REGISTERED_MAX)


def model_faults(connection: sa.Connection, model: Model) -> list[str]:
    """Say what is wrong with a model."""
    faults = list(profile_faults(model.id, model.profile))
    plain = {name: getattr(model.profile, name) for name in OF_MODEL}
    if Profile(**plain) != model.profile:
        faults.append(f"{model.id}: a gateway and foreign ids are a device's own, no model's")
    faults += width_faults(models, [_row_of(model)])
    others = connection.scalar(
        sa.select(sa.func.count())
        .select_from(devices)
        .where(devices.c.model == model.id, devices.c.cls != model.cls)
    )
    if others:
        faults.append(f"{model.id}: {others} devices of another class name it")
    return faults


def put_model(connection: sa.Connection, model: Model) -> None:
    """Add or replace a model's row in the caller's transaction; its devices are the caller's."""
    row = _row_of(model)
    insert = insert_of(connection, models)
    changed = {name: insert.excluded[name] for name in row if name != "id"}
    connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=changed), [row])


def _row_of(model: Model) -> dict[str, object]:
    profile = msgspec.json.encode(model.profile).decode()
    return {"id": model.id, "cls": model.cls, "vendor": model.vendor, "profile": profile}

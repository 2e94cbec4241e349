"""Registering what staff bring: nothing outside their area, nothing over somebody else's id."""

from collections.abc import Collection, Sequence

from api.bodies import GridIn, SiteIn, VehicleIn
from api.deps import Services
from api.device_bodies import DeviceIn
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import CITY, Principal
from api.system_schemas import (
    AdoptedOut,
    CountOut,
    DeviceSecretOut,
    DeviceSecretsOut,
    QueuedOut,
)
from devices.ids import canonical_id
from devices.model import Device, Grid, Site, Vehicle, hours_of
from devices.registration_faults import AlreadyRegistered, ForeignIdTaken, RegistryError

FAULTS_SHOWN = 5
"""Faults named in one answer."""


def register_devices(
    services: Services, principal: Principal, asked: Sequence[DeviceIn], *, adopt: bool
) -> DeviceSecretsOut:
    """Register devices and show their secrets; run again what was held of them (``adopt``).

    What strangers sent belongs to no district: one that registers a device leaves it held.

    Raises:
        Problem: An area or a vehicle out of scope, an id twice or taken, a wrong profile.
    """
    _check_areas(principal, [device.area for device in asked])
    asked = _on_known_vehicles(services, principal, asked)
    _check_once([device.id for device in asked])
    secrets = [services.new_secret() for _ in asked]
    new = [(_device(device), secret.hash) for device, secret in zip(asked, secrets, strict=True)]
    now_ms = services.now_ms()
    audit = [
        audit_of(principal, "devices_added", f"device:{device.id}", at_ms=now_ms)
        for device in asked
    ]
    names = ",".join(device.id for device in asked)
    run = audit_of(principal, "quarantine_replayed", f"devices:{names}", at_ms=now_ms)
    try:
        made = services.registry.add_devices(
            new,
            by=principal.name,
            audit=audit,
            adopt=run if adopt and principal.scope.covers("") else None,
        )
    except AlreadyRegistered as exc:
        raise _nothing_done() from exc
    except RegistryError as exc:
        raise Problem(ProblemCode.INVALID, _fault_words(principal, exc)) from exc
    return DeviceSecretsOut(
        devices=[
            DeviceSecretOut(id=device.id, slot=device.slot, secret=secret.plain)
            for device, secret in zip(made.devices, secrets, strict=True)
        ],
        held=QueuedOut.model_validate(made.held),
    )


def _on_known_vehicles(
    services: Services, principal: Principal, asked: Sequence[DeviceIn]
) -> list[DeviceIn]:
    """Devices with the ids of their vehicles as they are registered, else in the one form.

    Raises:
        Problem: A vehicle is not there, or not for the asker.
    """
    typed = {device.vehicle_id for device in asked if device.vehicle_id is not None}
    seen = services.vehicles.seen(principal.scope, typed | {canonical_id(each) for each in typed})
    form = {each: each if each in seen else canonical_id(each) for each in typed}
    if unseen := sorted(each for each in typed if form[each] not in seen):
        raise Problem(ProblemCode.INVALID, f"no such vehicle: {', '.join(unseen[:5])}")
    return [
        device.model_copy(update={"vehicle_id": form[device.vehicle_id]})
        if device.vehicle_id is not None
        else device
        for device in asked
    ]


def adopt_device(services: Services, principal: Principal, asked: DeviceIn) -> AdoptedOut:
    """Register an unknown device and run again what was held of it.

    Raises:
        Problem: As for ``register_devices``; 403 without the whole city.
    """
    need_city(principal)
    made = register_devices(services, principal, [asked], adopt=True)
    return AdoptedOut(device=made.devices[0], held=made.held)


def need_city(principal: Principal) -> None:
    """Refuse who does not have the whole city: strangers' messages belong to no district.

    Raises:
        Problem: 403.
    """
    if not principal.scope.covers(""):
        raise Problem(ProblemCode.FORBIDDEN, "needs a token of the whole city")


def _device(asked: DeviceIn) -> Device:
    return Device(
        slot=0,  # the registry gives it
        **asked.model_dump(exclude={"profile"}),
        profile=asked.profile.as_profile(),
    )


def _fault_words(principal: Principal, error: RegistryError) -> str:
    """Every fault; another district's device is not named."""
    if isinstance(error, ForeignIdTaken) and not principal.scope.covers(""):
        return "a foreign id of the request is another device's already"
    return "; ".join(error.faults[:FAULTS_SHOWN])


def register_vehicles(
    services: Services, principal: Principal, asked: Sequence[VehicleIn]
) -> CountOut:
    """Register vehicles.

    Raises:
        Problem: An area out of scope, an id twice or taken.
    """
    _check_areas(principal, [vehicle.area for vehicle in asked])
    taken = services.vehicles.seen(CITY, [vehicle.id for vehicle in asked])
    ids = [each.id if each.id in taken else canonical_id(each.id) for each in asked]
    _check_once(ids)
    vehicles = [
        Vehicle(
            id=vehicle_id,
            **vehicle.model_dump(exclude={"id", "contacts", "consent", "hours"}),
            contacts=tuple(vehicle.contacts),
            consent=tuple(vehicle.consent),
            hours=tuple(hours_of(one.begin, one.end) for one in vehicle.hours),
        )
        for vehicle_id, vehicle in zip(ids, asked, strict=True)
    ]
    try:
        services.registry.add_vehicles(vehicles, by=principal.name)
    except AlreadyRegistered as exc:
        raise _nothing_done() from exc
    _note(services, principal, "vehicles_added", [f"vehicle:{one.id}" for one in vehicles])
    return CountOut(registered=len(vehicles))


def register_places(
    services: Services,
    principal: Principal,
    asked_sites: Sequence[SiteIn],
    asked_grids: Sequence[GridIn],
) -> CountOut:
    """Register or replace sites and grids.

    Raises:
        Problem: An area out of scope, or the same id twice.
    """
    _check_areas(principal, [site.area for site in asked_sites])
    _check_areas(principal, [grid.id for grid in asked_grids])
    _check_once([site.id for site in asked_sites])
    _check_once([grid.id for grid in asked_grids])
    sites = [
        Site(
            **site.model_dump(exclude={"geometry"}),
            geometry=site.geometry.as_geojson() if site.geometry else None,
        )
        for site in asked_sites
    ]
    grids = [
        Grid(id=grid.id, name=grid.name, geometry=grid.geometry.as_geojson())
        for grid in asked_grids
    ]
    services.registry.add_places(sites, grids, by=principal.name)
    names = [f"site:{site.id}" for site in sites] + [f"grid:{grid.id}" for grid in grids]
    _note(services, principal, "places_added", names)
    return CountOut(registered=len(names))


def _check_areas(principal: Principal, areas: Collection[str]) -> None:
    outside = sorted({area for area in areas if not principal.scope.covers(area)})
    if outside:
        words = ", ".join(repr(area) for area in outside[:5])
        raise Problem(ProblemCode.FORBIDDEN, f"outside your area: {words}")


def _check_once(ids: Sequence[str]) -> None:
    if len(set(ids)) != len(ids):
        raise Problem(ProblemCode.INVALID, "an id stands twice in the request")


def _nothing_done() -> Problem:
    return Problem(ProblemCode.ALREADY_REGISTERED, "nothing of the request was registered")


def _note(services: Services, principal: Principal, action: str, targets: Sequence[str]) -> None:
    now_ms = services.now_ms()
    services.actions.note([audit_of(principal, action, target, at_ms=now_ms) for target in targets])

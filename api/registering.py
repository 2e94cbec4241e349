"""Registering what staff bring: nothing outside their area, nothing over somebody else's id."""

from collections.abc import Collection, Sequence

from alerts.rules.geofence import Area, FenceTooSmall
from api.asking import not_found
from api.bodies import FenceIn, GridIn, SiteIn, VehicleIn
from api.deps import Services
from api.device_bodies import DeviceIn
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Principal
from api.system_schemas import (
    AdoptedOut,
    CountOut,
    DeviceSecretOut,
    DeviceSecretsOut,
    QueuedOut,
)
from devices.model import Device, Fence, Grid, Site, Vehicle
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
    vehicles = {device.vehicle_id for device in asked if device.vehicle_id is not None}
    unseen = vehicles - services.vehicles.seen(principal.scope, vehicles)
    if unseen:
        raise Problem(ProblemCode.INVALID, f"no such vehicle: {', '.join(sorted(unseen)[:5])}")
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
    _check_once([vehicle.id for vehicle in asked])
    vehicles = [
        Vehicle(
            **vehicle.model_dump(exclude={"contacts", "consent"}),
            contacts=tuple(vehicle.contacts),
            consent=tuple(vehicle.consent),
        )
        for vehicle in asked
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


def save_fence(services: Services, principal: Principal, fence_id: str, asked: FenceIn) -> None:
    """Add or replace a fence.

    Raises:
        Problem: 404 when the fence or its vehicle is not this person's business; 422 when it is
            smaller than the error of a position, or no area at all.
    """
    old = services.vehicles.fence(fence_id)
    if old is not None and not _governs(services, principal, old.vehicle_id):
        not_found()
    if not _governs(services, principal, asked.vehicle_id):
        not_found()
    fence = Fence(
        id=fence_id,
        **asked.model_dump(exclude={"geometry"}),
        geometry=asked.geometry.as_geojson() if asked.geometry else None,
    )
    try:
        Area(fence)
    except (FenceTooSmall, ValueError) as exc:
        raise Problem(ProblemCode.INVALID, str(exc)) from exc
    services.registry.save_fence(fence, by=principal.name)
    _note(services, principal, "fence_saved", [f"fence:{fence_id}"])


def delete_fence(services: Services, principal: Principal, fence_id: str) -> None:
    """Forget a fence.

    Raises:
        Problem: 404 when there is none, or it is not this person's business.
    """
    fence = services.vehicles.fence(fence_id)
    if fence is None or not _governs(services, principal, fence.vehicle_id):
        not_found()
    services.registry.delete_fence(fence_id, by=principal.name)
    _note(services, principal, "fence_deleted", [f"fence:{fence_id}"])


def _governs(services: Services, principal: Principal, vehicle_id: str | None) -> bool:
    """A fence of every vehicle is the whole city's; another one its vehicle's."""
    if vehicle_id is None:
        return principal.scope.covers("")
    return services.vehicles.one(principal.scope, vehicle_id) is not None


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

"""From device, vehicle, site, grid and fence lines to the controls the API would write.

Slots are numbered in the order of first appearance; a known id keeps its slot.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from alerts.rules.fence_area import Area, FenceTooSmall
from devices.control import (
    REGISTERED_MAX,
    AnyControl,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    SaveFence,
)
from devices.crs import Crs, to_wgs84
from devices.geo import M_PER_DEG_LAT
from devices.geometry import middle_of
from devices.model import (
    AdminState,
    Device,
    Fence,
    Grid,
    Profile,
    Site,
    SiteClass,
    Vehicle,
    hours_of,
)
from devices.registration_faults import (
    Claim,
    ForeignIdTaken,
    RegistryError,
    as_it_arrives,
    claims_of,
    profile_faults,
    taken_fault,
)
from parkguard.replay.lines import (
    AnyLine,
    DeviceFields,
    DeviceLine,
    FenceFields,
    GridLine,
    Meta,
    PlaceFields,
    SiteLine,
    VehicleLine,
)

_T = TypeVar("_T")
_CORNERS = 32
"""Corners of a grid that is given as a circle."""
_PAIR = 2
_DEVICE = {"vehicle": "vehicle_id", "site": "site_id"} | {
    name: name for name in ("area", "model", "interval_s", "admin")
}
"""Fields of ``Device`` by the names that lines have for them."""
_PROFILE = {name: name for name in Profile.__struct_fields__}


class Enrolment:
    """What the file registered so far, and what of it the journal does not know yet.

    Attributes:
        devices, vehicles: As they are registered now.
        refused: Fences that may not be saved: id and why.
        adapters: Those that a device has an id in.
        pending: Whether something is registered that ``controls`` did not give yet.
    """

    def __init__(self) -> None:
        """Nothing is registered."""
        self.devices: dict[str, Device] = {}
        self.vehicles: dict[str, Vehicle] = {}
        self.refused: list[tuple[str, str]] = []
        self.adapters: frozenset[str] = frozenset()
        self.pending = False
        self._site_class = SiteClass.OPEN
        self._claims: dict[Claim, str] = {}
        self._new_devices: dict[str, Device] = {}
        self._new_vehicles: dict[str, Vehicle] = {}
        self._sites: list[Site] = []
        self._grids: list[Grid] = []
        self._fences: list[Fence] = []

    def take(self, line: AnyLine) -> None:
        """Register what a line registers; of fences ``fence`` says more.

        Raises:
            RegistryError: As ``device`` does.
        """
        match line:
            case Meta():
                self._site_class = line.site_class
            case DeviceLine():
                self.device(line)
            case VehicleLine():
                self.vehicle(line)
            case SiteLine():
                self.site(line)
            case GridLine():
                self.grid(line)
            case _:
                pass

    def device(self, fields: DeviceFields) -> Device:
        """Register a device, or change what is said of a known one.

        Raises:
            RegistryError: What the registry would not take either: a wrong profile, or a foreign
                id that is another device's.
        """
        known = self.devices.get(fields.id)
        if known is None:
            known = Device(id=fields.id, slot=len(self.devices), cls=fields.cls)
        changes = _said(fields, _DEVICE)
        said = msgspec.structs.replace(known.profile, **_said(fields, _PROFILE))
        faults = list(profile_faults(fields.id, said))
        if faults:
            raise RegistryError(faults)
        profile = as_it_arrives(said)
        device = msgspec.structs.replace(known, cls=fields.cls, profile=profile, **changes)
        self._claim(known, device)
        self.adapters |= device.profile.foreign.keys()
        self.devices[device.id] = self._new_devices[device.id] = device
        self.pending = True
        return device

    def _claim(self, before: Device, device: Device) -> None:
        """Its foreign ids are its own; a retired device has none."""
        wanted = {} if device.admin is AdminState.RETIRED else claims_of(device.id, device.profile)
        holders = {claim: self._claims.get(claim, device.id) for claim in wanted}
        taken = [taken_fault(c, device.id, by) for c, by in holders.items() if by != device.id]
        if taken:
            raise ForeignIdTaken(taken)
        for claim in claims_of(before.id, before.profile):
            if self._claims.get(claim) == before.id:
                del self._claims[claim]
        self._claims |= wanted

    def vehicle(self, line: VehicleLine) -> None:
        """Register a vehicle."""
        site_class = line.site_class
        self._new_vehicles[line.id] = Vehicle(
            id=line.id,
            plate=line.plate,
            label=line.label,
            kind=line.type,
            area=line.area,
            contacts=line.contacts,
            consent=line.consent,
            auto_arm=line.auto_arm,
            site_class=self._site_class if isinstance(site_class, UnsetType) else site_class,
            hours=tuple(hours_of(begin, end) for begin, end in line.hours),
        )
        self.vehicles[line.id] = self._new_vehicles[line.id]
        self.pending = True

    def site(self, line: SiteLine) -> None:
        """Register a site; one that is a polygon alone stands in the middle of it."""
        lat_deg, lon_deg, geometry = _in_wgs84(line)
        if geometry is not None and (lat_deg is None or lon_deg is None):
            lat_deg, lon_deg = middle_of(geometry)
        self.pending = True
        self._sites.append(
            Site(
                id=line.id,
                name=line.name,
                area=line.area,
                lat_deg=lat_deg or 0.0,
                lon_deg=lon_deg or 0.0,
                geometry=geometry,
                site_class=line.site_class,
            )
        )

    def grid(self, line: GridLine) -> None:
        """Register a patrol grid; a circle becomes a polygon of 32 corners."""
        lat_deg, lon_deg, geometry = _in_wgs84(line)
        if geometry is None:
            geometry = _ring(lat_deg or 0.0, lon_deg or 0.0, line.radius_m or 0.0)
        self.pending = True
        self._grids.append(Grid(id=line.id, name=line.name, geometry=geometry))

    def fence(self, fields: FenceFields) -> str:
        """Save a fence as the API would; gives why it may not be saved, as ``refused`` has it."""
        lat_deg, lon_deg, geometry = _in_wgs84(fields)
        fence = Fence(
            id=fields.id,
            name=fields.name,
            kind=fields.type,
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            radius_m=fields.radius_m,
            geometry=geometry,
            margin_m=fields.margin_m,
            dwell_s=fields.dwell_s,
            vehicle_id=fields.vehicle,
        )
        try:
            Area(fence)
        except (FenceTooSmall, ValueError) as exc:
            self.refused.append((fence.id, str(exc)))
            return f"fence {fence.id} is refused: {exc}"
        self.pending = True
        self._fences.append(fence)
        return ""

    def controls(self, at_ms: int) -> Iterator[AnyControl]:
        """Everything new since the last call, as controls written at ``at_ms``.

        A vehicle that devices are bound to and no line registered exists with the defaults.
        """
        for device in self._new_devices.values():
            bound = device.vehicle_id
            if bound is not None and bound not in self.vehicles:
                vehicle = Vehicle(id=bound, site_class=self._site_class)
                self.vehicles[bound] = self._new_vehicles[bound] = vehicle
        if self._sites or self._grids:
            yield RegisterPlaces(at_ms=at_ms, sites=self._sites, grids=self._grids)
        for vehicles in _rows(list(self._new_vehicles.values())):
            yield RegisterVehicles(at_ms=at_ms, vehicles=vehicles)
        for devices in _rows(list(self._new_devices.values())):
            yield RegisterDevices(at_ms=at_ms, devices=devices)
        for fence in self._fences:
            yield SaveFence(at_ms=at_ms, fence=fence)
        self.pending = False
        self._new_devices, self._new_vehicles = {}, {}
        self._sites, self._grids, self._fences = [], [], []


def _rows(items: Sequence[_T]) -> Iterator[list[_T]]:
    for k in range(0, len(items), REGISTERED_MAX):
        yield list(items[k : k + REGISTERED_MAX])


def _said(fields: DeviceFields, names: dict[str, str]) -> dict[str, object]:
    said = {ours: getattr(fields, name) for name, ours in names.items()}
    return {name: value for name, value in said.items() if value is not UNSET}


def _ring(lat_deg: float, lon_deg: float, radius_m: float) -> dict[str, object]:
    north = radius_m / M_PER_DEG_LAT
    east = north / math.cos(math.radians(lat_deg))
    turns = [2 * math.pi * (k % _CORNERS) / _CORNERS for k in range(_CORNERS + 1)]
    ring = [[lon_deg + east * math.cos(a), lat_deg + north * math.sin(a)] for a in turns]
    return {"type": "Polygon", "coordinates": [ring]}


def _in_wgs84(
    place: PlaceFields,
) -> tuple[float | None, float | None, dict[str, object] | None]:
    """Latitude, longitude and GeoJSON in WGS 84, each None when the place has none."""
    if place.crs is Crs.WGS84:
        return place.lat, place.lon, place.polygon
    geometry = None
    if place.polygon is not None:
        coordinates = _converted(place.polygon.get("coordinates"), place.crs)
        geometry = place.polygon | {"coordinates": coordinates}
    if place.lat is None or place.lon is None:
        return None, None, geometry
    return *to_wgs84(place.lat, place.lon, place.crs), geometry


def _converted(coordinates: object, crs: Crs) -> object:
    """GeoJSON coordinates of any depth, longitude first; what is no pair is left as it is."""
    if not isinstance(coordinates, list):
        return coordinates
    if len(coordinates) >= _PAIR and all(isinstance(value, int | float) for value in coordinates):
        lat_deg, lon_deg = to_wgs84(coordinates[1], coordinates[0], crs)
        return [lon_deg, lat_deg, *coordinates[_PAIR:]]
    return [_converted(inner, crs) for inner in coordinates]

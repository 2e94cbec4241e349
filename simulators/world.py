"""A synthetic city in Hefei's box: patrol grids, parking sites, vehicles, chargers, cameras.

Nothing here is a real boundary, place, plate or person. Labels say so.
"""

from dataclasses import dataclass

import numpy as np

from simulators.outgoing import generator
from simulators.tracks import Box, LocalFrame

ORIGIN = LocalFrame(lat_deg=31.820613, lon_deg=117.227239)
"""Middle of the synthetic city, in Shushan (340104): the example position of docs/wire.md."""
GRIDS_PER_SIDE = 3
GRID_M = 1_000.0
"""Side of a patrol grid, metres (docs/health.md: 1 km patrol cells)."""
COUNTY = "340104"
SITES = 20
CITY = Box(half_m=GRIDS_PER_SIDE * GRID_M / 2 - 20.0)
"""Streets end 20 m before the outermost grid line, so that nobody leaves the patrolled area."""

_COLOURS = ("Red", "Blue", "White", "Black", "Green", "Silver", "Yellow", "Pink")
_KINDS = ("e-bike", "e-bike with basket", "e-bike with child seat", "delivery e-bike", "e-moped")
_STREETS = ("Willow", "Lotus", "Plum", "Osmanthus", "Bamboo", "Maple", "Orchid", "Pine", "Peach")
_SITE_KINDS = ("market", "metro exit", "school", "hospital gate", "office block", "housing block")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSize:
    """How many devices of each class the city has."""

    trackers: int = 300
    chargers: int = 40
    cameras: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A vehicle with its tracker and where it stands at first, metres from the origin."""

    vehicle_id: str
    device_id: str
    plate: str
    label: str
    kind: str
    owner_id: str
    area: str
    site_id: str
    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A charger or a camera at a site."""

    device_id: str
    area: str
    site_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """A parking site: its middle, metres from the origin."""

    id: str
    name: str
    area: str
    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One synthetic city."""

    seed: int
    sites: tuple[SitePlan, ...]
    vehicles: tuple[Parked, ...]
    chargers: tuple[Installed, ...]
    cameras: tuple[Installed, ...]

    def registry_json(self) -> dict[str, object]:
        """Give what the platform must know before the first message, ready for JSON.

        Keys ``places`` (sites, grids), ``vehicles`` and ``devices``; the field names are those
        of docs/api.md. Slots are the platform's to give.
        """
        return {
            "places": {"sites": [_site_json(site) for site in self.sites], "grids": _grids_json()},
            "vehicles": [vehicle_json(vehicle) for vehicle in self.vehicles],
            "devices": [
                *(
                    device_json(v.device_id, "trk", vehicle_id=v.vehicle_id, area=v.area)
                    for v in self.vehicles
                ),
                *(
                    device_json(c.device_id, "chg", site_id=c.site_id, area=c.area)
                    for c in self.chargers
                ),
                *(
                    device_json(c.device_id, "cam", site_id=c.site_id, area=c.area)
                    for c in self.cameras
                ),
            ],
        }


def build_world(seed: int, size: WorldSize) -> World:
    """Draw a city; the same seed and size give the same city."""
    rng = generator(seed, "world")
    sites = tuple(_draw_site(rng, number) for number in range(1, SITES + 1))
    plates = rng.choice(90_000, size.trackers, replace=False) + 10_000
    vehicles = tuple(
        _draw_vehicle(rng, number, site=sites[int(rng.integers(SITES))], plate=int(plate))
        for number, plate in enumerate(plates, start=1)
    )
    return World(
        seed=seed,
        sites=sites,
        vehicles=vehicles,
        chargers=_install("chg", 1001, size.chargers, sites),
        cameras=_install("cam", 20301, size.cameras, sites),
    )


def grid_at(east_m: float, north_m: float) -> str:
    """Give the 14-digit id of the grid that holds a point: county 6, street 3, community 3, 2."""
    column, row = (
        int(np.clip((metres + GRIDS_PER_SIDE * GRID_M / 2) // GRID_M, 0, GRIDS_PER_SIDE - 1))
        for metres in (east_m, north_m)
    )
    return _grid_id(column, row)


def vehicle_json(vehicle: Parked) -> dict[str, object]:
    """Give a vehicle as the registry takes it."""
    return {
        "id": vehicle.vehicle_id,
        "plate": vehicle.plate,
        "label": vehicle.label,
        "kind": vehicle.kind,
        "owner_id": vehicle.owner_id,
        "area": vehicle.area,
        "contacts": [vehicle.owner_id],
        "consent": ["anti_theft", "police_sharing"],
        "auto_arm": True,
        "site_class": "open",
    }


def device_json(
    device_id: str,
    cls: str,
    *,
    area: str,
    vehicle_id: str | None = None,
    site_id: str | None = None,
) -> dict[str, object]:
    """Give a device as the registry takes it."""
    return {
        "id": device_id,
        "cls": cls,
        "vehicle_id": vehicle_id,
        "site_id": site_id,
        "area": area,
        "model": f"synthetic-{cls}-1",
        "interval_s": 0,
        "admin": "active",
    }


def _draw_site(rng: np.random.Generator, number: int) -> SitePlan:
    """Put a site at a street corner; streets lie 100 m apart."""
    east_m, north_m = (100.0 * float(c) for c in rng.integers(-13, 14, 2))
    street = _STREETS[int(rng.integers(len(_STREETS)))]
    kind = _SITE_KINDS[int(rng.integers(len(_SITE_KINDS)))]
    return SitePlan(
        id=f"site-{number:03d}",
        name=f"{street} Street {kind} (synthetic)",
        area=grid_at(east_m, north_m),
        east_m=east_m,
        north_m=north_m,
    )


def _draw_vehicle(rng: np.random.Generator, number: int, *, site: SitePlan, plate: int) -> Parked:
    """Park a vehicle within 25 x 10 m of its site."""
    colour = _COLOURS[int(rng.integers(len(_COLOURS)))]
    kind = _KINDS[int(rng.integers(len(_KINDS)))]
    return Parked(
        vehicle_id=f"veh-{number:06d}",
        device_id=f"trk-{number:06d}",
        plate=f"皖A·{plate:05d}",
        label=f"{colour} {kind}",
        kind="e-bike",
        owner_id=f"owner-{number:04d}",
        area=site.area,
        site_id=site.id,
        east_m=site.east_m + float(rng.uniform(-25.0, 25.0)),
        north_m=site.north_m + float(rng.uniform(-10.0, 10.0)),
    )


def _install(
    prefix: str, first: int, count: int, sites: tuple[SitePlan, ...]
) -> tuple[Installed, ...]:
    """Spread devices over the sites in turn."""
    return tuple(
        Installed(
            device_id=f"{prefix}-{first + i:06d}",
            area=sites[i % len(sites)].area,
            site_id=sites[i % len(sites)].id,
        )
        for i in range(count)
    )


def _site_json(site: SitePlan) -> dict[str, object]:
    lat_deg, lon_deg = ORIGIN.to_degrees(site.east_m, site.north_m)
    return {
        "id": site.id,
        "name": site.name,
        "area": site.area,
        "lat_deg": round(lat_deg, 7),
        "lon_deg": round(lon_deg, 7),
        "geometry": _rectangle(
            site.east_m - 35, site.north_m - 20, site.east_m + 35, site.north_m + 20
        ),
    }


def _grid_id(column: int, row: int) -> str:
    return f"{COUNTY}001001{row * GRIDS_PER_SIDE + column + 1:02d}"


def _grids_json() -> list[dict[str, object]]:
    grids: list[dict[str, object]] = []
    for row in range(GRIDS_PER_SIDE):
        for column in range(GRIDS_PER_SIDE):
            west_m = (column - GRIDS_PER_SIDE / 2) * GRID_M
            south_m = (row - GRIDS_PER_SIDE / 2) * GRID_M
            grids.append(
                {
                    "id": _grid_id(column, row),
                    "name": f"Synthetic grid {row * GRIDS_PER_SIDE + column + 1} (Shushan 蜀山)",
                    "geometry": _rectangle(west_m, south_m, west_m + GRID_M, south_m + GRID_M),
                }
            )
    return grids


def _rectangle(west_m: float, south_m: float, east_m: float, north_m: float) -> dict[str, object]:
    """Give a GeoJSON polygon, counter-clockwise and closed (RFC 7946), WGS 84."""
    corners = [
        (west_m, south_m),
        (east_m, south_m),
        (east_m, north_m),
        (west_m, north_m),
        (west_m, south_m),
    ]
    ring = []
    for corner_east_m, corner_north_m in corners:
        lat_deg, lon_deg = ORIGIN.to_degrees(corner_east_m, corner_north_m)
        ring.append([round(lon_deg, 7), round(lat_deg, 7)])
    return {"type": "Polygon", "coordinates": [ring]}

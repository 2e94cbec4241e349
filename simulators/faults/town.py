"""Who there is on the day: sites, stations, cameras, trackers and a gateway, in lines of replay."""

from dataclasses import dataclass, field

import msgspec

from simulators.faults.saying import START_MS
from simulators.outgoing import DeviceKind, Identity, boot_id, generator
from simulators.world import ORIGIN

COUNTIES = ("340104", "340102", "340103", "340111")
"""Shushan, Yaohai, Luyang, Baohe (docs/health.md)."""
SITES = 8
HALL = "site-001"
"""The site whose cameras hang on one switch."""

_json = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """How many devices there are and how often they report.

    Attributes:
        camera_s, status_s, wired_s: Intervals of cameras, stations and wired trackers, seconds;
            live ones are 60, 60-180 and 180 (docs/health.md): longer ones make a day cheap.
        behind_switch: Cameras of the hall.
        spread: Cameras of all other sites together, at least 6.
        stations: At least 9.
        wired: At least 4 trackers that report on and on.
        riders: At least 2.
    """

    seed: int = 1
    camera_s: float = 300.0
    status_s: float = 180.0
    wired_s: float = 300.0
    behind_switch: int = 40
    spread: int = 16
    stations: int = 12
    wired: int = 20
    riders: int = 6
    sleepers: int = 190
    children: int = 10


def full_day(seed: int) -> DayPlan:
    """Everybody reports as often as in life. Source: docs/health.md."""
    return DayPlan(seed=seed, camera_s=60.0, status_s=60.0, wired_s=180.0)


@dataclass(slots=True)
class Town:
    """Everybody, by id; ``lines`` registers them.

    Attributes:
        places: Metres east and north of the origin, of sites and trackers.
        site_of: Of cameras and stations.
    """

    plan: DayPlan
    lines: list[bytes] = field(default_factory=list)
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    site_of: dict[str, str] = field(default_factory=dict)
    identities: dict[str, Identity] = field(default_factory=dict)
    hall: list[str] = field(default_factory=list)
    spread: list[str] = field(default_factory=list)
    stations: list[str] = field(default_factory=list)
    wired: list[str] = field(default_factory=list)
    riders: list[str] = field(default_factory=list)
    sleepers: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    gateway: str = "gw-000001"

    def line(self, kind: str, **fields: object) -> None:
        """Register something."""
        self.lines.append(line(kind, **fields))


def line(kind: str, **fields: object) -> bytes:
    """One line of docs/replay.md."""
    return _json.encode({"kind": kind, **fields})


def build_town(plan: DayPlan) -> Town:
    """Draw where everybody is; the same plan gives the same town."""
    town = Town(plan)
    rng = generator(plan.seed, "faults", "town")
    town.line("meta", scenario="planted faults", seed=plan.seed)
    for number in range(SITES):
        site, area = f"site-{number + 1:03d}", _area(number)
        east_m, north_m = rng.uniform(-1_200.0, 1_200.0, 2).tolist()
        lat, lon = ORIGIN.to_degrees(east_m, north_m)
        town.places[site] = east_m, north_m
        town.line(
            "site", id=site, name=f"Site {number + 1} (synthetic)", area=area,
            lat=round(lat, 7), lon=round(lon, 7), radius_m=40.0,
        )  # fmt: skip
    for k in range(plan.behind_switch):
        town.hall.append(_install(town, "cam", 20_301 + k, 0, plan.camera_s))
    for k in range(plan.spread):
        number = 1 + k % (SITES - 1)
        town.spread.append(_install(town, "cam", 20_501 + k, number, plan.camera_s))
    for k in range(plan.stations):
        town.stations.append(_install(town, "chg", 1_001 + k, k % SITES, plan.status_s))
    for names, count, next_s in (
        (town.wired, plan.wired, plan.wired_s),
        (town.riders, plan.riders, plan.wired_s),
        (town.sleepers, plan.sleepers, 3_600.0),
        (town.children, plan.children, 600.0),
    ):
        for _ in range(count):
            names.append(_park(town, rng.uniform(-1_200.0, 1_200.0, 2).tolist(), next_s))
    town.line("device", **{"class": "gw"}, id=town.gateway, site="site-002", area=_area(1))
    for child in town.children:
        town.line("device", **{"class": "trk"}, id=child, gateway=town.gateway)
    return town


def _area(number: int) -> str:
    return f"{COUNTIES[number % len(COUNTIES)]}001001{number + 1:02d}"


def _install(town: Town, cls: DeviceKind, number: int, site: int, next_s: float) -> str:
    device_id, site_id = f"{cls}-{number:06d}", f"site-{site + 1:03d}"
    town.site_of[device_id] = site_id
    town.line("device", **{"class": cls}, id=device_id, site=site_id, area=_area(site))
    _known(town, device_id, cls, next_s)
    return device_id


def _park(town: Town, place: list[float], next_s: float) -> str:
    """A vehicle with a tracker somewhere in the city's streets."""
    number = sum(map(len, (town.wired, town.riders, town.sleepers, town.children))) + 1
    device_id, vehicle_id = f"trk-{number:06d}", f"veh-{number:06d}"
    town.places[device_id] = place[0], place[1]
    town.line("vehicle", id=vehicle_id, area=_area(number))
    town.line("device", **{"class": "trk"}, id=device_id, vehicle=vehicle_id, area=_area(number))
    _known(town, device_id, "trk", next_s)
    return device_id


def _known(town: Town, device_id: str, cls: DeviceKind, next_s: float) -> None:
    boot = boot_id(device_id, START_MS + town.plan.seed)
    town.identities[device_id] = Identity(device_id=device_id, cls=cls, boot=boot, next_s=next_s)

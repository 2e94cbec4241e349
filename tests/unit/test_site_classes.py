"""The site where a vehicle is anchored decides which threshold counts, live and after a restart."""

from pathlib import Path

import numpy as np
import pytest

from alerts.detection.rates import AlarmLevel, Curve, Rates
from alerts.site_classes import SiteClasses
from devices.model import Device, DeviceClass, Site, SiteClass, Vehicle
from devices.readings import EventType
from devices.registry import Registry, RegistrySnapshot
from parkguard.detection_rates import as_text, own_path
from parkguard.settings import Settings
from parkguard.settings_overrides import overridden
from support.factories import place
from support.rates import a_curve
from support.replay_files import Line, event, fix, run_of, side, theft

SQUARE_M = 40.0


def _ring(east_m: float) -> dict[str, object]:
    """A square about a place east of home, GeoJSON."""
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    points = [place(east_m + SQUARE_M * x, SQUARE_M * y) for x, y in corners]
    return {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in points]]}


def _site(site_id: str, site_class: str | None, *, east_m: float = 0.0) -> Line:
    line: Line = {"kind": "site", "id": site_id, "polygon": _ring(east_m)}
    return line if site_class is None else line | {"site_class": site_class}


def _point(site_id: str, east_m: float) -> Line:
    """A garage of which only the middle is known."""
    lat, lon = place(east_m)
    return {"kind": "site", "id": site_id, "lat": lat, "lon": lon, "site_class": "garage"}


def _flat(site_class: SiteClass, level: AlarmLevel, nats: float) -> Curve:
    """Practically ``nats`` whatever the rate."""
    points = ((nats, 1.0), (nats + 1e-3, 1e-12))
    return a_curve(site_class=site_class, level=level, points=points)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A city whose open sites alarm at 6 nats, where no garage ever does."""
    high = {SiteClass.GARAGE: 1e6}
    curves = [
        _flat(site_class, level, high.get(site_class, 6.0))
        for site_class in SiteClass
        for level in AlarmLevel
    ]
    settings = Settings(data_dir=tmp_path)
    own_path(settings).write_text(as_text(Rates(curves=tuple(curves))))
    return overridden(settings, ["detection.slow_s=1e9"])


def _levels(settings: Settings, *before: Line, lines: list[Line] | None = None) -> set[int]:
    """Levels told of the theft, with these lines before it."""
    run = run_of([*before, *(lines or theft())], settings)
    return {int(change.alert.level) for change in run.timeline.observed.changes}


def test_open_site_alarms_and_a_garage_does_not(settings: Settings) -> None:
    """The same ride, the same settings, another site."""
    assert max(_levels(settings, _site("s-1", "open"))) == 2
    assert _levels(settings, _site("s-1", "garage")) == set()


@pytest.mark.parametrize(
    ("vehicle_class", "sites", "alarms"),
    [
        ("garage", [], False),
        ("garage", [_site("s-1", "open")], True),
        ("garage", [_site("s-1", None)], False),
        ("garage", [_site("s-1", "open", east_m=500)], False),
        ("open", [_site("s-1", "garage", east_m=500)], True),
        ("open", [_site("s-2", "open"), _site("s-1", "garage")], False),
        ("open", [_point("s-1", 10.0)], False),
        ("open", [_point("s-1", 90.0)], True),
    ],
)
def test_site_counts_before_what_the_registry_says_of_the_vehicle(
    settings: Settings,
    vehicle_class: str,
    sites: list[Line],
    alarms: bool,  # noqa: FBT001 - a table
) -> None:
    """Only a site with a class, and only where the vehicle is anchored; of two the smaller id."""
    vehicle: Line = {"kind": "vehicle", "id": "v-1", "site_class": vehicle_class}

    assert bool(_levels(settings, vehicle, *sites)) is alarms


def test_vehicle_follows_its_next_site(settings: Settings) -> None:
    """Taken out of the garage by its owner and parked in the open: it is watched as there."""
    sites = [_site("s-1", "garage"), _site("s-2", "open", east_m=1_000)]
    parked = [fix(at_s) for at_s in range(0, 190, 10)]
    owner = [side(195, "disarm", vehicle="v-1", by="wang")]
    moved = [fix(200 + 10 * k, east_m=1_000) for k in range(20)]
    armed = [side(395, "arm", vehicle="v-1", by="wang")]
    settled = [fix(400 + 10 * k, east_m=1_000) for k in range(20)]
    ridden = [fix(600 + 10 * k, east_m=1_000 + 50.0 * (k + 1)) for k in range(12)]
    lines = [*theft()[:1], *parked, *owner, *moved, *armed, *settled, *ridden]

    assert _levels(settings, *sites, lines=lines) >= {1}
    assert _levels(settings, sites[0], _site("s-2", "garage", east_m=1_000), lines=lines) == set()


def test_changed_site_counts_for_who_stands_there(settings: Settings) -> None:
    """Staff correct the class while the vehicle is parked: the next fix goes by the new one."""
    lines = theft()
    at = lines.index(event(191, EventType.VIBRATION))

    open_now = [*lines[:at], _site("s-1", "open"), *lines[at:]]

    assert _levels(settings, _site("s-1", "garage"), lines=open_now) >= {1}


def test_class_survives_a_restart(settings: Settings) -> None:
    """Killed between parking and the ride: a garage is still a garage."""
    lines = theft()
    restart = [*lines[:20], side(190, "restart", down_s=0), *lines[20:]]

    assert _levels(settings, _site("s-1", "garage"), lines=restart) == set()
    assert max(_levels(settings, _site("s-1", "open"), lines=restart)) == 2


def test_site_that_is_no_area_is_told_and_stops_nothing() -> None:
    """By its id, as an unusable grid."""
    bad = Site(id="s-1", site_class=SiteClass.GARAGE, geometry={"type": "Point"})
    device = Device(id="t", slot=3, cls=DeviceClass.TRACKER, vehicle_id="v")
    vehicle = Vehicle(id="v", site_class=SiteClass.CANYON)
    classes = SiteClasses(60.0)

    classes.follow(Registry(RegistrySnapshot(devices=[device], vehicles=[vehicle], sites=[bad])))

    assert list(classes.unusable) == ["s-1"]
    assert classes.class_of(3) is SiteClass.CANYON
    assert classes.class_of(10**6) is SiteClass.OPEN
    assert len(classes.codes(np.array([0, 3]))) == 2


@pytest.mark.parametrize(
    ("rate", "levels"),
    [("0.5", {1, 2}), ("1e-6", {1}), ("1e-300", set())],
    ids=["lax", "strict", "deaf"],
)
def test_rates_decide_the_levels(tmp_path: Path, rate: str, levels: set[int]) -> None:
    """One ride under three police rates; the owner's rate is the same but in the last."""
    curves = (
        a_curve(points=((0.0, 1.0), (6.0, 1e-3))),
        a_curve(level=AlarmLevel.POLICE, points=((0.0, 1.0), (200.0, 1e-6))),
    )
    settings = Settings(data_dir=tmp_path)
    own_path(settings).write_text(as_text(Rates(curves=curves)))
    owner = "1e-300" if rate == "1e-300" else "1e-3"

    asked = [f"detection.police_rate={rate}", f"detection.owner_rate={owner}"]
    strict = overridden(settings, [*asked, "detection.slow_s=1e9"])

    assert _levels(strict) == levels

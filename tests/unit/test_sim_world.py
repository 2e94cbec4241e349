"""The synthetic city and what must be registered of it."""

from typing import Any

import msgspec
import pytest
from shapely.geometry import Point, shape

from devices.model import Device, Grid, Site, Vehicle
from simulators.load_fleet import LoadSize, load_registry_json
from simulators.world import WorldSize, build_world
from support.sim_parts import SMALL

HEFEI = (116.682, 30.953, 117.968, 32.539)
"""West, south, east, north, degrees (docs/health.md)."""


def registry(seed: int = 1, size: WorldSize = SMALL) -> dict[str, Any]:
    return build_world(seed, size).registry_json()


def test_default_city_has_the_promised_size() -> None:
    """300 trackers, 40 chargers, 30 cameras, 20 sites, 9 grids."""
    city = registry(size=WorldSize())

    classes = [device["cls"] for device in city["devices"]]
    assert (classes.count("trk"), classes.count("chg"), classes.count("cam")) == (300, 40, 30)
    assert len(city["vehicles"]) == 300
    assert len(city["places"]["sites"]) == 20
    assert len(city["places"]["grids"]) == 9


@pytest.mark.parametrize("made", [registry(), load_registry_json(1, LoadSize(count=20))])
def test_registry_fits_the_model(made: dict[str, Any]) -> None:
    """Every value converts to the platform's model, without a key too many."""
    for kind, values in (
        (Vehicle, made["vehicles"]),
        (Device, [{**device, "slot": 0} for device in made["devices"]]),
        (Site, made["places"]["sites"]),
        (Grid, made["places"]["grids"]),
    ):
        for value in values:
            assert set(value) <= set(kind.__struct_fields__)
            msgspec.convert(value, kind, strict=True)


def test_ids_and_plates_are_unique() -> None:
    """Nobody shares a device, a vehicle or a plate."""
    city = registry(size=WorldSize())

    for values in (
        [device["id"] for device in city["devices"]],
        [vehicle["id"] for vehicle in city["vehicles"]],
        [vehicle["plate"] for vehicle in city["vehicles"]],
    ):
        assert len(values) == len(set(values))


def test_grids_are_squares_of_one_kilometre_in_hefei() -> None:
    """14-digit ids of Shushan, valid polygons inside Hefei's box, labelled synthetic."""
    for grid in registry()["places"]["grids"]:
        polygon = shape(grid["geometry"])

        assert len(grid["id"]) == 14
        assert grid["id"].startswith("340104")
        assert "ynthetic" in grid["name"]
        assert polygon.is_valid
        assert HEFEI[0] < polygon.bounds[0] < polygon.bounds[2] < HEFEI[2]
        assert HEFEI[1] < polygon.bounds[1] < polygon.bounds[3] < HEFEI[3]
        assert polygon.area * 94_700 * 110_900 == pytest.approx(1e6, rel=0.01)


def test_sites_lie_in_their_grid() -> None:
    """The area of a site is the grid that holds its middle."""
    places = registry()["places"]
    polygons = {grid["id"]: shape(grid["geometry"]) for grid in places["grids"]}

    for site in places["sites"]:
        middle = Point(site["lon_deg"], site["lat_deg"])
        assert polygons[site["area"]].distance(middle) < 1e-6
        assert shape(site["geometry"]).contains(middle)


def test_one_seed_gives_one_city() -> None:
    """Same seed, same registry; another seed, another one."""
    assert registry(seed=4) == registry(seed=4)
    assert registry(seed=4) != registry(seed=5)


def test_load_trackers_do_not_depend_on_the_size() -> None:
    """Several processes share one fleet: number n is the same tracker everywhere."""
    whole: dict[str, Any] = load_registry_json(1, LoadSize(first=1, count=20))
    part = load_registry_json(1, LoadSize(first=11, count=10))

    assert whole["vehicles"][10:] == part["vehicles"]

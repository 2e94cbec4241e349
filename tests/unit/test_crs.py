"""Coordinate systems: as prcoords in China, the identity elsewhere, and back to where one was."""

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.crs import (
    EAST_DEG,
    NORTH_DEG,
    SOUTH_DEG,
    WEST_DEG,
    Crs,
    from_wgs84,
    from_wgs84_arrays,
    to_wgs84,
    to_wgs84_arrays,
)
from devices.geo import Floats, distance_m

TABLE = Path(__file__).parents[1] / "data" / "crs" / "prcoords.csv"
with TABLE.open(encoding="ascii") as table:
    ROWS = list(csv.DictReader(table))
INSIDE = [row for row in ROWS if row["inside"] == "1"]
OUTSIDE = [row for row in ROWS if row["inside"] == "0"]

Convert = Callable[[float, float, Crs], tuple[float, float]]
WAYS: dict[str, tuple[Convert, Crs]] = {
    "wgs_gcj": (from_wgs84, Crs.GCJ02),
    "wgs_bd": (from_wgs84, Crs.BD09),
    "gcj_wgs": (to_wgs84, Crs.GCJ02),
    "bd_wgs": (to_wgs84, Crs.BD09),
}
DEVIATING = [Crs.GCJ02, Crs.BD09]

AGREES_M = {"wgs_gcj": 1e-6, "wgs_bd": 1e-6, "gcj_wgs": 0.05, "bd_wgs": 0.05}
# prcoords ends its way back once a step is below 1e-5 degrees: centimetres off; asked: 0.2 m
BACK_M = 0.0002  # asked: 1 cm
DIGITS_DEG = 1e-11  # a millionth of a metre: sines of math and numpy may differ in their last digit
EDGE_DEG = 0.02  # nearer to an edge there is no way back (see the module)

WORLD_LAT = st.floats(-90, 90)
WORLD_LON = st.floats(-180, 180)
BOX_LAT = st.floats(SOUTH_DEG + EDGE_DEG, NORTH_DEG - EDGE_DEG)
BOX_LON = st.floats(WEST_DEG + EDGE_DEG, EAST_DEG - EDGE_DEG)


def _point(row: dict[str, str]) -> tuple[float, float]:
    return float(row["lat_deg"]), float(row["lon_deg"])


def _said(row: dict[str, str], way: str) -> tuple[float, float]:
    return float(row[f"{way}_lat"]), float(row[f"{way}_lon"])


def _columns(rows: list[dict[str, str]]) -> tuple[Floats, Floats]:
    points = np.array([_point(row) for row in rows], np.float64)
    return points[:, 0], points[:, 1]


def test_table_covers_china_and_the_world() -> None:
    """The reference is not cut short, and each named place is on its side of the box."""
    names = {row["name"]: row["inside"] for row in ROWS}

    assert len(ROWS) >= 200
    for name in ("hefei", "beijing", "hong_kong", "urumqi", "sanya", "edge_sw", "edge_ne"):
        assert names[name] == "1"
    for name in ("zurich", "dublin", "new_york", "tokyo", "sydney", "just_w", "just_n"):
        assert names[name] == "0"


@pytest.mark.parametrize("way", WAYS)
def test_agrees_with_prcoords_in_china(way: str) -> None:
    """Every row of the box, edges too: there to a micrometre, back to what prcoords leaves."""
    convert, crs = WAYS[way]

    off_m = {
        row["name"]: distance_m(*convert(*_point(row), crs), *_said(row, way)) for row in INSIDE
    }

    assert {name: m for name, m in off_m.items() if not m <= AGREES_M[way]} == {}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_deviates_outside_the_box(way: str) -> None:
    """Zurich, Tokyo, a pole, one step outside an edge: the same bits; so says prcoords of GCJ."""
    convert, crs = WAYS[way]

    for row in OUTSIDE:
        assert convert(*_point(row), crs) == _point(row), row["name"]
        if crs == Crs.GCJ02:
            assert _said(row, way) == _point(row), row["name"]


@pytest.mark.parametrize("way", WAYS)
def test_arrays_say_what_scalars_say(way: str) -> None:
    """One formula: a whole table at once is each of its points."""
    convert, crs = WAYS[way]
    at_once = to_wgs84_arrays if convert is to_wgs84 else from_wgs84_arrays
    lat, lon = _columns(ROWS)
    one_by_one = np.array([convert(*_point(row), crs) for row in ROWS])

    got_lat, got_lon = at_once(lat, lon, crs)

    np.testing.assert_allclose(got_lat, one_by_one[:, 0], rtol=0, atol=DIGITS_DEG)
    np.testing.assert_allclose(got_lon, one_by_one[:, 1], rtol=0, atol=DIGITS_DEG)
    inside = np.array([row["inside"] == "1" for row in ROWS])
    np.testing.assert_array_equal(got_lat[~inside], lat[~inside])
    np.testing.assert_array_equal(got_lon[~inside], lon[~inside])
    assert ((got_lat != lat) & (got_lon != lon))[inside].all()


@pytest.mark.parametrize("convert", [to_wgs84_arrays, from_wgs84_arrays])
@pytest.mark.parametrize("crs", Crs)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3)])
def test_arrays_keep_their_shape_and_the_arguments_their_values(
    shape: tuple[int, ...],
    crs: Crs,
    convert: Callable[[Floats, Floats, Crs], tuple[Floats, Floats]],
) -> None:
    """New arrays come out, also for one point and for none."""
    lat, lon = np.full(shape, 31.82), np.full(shape, 117.23)

    got_lat, got_lon = convert(lat, lon, crs)

    assert got_lat.shape == got_lon.shape == shape
    assert not np.shares_memory(got_lat, lat)
    assert not np.shares_memory(got_lon, lon)
    assert (lat == 31.82).all()
    assert (lon == 117.23).all()


@pytest.mark.parametrize(("crs", "least_m", "most_m"), [("gcj02", 553, 573), ("bd09", 1100, 1300)])
def test_deviation_of_hefei(crs: str, least_m: float, most_m: float) -> None:
    """The figures of the design (health.md): 553 to 573 m, and 1.2 km."""
    there = from_wgs84(31.82, 117.23, Crs(crs))

    assert least_m <= distance_m(31.82, 117.23, *there) <= most_m


@given(lat=BOX_LAT, lon=BOX_LON, crs=st.sampled_from(DEVIATING))
@example(lat=35.0, lon=105.0, crs=Crs.GCJ02)  # the kink of the root of |lon - 105|
@example(lat=20.0, lon=105.0 + 1e-9, crs=Crs.GCJ02)
@example(lat=20.0, lon=105.0, crs=Crs.BD09)
def test_there_and_back_ends_where_it_began(lat: float, lon: float, crs: Crs) -> None:
    """Both ways round, anywhere in the box."""
    there_back = to_wgs84(*from_wgs84(lat, lon, crs), crs)
    back_there = from_wgs84(*to_wgs84(lat, lon, crs), crs)

    assert distance_m(*there_back, lat, lon) <= BACK_M
    assert distance_m(*back_there, lat, lon) <= BACK_M


@given(lat=WORLD_LAT, lon=WORLD_LON, crs=st.sampled_from(Crs))
@example(lat=NORTH_DEG, lon=EAST_DEG, crs=Crs.BD09)
@example(lat=SOUTH_DEG, lon=WEST_DEG, crs=Crs.BD09)
@example(lat=90.0, lon=105.0, crs=Crs.GCJ02)
@example(lat=SOUTH_DEG, lon=180.0, crs=Crs.GCJ02)
def test_any_point_of_the_world_stays_one_near_itself(lat: float, lon: float, crs: Crs) -> None:
    """No NaN, no leap of more than the deviation, in either direction, at an edge or a pole."""
    for convert in (to_wgs84, from_wgs84):
        got_lat, got_lon = convert(lat, lon, crs)

        assert abs(got_lat - lat) < EDGE_DEG
        assert abs(got_lon - lon) < EDGE_DEG


@given(lat=WORLD_LAT, lon=WORLD_LON)
def test_wgs84_is_left_alone(lat: float, lon: float) -> None:
    """The same bits, in the box or not."""
    assert to_wgs84(lat, lon, Crs.WGS84) == (lat, lon)
    assert from_wgs84(lat, lon, Crs.WGS84) == (lat, lon)


@given(points=st.lists(st.tuples(BOX_LAT, BOX_LON), min_size=2, max_size=9))
def test_a_point_does_not_depend_on_its_neighbours(points: list[tuple[float, float]]) -> None:
    """In an array as alone: a replay in other batches says the same."""
    lat, lon = np.array(points, np.float64).T
    alone = [to_wgs84(*point, Crs.BD09) for point in points]

    together = np.array(to_wgs84_arrays(lat, lon, Crs.BD09)).T

    np.testing.assert_allclose(together, alone, rtol=0, atol=DIGITS_DEG)


def test_a_missing_number_stays_missing() -> None:
    """NaN lies in no box: it comes out as it went in, and hurts no neighbour."""
    lat, lon = to_wgs84_arrays(np.array([math.nan, 31.82]), np.array([117.23, 117.23]), Crs.GCJ02)

    assert math.isnan(lat[0])
    assert lon[0] == 117.23
    assert (lat[1], lon[1]) == pytest.approx(to_wgs84(31.82, 117.23, Crs.GCJ02), abs=DIGITS_DEG)

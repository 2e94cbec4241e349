"""Patrol grids cover a city once: overlaps, gaps and sites outside are found, and nothing else."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from alerts.grid_check import check_grids
from alerts.routing import GridIndex
from devices.model import Grid, Site

WEST, SOUTH = 117.2, 31.8
CELL = 0.01
"""Degrees: 945 m by 1,112 m at this latitude."""


def _box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _grid(number: int, *rings: list[list[float]]) -> Grid:
    return Grid(id=f"{number:014d}", geometry={"type": "Polygon", "coordinates": list(rings)})


def _cell(number: int, column: int, row: int, *, wider: float = 0.0) -> Grid:
    west, south = WEST + column * CELL, SOUTH + row * CELL
    return _grid(number, _box(west, south, west + CELL + wider, south + CELL))


def _board(size: int) -> list[Grid]:
    return [
        _cell(row * size + column, column, row) for row in range(size) for column in range(size)
    ]


def test_board_without_fault_is_clean() -> None:
    """Neighbours share their edge; sites on edges and corners are inside."""
    sites = [Site(id="s-1", lat_deg=SOUTH + CELL, lon_deg=WEST + CELL)]

    report = check_grids(_board(4), sites)

    assert report.is_clean
    assert (report.grids, report.sites) == (16, 1)


def test_overlap_is_found_with_its_place_and_size() -> None:
    """A grid that reaches 94.5 m into its neighbour; one that reaches 5 cm is no finding."""
    board = _board(3)
    board[3] = _cell(3, 0, 1, wider=0.001)
    board[7] = _cell(7, 1, 2, wider=0.000_000_5)

    report = check_grids(board, [])

    [overlap] = report.overlaps
    assert (overlap.first, overlap.second) == ("00000000000003", "00000000000004")
    assert overlap.area_m2 == pytest.approx(94.5 * 1_112, rel=0.01)
    assert overlap.width_m == pytest.approx(94.5 * 1_112 / (94.5 + 1_112), rel=0.01)
    assert WEST + CELL < overlap.lon_deg < WEST + CELL + 0.001
    assert SOUTH + CELL < overlap.lat_deg < SOUTH + 2 * CELL
    assert report.gaps == []


def test_missing_grid_in_the_middle_is_a_gap() -> None:
    """With those that lie around it."""
    board = _board(3)
    del board[4]

    [gap] = check_grids(board, []).gaps

    assert len(gap.beside) == 8
    assert gap.area_m2 == pytest.approx(945 * 1_112, rel=0.01)
    assert GridIndex(board).grid_of(gap.lat_deg, gap.lon_deg) == ""


def test_missing_grid_at_the_border_is_no_gap() -> None:
    """That is where the city ends."""
    assert check_grids(_board(3)[1:], []).gaps == []


def test_slit_between_two_grids_is_a_gap_though_it_is_open() -> None:
    """9 m wide, from one border of the city to the other."""
    left = _grid(1, _box(WEST, SOUTH, WEST + 0.0099, SOUTH + CELL))
    right = _grid(2, _box(WEST + CELL, SOUTH, WEST + 2 * CELL, SOUTH + CELL))

    [gap] = check_grids([left, right], []).gaps

    assert gap.beside == (left.id, right.id)
    assert gap.width_m == pytest.approx(9.4, abs=0.3)


def test_hole_in_one_grid_is_a_gap_and_its_own_notch_is_not() -> None:
    """A pond nobody patrols is told; an outline may be as crooked as it likes."""
    hole = _box(WEST + 0.004, SOUTH + 0.004, WEST + 0.006, SOUTH + 0.006)
    pond = _grid(1, _box(WEST, SOUTH, WEST + CELL, SOUTH + CELL), hole)
    notched = [
        [WEST, SOUTH],
        [WEST + 0.005, SOUTH],
        [WEST + 0.005, SOUTH + 0.005],
        [WEST + 0.0052, SOUTH + 0.005],
        [WEST + 0.0052, SOUTH],
        [WEST + CELL, SOUTH],
        [WEST + CELL, SOUTH + CELL],
        [WEST, SOUTH + CELL],
        [WEST, SOUTH],
    ]

    gaps = check_grids([pond], []).gaps

    assert [gap.beside for gap in gaps] == [(pond.id,)]
    assert check_grids([_grid(2, notched)], []).gaps == []


def test_site_outside_is_told_with_the_nearest_grid() -> None:
    """And one of which only the outline is known stands in its middle."""
    outline: dict[str, object] = {
        "type": "Polygon",
        "coordinates": [_box(WEST - 0.002, SOUTH, WEST - 0.001, SOUTH + 0.001)],
    }
    sites = [
        Site(id="in", lat_deg=SOUTH + 0.005, lon_deg=WEST + 0.005),
        Site(id="out", lat_deg=SOUTH - CELL, lon_deg=WEST),
        Site(id="drawn", geometry=outline),
    ]

    first, second = check_grids(_board(2), sites).strays

    assert [first.site, second.site] == ["out", "drawn"]
    assert first.nearest == "00000000000000"
    assert [first.away_m, second.away_m] == pytest.approx([1_112, 142], rel=0.02)


def test_bad_grid_and_no_grid_at_all() -> None:
    """Each is said; nothing stops."""
    bad = _grid(1, [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]])
    site = Site(id="s-1", lat_deg=SOUTH, lon_deg=WEST)

    report = check_grids([bad], [site])

    assert list(report.unusable) == [bad.id]
    assert [(stray.site, stray.nearest) for stray in report.strays] == [("s-1", "")]
    assert check_grids([], []).is_clean


@given(
    places=st.lists(
        st.tuples(st.integers(-1, 9), st.integers(-1, 9)) | st.tuples(*[st.floats(-1, 9)] * 2),
        min_size=1,
        max_size=30,
    ),
    seed=st.integers(0, 100),
)
def test_routing_of_many_is_the_smallest_grid_that_covers_each(
    places: list[tuple[float, float]], seed: int
) -> None:
    """Stars with holes that overlap; on edges and corners both grids have it, the smaller wins."""
    rng = np.random.default_rng(seed)
    grids = [_star(rng, number) for number in range(12)] + [_cell(50, 2, 2), _cell(51, 3, 2)]
    index = GridIndex(grids)
    lat = np.array([SOUTH + y * CELL / 2 for _, y in places])
    lon = np.array([WEST + x * CELL / 2 for x, _ in places])

    found = index.grids_of(lat, lon)

    for k, name in enumerate(found):
        covers = [one for one, shape in index.shapes.items() if _covers(shape, lon[k], lat[k])]
        assert name == min(covers, default="")
        assert name == index.grid_of(float(lat[k]), float(lon[k]))


def _star(rng: np.random.Generator, number: int) -> Grid:
    x, y = rng.uniform(0, 4, 2) * CELL
    angles = np.linspace(0, 2 * np.pi, 8)[:-1]
    radii = rng.uniform(0.2, 1.0, 7) * CELL
    rings = []
    for share in (1.0, 0.4):
        corners = [
            [WEST + x + share * r * np.cos(a), SOUTH + y + share * r * np.sin(a)]
            for r, a in zip(radii, angles, strict=True)
        ]
        rings.append([*corners, corners[0]])
    return _grid(number, *rings)


def _covers(shape: BaseGeometry, lon_deg: float, lat_deg: float) -> bool:
    return bool(shape.covers(shapely.Point(lon_deg, lat_deg)))


def test_index_keeps_the_polygons_of_grids_that_did_not_change() -> None:
    """6,595 grids come in chunks: each of them is drawn once."""
    board = _board(3)
    before = GridIndex(board)

    after = GridIndex([*board[1:], _cell(0, 0, 0, wider=0.001)], before)

    same = [after.shapes[name] is shape for name, shape in before.shapes.items()]
    assert same == [False] + [True] * 8

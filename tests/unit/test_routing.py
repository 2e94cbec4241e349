"""Position to patrol grid."""

import pytest

from alerts.routing import GridIndex, grid_shape
from devices.model import Grid

SQUARE: dict[str, object] = {
    "type": "Polygon",
    "coordinates": [
        [[117.2, 31.8], [117.3, 31.8], [117.3, 31.9], [117.2, 31.9], [117.2, 31.8]],
    ],
}
GOOD = Grid(id="34010400100101", geometry=SQUARE)


def test_position_in_a_grid_and_outside() -> None:
    """Outside every grid, and without position, it is the city desk's."""
    index = GridIndex([GOOD])

    assert index.grid_of(31.85, 117.25) == GOOD.id
    assert index.grid_of(31.0, 117.25) == ""
    assert index.grid_of(None, None) == ""


def test_of_two_grids_that_overlap_the_smaller_id_wins() -> None:
    """The answer does not depend on the order of registration."""
    other = Grid(id="34010400100102", geometry=SQUARE)

    assert GridIndex([other, GOOD]).grid_of(31.85, 117.25) == GOOD.id


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "x"},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        {"type": "Nonsense"},
    ],
)
def test_bad_grid_is_named_and_passed_over(geometry: dict[str, object]) -> None:
    """A journal that holds a bad grid must not stop the processor."""
    bad = Grid(id="1", geometry=geometry)

    index = GridIndex([bad, GOOD])

    assert set(index.unusable) == {"1"}
    assert index.grid_of(31.85, 117.25) == GOOD.id
    with pytest.raises(ValueError, match="grid 1"):
        grid_shape(bad)

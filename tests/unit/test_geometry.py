"""GeoJSON is checked before it can reach the processor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.geometry import check_polygon

SQUARE = [[117.2, 31.8], [117.3, 31.8], [117.3, 31.9], [117.2, 31.9], [117.2, 31.8]]
HOLE = [[117.22, 31.82], [117.24, 31.82], [117.24, 31.84], [117.22, 31.82]]


def test_a_square_with_a_hole_passes() -> None:
    """Polygon and MultiPolygon are taken."""
    check_polygon("Polygon", [SQUARE, HOLE])
    check_polygon("MultiPolygon", [[SQUARE, HOLE]])


@pytest.mark.parametrize(
    ("coordinates", "words"),
    [
        ([SQUARE[:-1]], "closed"),
        ([[]], "list of positions"),
        (["x"], "list of positions"),
        ([[["a", "b"]] * 4], "longitude, latitude"),
        ([[[True, False]] * 4], "longitude, latitude"),
        ([[[31.8, 117.2]] * 4], "out of range"),
        ([[[float("nan"), 31.8]] * 4], "out of range"),
        ([[SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]], "simple"),
        ([SQUARE[:1] * 10_001], "corners"),
    ],
)
def test_a_bad_polygon_is_named(coordinates: list[object], words: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(ValueError, match=words):
        check_polygon("Polygon", coordinates)


@given(
    st.recursive(
        st.floats() | st.text(max_size=3) | st.none() | st.booleans(),
        lambda children: st.lists(children, max_size=5),
        max_leaves=20,
    )
)
def test_any_nesting_passes_or_is_refused(tree: object) -> None:
    """Nothing but ValueError escapes."""
    try:
        check_polygon("Polygon", [tree])
    except ValueError:
        return

"""Fences from and to GeoJSON: mended or refused with the place, row by row."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.fence_geojson import checked, collection_of, feature_of, read_fences
from devices.crs import Crs
from devices.geometry_mending import mend
from devices.model import Fence, FenceKind

WEST, SOUTH = 117.2, 31.8
SIDE = 0.01
SQUARE = [
    [WEST, SOUTH],
    [WEST + SIDE, SOUTH],
    [WEST + SIDE, SOUTH + SIDE],
    [WEST, SOUTH + SIDE],
    [WEST, SOUTH],
]
HOLE = [
    [WEST + 0.004, SOUTH + 0.004],
    [WEST + 0.006, SOUTH + 0.004],
    [WEST + 0.006, SOUTH + 0.006],
    [WEST + 0.004, SOUTH + 0.004],
]
BOW_TIE = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]
SLIP = [*SQUARE[:2], [WEST + 0.0101, SOUTH + 0.00501], [WEST + 0.0101, SOUTH + 0.005], *SQUARE[2:]]
"""One edge runs back over itself by a metre and makes a small loop."""


def _feature(fence_id: object, geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "id": fence_id, "properties": properties, "geometry": geometry}


def _polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def _read(*features: object, crs: Crs = Crs.WGS84) -> list[tuple[int, str, bool, str]]:
    rows = read_fences({"type": "FeatureCollection", "features": list(features)}, crs)
    return [(row.number, row.fence_id, row.fence is not None, row.fault) for row in rows]


def test_circles_polygons_holes_and_parts_are_read() -> None:
    """With all that may be said of them; what is not ours is passed over."""
    parts: dict[str, object] = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE]]}
    document = {
        "type": "FeatureCollection",
        "features": [
            _feature("a", _polygon(SQUARE, HOLE), kind="keep_in", name="Hof 1", OBJECTID=7),
            _feature("b", parts, kind="keep_out", dwell_s=5, margin_m=20, vehicle_id="v-1"),
            {
                "type": "Feature",
                "properties": {"id": "c", "radius_m": 80, "name": None},
                "geometry": {"type": "Point", "coordinates": [WEST, SOUTH]},
            },
        ],
    }

    first, second, third = (row.fence for row in read_fences(document))

    assert first == Fence(
        id="a", name="Hof 1", kind=FenceKind.KEEP_IN, geometry=_polygon(SQUARE, HOLE)
    )
    assert second == Fence(
        id="b",
        kind=FenceKind.KEEP_OUT,
        geometry=parts,
        dwell_s=5,
        margin_m=20,
        vehicle_id="v-1",
    )
    assert third == Fence(id="c", lat_deg=SOUTH, lon_deg=WEST, radius_m=80)


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ("x", "Feature"),
        ({"type": "Feature", "properties": [], "geometry": None}, "id"),
        (_feature("a b", _polygon(SQUARE)), "regex"),
        (_feature(7, _polygon(SQUARE)), "str"),
        (_feature("a", None), "geometry"),
        (_feature("a", {"type": "Point", "coordinates": [WEST, SOUTH]}), "radius_m"),
        (_feature("a", {"type": "Point", "coordinates": [SOUTH, WEST]}, radius_m=50), "order"),
        (_feature("a", {"type": "Point", "coordinates": [WEST]}, radius_m=50), "position"),
        (_feature("a", {"type": "LineString", "coordinates": SQUARE}), "MultiPolygon"),
        (_feature("a", _polygon(SQUARE), radius_m=50), "belongs to a Point"),
        (_feature("a", _polygon(SQUARE), kind="fence"), "kind"),
        (_feature("a", _polygon(SQUARE), dwell_s=-1), "dwell_s"),
        (_feature("a", _polygon(SQUARE[:-1])), "closed"),
        (_feature("a", _polygon([*SQUARE[:-1], ["x", 1]])), "position"),
        (_feature("a", _polygon(BOW_TIE)), "crosses itself at lon 117.205000, lat 31.805000"),
        (_feature("a", {"type": "Point", "coordinates": [WEST, SOUTH]}, radius_m=5), "larger"),
        (_feature("a", {"type": "Point", "coordinates": [180, 0]}, radius_m=50), "180th"),
        (_feature("a", {"type": "Point", "coordinates": [0, 90]}, radius_m=50), "pole"),
        (_feature("a", _polygon([SQUARE[0]] * 10_001)), "corners"),
    ],
)
def test_what_is_wrong_is_said_with_the_number_of_the_feature(feature: object, words: str) -> None:
    """The good one before it is read all the same."""
    good = _feature("good", _polygon(SQUARE))

    [first, second] = _read(good, feature)

    assert first == (1, "good", True, "")
    assert second[0] == 2
    assert not second[2]
    assert words in second[3]


def test_same_id_twice_is_refused() -> None:
    """Naming the feature that has it."""
    feature = _feature("a", _polygon(SQUARE))

    assert _read(feature, feature)[1] == (2, "a", False, "feature 1 has this id already")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "object"),
        ({"type": "Polygon"}, "FeatureCollection"),
        ({"type": "FeatureCollection", "features": {}}, "features"),
        (
            {"type": "FeatureCollection", "features": [], "crs": {"name": "EPSG:4549"}},
            "EPSG:4326",
        ),
        ({"type": "FeatureCollection", "features": [0] * 10_001}, "parts"),
    ],
)
def test_what_is_no_collection_is_refused_as_a_whole(document: object, words: str) -> None:
    """Chinese survey coordinates, too, where they are named."""
    with pytest.raises(ValueError, match=words):
        read_fences(document)


def test_chinese_map_coordinates_are_converted() -> None:
    """GCJ-02 is some 500 m off at Hefei; circles and every corner."""
    circle = _feature("a", {"type": "Point", "coordinates": [WEST, SOUTH]}, radius_m=80)
    document = {"type": "FeatureCollection", "features": [circle, _feature("b", _polygon(SQUARE))]}

    first, second = (row.fence for row in read_fences(document, Crs.GCJ02))

    assert first is not None
    assert second is not None
    assert second.geometry is not None
    assert first.lon_deg is not None
    assert 0.004 < WEST - first.lon_deg < 0.007
    ring = second.geometry["coordinates"]
    assert isinstance(ring, list)
    assert ring[0][0] == [pytest.approx(first.lon_deg), pytest.approx(first.lat_deg)]
    assert ring[0][0] == ring[0][-1]


def test_place_of_a_crossing_is_said_in_the_coordinates_of_the_file() -> None:
    """There whoever drew it finds it."""
    [row] = _read(_feature("a", _polygon(BOW_TIE)), crs=Crs.GCJ02)
    document = {"type": "FeatureCollection", "features": [_feature("b", _polygon(SLIP))]}
    [mended] = read_fences(document, Crs.GCJ02)

    assert "lon 117.205000, lat 31.805000" in row[3]
    assert "lon 117.21" in mended.note
    assert mended.fence is not None


def test_small_slip_is_mended_and_said() -> None:
    """A loop of a metre: the fence stays what it was meant to be."""
    fence, note = checked(Fence(id="a", geometry=_polygon(SLIP)))

    assert "crosses itself at lon 117.21" in note
    assert "mended, its area changed by 0.0" in note
    assert fence.geometry != _polygon(SLIP)
    assert checked(fence) == (fence, "")


def test_slip_of_a_fence_with_a_hole_is_mended_and_the_hole_stays() -> None:
    """The hole's area is not counted as changed."""
    geometry, note = mend("Polygon", [SLIP, HOLE])

    assert "changed by 0.0" in note
    rings = geometry["coordinates"]
    assert isinstance(rings, list)
    assert len(rings) == 2


@pytest.mark.parametrize(
    ("rings", "words"),
    [
        ([BOW_TIE], "crosses itself"),
        ([SQUARE, [[x + 0.02, y] for x, y in HOLE]], "hole outside"),
        ([[*SQUARE[:-1], *SQUARE]], "crosses itself"),
        ([SQUARE, SQUARE], "crosses"),
        ([[SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[0]]], "too few"),
    ],
)
def test_large_change_is_refused(rings: list[object], words: str) -> None:
    """Bow tie, hole outside, run round twice, nothing left, a line."""
    with pytest.raises(ValueError, match=words):
        mend("Polygon", rings)


def test_spike_and_overlapping_parts_are_mended_when_they_hardly_matter() -> None:
    """Two parts that overlap by a sliver; a spike that encloses nothing."""
    spike = [*SQUARE[:2], [WEST + 0.02, SOUTH], SQUARE[1], *SQUARE[2:]]
    beside = [[x + SIDE * 0.9999, y] for x, y in SQUARE]

    notes = [
        mend("Polygon", [spike]).note,
        mend("MultiPolygon", [[SQUARE], [beside]]).note,
    ]

    assert all("mended" in note for note in notes)


def test_winding_order_is_irrelevant() -> None:
    """Clockwise outer rings, as RFC 7946 forbids and many maps write them."""
    turned = _polygon(SQUARE[::-1], HOLE[::-1])

    assert checked(Fence(id="a", geometry=turned))[1] == ""


ids = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,20}\Z")


@given(
    fences=st.lists(
        st.builds(
            Fence,
            id=ids,
            name=st.text(max_size=20),
            kind=st.sampled_from(FenceKind),
            margin_m=st.floats(0, 100),
            dwell_s=st.floats(0, 100),
            vehicle_id=st.none() | ids,
            lat_deg=st.floats(-60, 60),
            lon_deg=st.floats(-179, 179),
            radius_m=st.floats(25, 500),
        )
        | st.builds(Fence, id=ids, geometry=st.just(_polygon(SQUARE, HOLE))),
        max_size=5,
        unique_by=lambda fence: fence.id,
    )
)
def test_what_is_written_is_read_again(fences: list[Fence]) -> None:
    """Through JSON text."""
    text = json.dumps(collection_of(fences))

    assert [row.fence for row in read_fences(json.loads(text))] == fences


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["type", "coordinates", "id", "x"]), inner, max_size=4
            )
        ),
        max_leaves=15,
    ),
    st.sampled_from(["Polygon", "MultiPolygon", "Point"]),
    st.sampled_from([Crs.WGS84, Crs.GCJ02]),
)
def test_any_feature_is_a_row(anything: object, kind: str, crs: Crs) -> None:
    """Good or refused with words; nothing else escapes."""
    feature = _feature("a", {"type": kind, "coordinates": anything}, radius_m=anything)

    rows = [*_read(feature, crs=crs), *_read(anything, crs=crs)]

    assert all(good is (fault == "") for _, _, good, fault in rows)


def test_circle_is_a_point_with_a_radius() -> None:
    """As other programs read it."""
    feature = feature_of(Fence(id="a", lat_deg=SOUTH, lon_deg=WEST, radius_m=80))

    assert feature["geometry"] == {"type": "Point", "coordinates": [WEST, SOUTH]}
    assert feature["id"] == "a"

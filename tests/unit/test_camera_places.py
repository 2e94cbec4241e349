"""The nearest cameras of a place: distance, bearing, working ones first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.cameras import SeenCamera, cameras_near
from devices.camera_places import CameraPlaces, working_first
from devices.causes import Cause
from devices.geo import bearing_deg, distance_m, distances_m
from devices.model import AdminState, Device, DeviceClass, Site
from devices.presence import Presence

HERE = (31.82, 117.22)
SITES = {"s-1": Site(id="s-1", lat_deg=31.821, lon_deg=117.22)}
DEGREES = st.tuples(st.floats(30.9, 32.6), st.floats(116.6, 118.0))


def a_camera(name: str, slot: int = 1, **changes: object) -> Device:
    """A camera at site s-1."""
    values: dict[str, object] = {"cls": DeviceClass.CAMERA, "site_id": "s-1"}
    return Device(id=name, slot=slot, **(values | changes))  # type: ignore[arg-type]


def test_a_camera_stands_where_it_was_put_up_else_at_its_site() -> None:
    """What has neither, was retired, or is no camera is never found."""
    places = CameraPlaces(
        [
            a_camera("cam-site"),
            a_camera("cam-own", lat_deg=31.8201, lon_deg=117.22),
            a_camera("cam-nowhere", site_id=None),
            a_camera("cam-gone", admin=AdminState.RETIRED),
            a_camera("chg-1", cls=DeviceClass.CHARGER),
        ],
        SITES,
    )

    found, away_m = places.nearest(*HERE, within_m=1_000)

    assert [places.cameras[k].id for k in found] == ["cam-own", "cam-site"]
    assert away_m == pytest.approx([11.1, 111.2], abs=0.1)
    assert list(places.nearest(*HERE, within_m=100)[0]) == [found[0]]


@given(st.lists(DEGREES, max_size=20), DEGREES)
def test_nearest_is_what_looking_at_each_finds(
    spots: list[tuple[float, float]], here: tuple[float, float]
) -> None:
    """Order and metres, whatever the order of registration."""
    cameras = [
        a_camera(f"cam-{k:02d}", lat_deg=lat, lon_deg=lon) for k, (lat, lon) in enumerate(spots)
    ]
    places = CameraPlaces(reversed(cameras), {})

    found, away_m = places.nearest(*here, within_m=40_000)

    expected = sorted(
        (distance_m(*here, *spot), f"cam-{k:02d}")
        for k, spot in enumerate(spots)
        if distance_m(*here, *spot) <= 40_000
    )
    assert away_m == pytest.approx([m for m, _ in expected], abs=1e-3)
    assert {places.cameras[k].id for k in found} == {name for _, name in expected}
    lat, lon = np.array(spots).reshape(-1, 2).T
    assert distances_m(lat, lon, *here)[found] == pytest.approx(away_m)


@pytest.mark.parametrize(
    ("to", "expected"),
    [((32.0, 117.22), 0), ((31.82, 117.3), 90), ((31.0, 117.22), 180), ((31.82, 117.1), 270)],
)
def test_bearing_is_from_north(to: tuple[float, float], expected: float) -> None:
    """Clockwise."""
    assert bearing_deg(*HERE, *to) == pytest.approx(expected, abs=0.1)


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 5))
def test_working_ones_come_first_and_nearer_broken_ones_are_told(
    works: list[bool], most: int
) -> None:
    """Never a broken one that is farther than a working one that was left out."""
    named = working_first(np.array(works, np.bool_), most)

    good = [k for k in named if works[k]]
    bad = [k for k in named if not works[k]]
    assert named == good + bad
    assert good == [k for k, each in enumerate(works) if each][:most]
    assert (
        bad
        == [k for k in range(max(good) if len(good) == most else len(works)) if not works[k]][:most]
    )


def test_an_alert_marks_a_broken_camera_in_both_languages() -> None:
    """Working ones are preferred; what does not hinder seeing is not told."""
    online = int(Presence.ONLINE)
    near = [
        SeenCamera("cam-1", 12.4, online, int(Cause.FROZEN | Cause.DISK_FULL)),
        SeenCamera("cam-2", 30.0, online, int(Cause.DISK_FULL)),
    ]

    (reason,) = cameras_near(near, 3)

    assert reason.text_en == (
        "cameras nearby: cam-2 (30 m), cam-1 (12 m, not working; the picture is frozen)"
    )
    assert reason.text_zh == "附近摄像头:cam-2 (30米)、cam-1 (12米, 不可用: 画面冻结)"
    assert cameras_near([], 3) == []

"""All fences against all vehicles: what may not be watched stops nothing."""

import msgspec
import pytest

from alerts.fences import FenceWatch
from devices.model import Fence


def test_fence_that_may_not_be_saved_is_named_and_passed_over() -> None:
    """A journal that holds a bad fence must not stop the processor."""
    watch = FenceWatch()
    good = Fence(id="good", lat_deg=31.8, lon_deg=117.2, radius_m=100.0)
    tiny = Fence(id="tiny", lat_deg=31.8, lon_deg=117.2, radius_m=5.0)

    watch.follow([tiny, Fence(id="empty"), good])

    assert watch.any
    assert set(watch.unusable) == {"tiny", "empty"}


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Nonsense"},
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "x"},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
    ],
)
def test_geometry_that_is_no_polygon_stops_nothing(geometry: dict[str, object]) -> None:
    """The journal holds whatever was written to it."""
    watch = FenceWatch()

    watch.follow([Fence(id="bad", geometry=geometry)])

    assert list(watch.unusable) == ["bad"]


def test_only_a_fence_that_changed_is_built_anew() -> None:
    """A city has thousands: saving one must not hold the others up."""
    watch = FenceWatch()
    fences = [Fence(id=f"f{k}", lat_deg=31.8, lon_deg=117.2, radius_m=100.0) for k in range(3)]
    tiny = Fence(id="tiny", lat_deg=31.8, lon_deg=117.2, radius_m=5.0)
    watch.follow([*fences, tiny])
    names = [fence.id for fence in fences]
    before = [watch.area_of(name) for name in names]

    redrawn = msgspec.structs.replace(fences[1], radius_m=200.0)
    watch.follow([fences[0], redrawn, fences[2], tiny])

    after = [watch.area_of(name) for name in names]
    assert [new is old for new, old in zip(after, before, strict=True)] == [True, False, True]
    assert [area.size_m if area else 0 for area in after] == [100, 200, 100]
    assert list(watch.unusable) == ["tiny"]
    watch.follow([fences[0], msgspec.structs.replace(tiny, radius_m=50.0)])
    around = watch.around("v-1", 31.8, 117.2)
    assert [area.fence.id for area in around] == ["f0", "tiny"]
    assert watch.unusable == {}

"""All fences against all vehicles: what may not be watched stops nothing."""

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

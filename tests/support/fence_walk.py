"""One vehicle that walks about fences, fix by fix."""

from alerts.fences import FenceWatch
from alerts.rules.geofence import FenceEvent, Side
from devices.model import Fence
from support.factories import a_fix
from support.fencing import fence_events_of

SECOND_MS = 1_000


def circle(radius_m: float, *, dwell_s: float = 20.0) -> Fence:
    """About 47.05, 8.3."""
    return Fence(id="f-1", lat_deg=47.05, lon_deg=8.3, radius_m=radius_m, dwell_s=dwell_s)


def box(south: float, north: float, west: float, east: float) -> list[list[float]]:
    """A rectangle's ring, degrees."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*rings: list[list[float]], dwell_s: float = 20.0) -> Fence:
    """An outer ring and holes."""
    geometry: dict[str, object] = {"type": "Polygon", "coordinates": list(rings)}
    return Fence(id="f-1", geometry=geometry, dwell_s=dwell_s)


class Walk:
    """One vehicle against one fence; remembers what was said."""

    def __init__(self, *fences: Fence, acc_m: float = 5.0) -> None:
        self.watch = FenceWatch()
        self.watch.follow(list(fences))
        self._fences = list(fences)
        self._acc_m = acc_m
        self.said: list[str] = []
        self.events: list[FenceEvent] = []
        self.now_s = 0.0

    def to(self, lat_deg: float, lon_deg: float, *, after_s: float = 1.0, acc_m: float = 0) -> None:
        """The next fix."""
        self.now_s += after_s
        fix = a_fix(self.now_s, lat_deg=lat_deg, lon_deg=lon_deg, acc_m=acc_m or self._acc_m)
        events = fence_events_of(self.watch, "v-1", fix, round(self.now_s * SECOND_MS))
        self.events += events
        self.said += [event.what for event in events]

    def stay(self, lat_deg: float, lon_deg: float, seconds: int) -> None:
        """One fix a second at one place."""
        for _ in range(seconds):
            self.to(lat_deg, lon_deg)

    def restart(self) -> None:
        """The service stops and comes back with its checkpoint."""
        blob = self.watch.dump()
        self.watch = FenceWatch()
        self.watch.load(blob)
        self.watch.follow(self._fences)

    @property
    def side(self) -> Side:
        """Where the vehicle is, as far as is known."""
        return Side(self.watch.side_of("v-1", "f-1"))

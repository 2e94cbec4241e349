"""Where each vehicle was last, and how far from there nothing can change at any fence.

By row: vehicles are numbered as they come. Fences whose boundary is near stand in a short list of
the vehicle. For all others there are two discs: inside the *clear* one no fence it is outside of
comes nearer than its margin and the fix's accuracy; inside the *deep* one every fence it is in
stays beyond the margin. Of a fix in both, only the list is looked at.
"""

import msgspec
import numpy as np

from alerts.rules.fence_area import F8
from devices.geo import M_PER_DEG_LAT

LISTED_MAX = 8
"""Fences in a vehicle's list; where more boundaries are near, all is looked up with each fix."""
_FIRST_ROOM = 64
_FIELDS = ("t_ms", "lat_deg", "lon_deg", "era")
"""What a checkpoint holds; discs are drawn anew."""


class PlacesState(msgspec.Struct):
    """For checkpoints; arrays as raw little-endian bytes by name."""

    vehicles: list[str] = []
    arrays: dict[str, bytes] = {}


class Places:
    """Arrays by row.

    Attributes:
        t_ms, lat_deg, lon_deg: The last fix; ``t_ms`` 0 = none.
        era: Of the fences that it was held against (``FenceWatch``); 0 = none.
        middle_lat, middle_lon: Middle of both discs, degrees.
        clear_m, deep_m: Their radii; -1 = not known.
        deep_acc_m: The largest accuracy that the fences it is in allow.
        listed: Area numbers (rows, ``LISTED_MAX``), -1 from the first free place on.
        codes: What is known of each (``fence_pairs.Code``).
    """

    def __init__(self, state: PlacesState | None = None) -> None:
        """None yet, or those of a checkpoint."""
        state = state or PlacesState()
        self._rows = {vehicle: row for row, vehicle in enumerate(state.vehicles)}
        room = max(_FIRST_ROOM, len(self._rows))
        self.t_ms = np.zeros(room, np.int64)
        self.lat_deg, self.lon_deg = np.zeros(room), np.zeros(room)
        self.era = np.zeros(room, np.int64)
        self.middle_lat, self.middle_lon = np.zeros(room), np.zeros(room)
        self.clear_m = np.full(room, -1.0)
        self.deep_m, self.deep_acc_m = np.full(room, -1.0), np.zeros(room)
        self.listed = np.full((room, LISTED_MAX), -1, np.int64)
        self.codes = np.zeros((room, LISTED_MAX), np.int8)
        for name, raw in state.arrays.items():
            array = getattr(self, name)
            array[: len(self._rows)] = np.frombuffer(raw, array.dtype)

    def known_row(self, vehicle_id: str) -> int | None:
        """The row of a vehicle that has one."""
        return self._rows.get(vehicle_id)

    def row_of(self, vehicle_id: str) -> int:
        """The row of a vehicle; a new one gets the next."""
        row = self._rows.get(vehicle_id)
        if row is None:
            row = self._rows[vehicle_id] = len(self._rows)
            if row == len(self.t_ms):
                self._grow()
        return row

    def _grow(self) -> None:
        for name, array in vars(self).items():
            if isinstance(array, np.ndarray):
                blank = np.full_like(array, -1 if name in {"clear_m", "deep_m", "listed"} else 0)
                setattr(self, name, np.concatenate([array, blank]))

    def forget_discs(self) -> None:
        """Fences changed: every vehicle looks its own up again."""
        self.clear_m[:] = self.deep_m[:] = -1.0

    def dump(self) -> PlacesState:
        """State for a checkpoint."""
        count = len(self._rows)
        arrays = {name: getattr(self, name)[:count].tobytes() for name in _FIELDS}
        return PlacesState(vehicles=list(self._rows), arrays=arrays)


def most_m(lat1_deg: F8, lon1_deg: F8, lat2_deg: F8, lon2_deg: F8) -> F8:
    """At least the distance of two places in the plane of any fence, metres.

    A degree of longitude counts as at the equator: at 32 degrees of latitude up to 18 % too much.
    """
    far: F8 = M_PER_DEG_LAT * np.sqrt((lat2_deg - lat1_deg) ** 2 + (lon2_deg - lon1_deg) ** 2)
    return far


def least_m(lat1_deg: F8, lon1_deg: F8, lat2_deg: F8, lon2_deg: F8) -> F8:
    """At most the distance of two places in the plane of any fence near them, metres.

    Half of what a degree of longitude has there: planes differ by ``PLANE_OFF_MAX``.
    """
    east = 0.5 * np.cos(np.radians(lat1_deg)) * (lon2_deg - lon1_deg)
    near: F8 = M_PER_DEG_LAT * np.sqrt((lat2_deg - lat1_deg) ** 2 + east**2)
    return near

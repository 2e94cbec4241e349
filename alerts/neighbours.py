"""Open suspicions by place: a grid hash, so that neighbours are found without asking everybody.

It holds the newest claim of each slot. Empty, as most of the time, it costs nothing.
"""

import math
from collections.abc import Iterator
from itertools import islice

import msgspec

from devices.geo import M_PER_DEG_LAT, distance_m

LOOKED_AT_MAX = 30
"""Claims of one cell that are looked at for another claim, the newest: a city in which thousands
are spoofed at once must not cost the square of it, and a group needs five. Ours."""

Cell = tuple[int, int]


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one tracker says, or shows, at one place.

    Attributes:
        at_ms: When we heard it (steady clock).
        east_m, north_m: Displacement from where it was parked, metres; 0 when it did not move.
        home_lat_deg, home_lon_deg: Where it was parked (WGS 84).
        t_ms: Time of the measurement, ms UTC.
        left_ms: Time of its last fix at the anchor, ms UTC.
        since_ms: Time of its first fix away from it, ms UTC.
        stood_ms: Since when it stands about one place (steady clock).
        stood_lat_deg, stood_lon_deg: That place.
        from_lat_deg, from_lon_deg, from_t_ms: Its claim before this one; time 0 = none.
        site_id: The site it stands at, "" = none.
    """

    slot: int
    vehicle_id: str
    lat_deg: float
    lon_deg: float
    at_ms: int
    t_ms: int = 0
    east_m: float = 0.0
    north_m: float = 0.0
    home_lat_deg: float = 0.0
    home_lon_deg: float = 0.0
    left_ms: int = 0
    since_ms: int = 0
    stood_ms: int = 0
    stood_lat_deg: float = 0.0
    stood_lon_deg: float = 0.0
    from_lat_deg: float = 0.0
    from_lon_deg: float = 0.0
    from_t_ms: int = 0
    site_id: str = ""


class Neighbours:
    """Claims of one kind in cells of ``reach_m``."""

    def __init__(self, reach_m: float, claims: list[Claim] | None = None) -> None:
        """Start from ``claims``, in the order in which they were put, or empty."""
        self._reach_m = reach_m
        self._cells: dict[Cell, dict[int, Claim]] = {}
        self.claims: dict[int, Claim] = {}
        for claim in claims or []:
            self.put(claim)

    def put(self, claim: Claim) -> None:
        """Take the newest claim of a slot."""
        self.drop(claim.slot)
        self.claims[claim.slot] = claim
        self._cells.setdefault(self._cell(claim.lat_deg, claim.lon_deg), {})[claim.slot] = claim

    def drop(self, slot: int) -> None:
        """Forget a slot's claim."""
        known = self.claims.pop(slot, None)
        if known is not None:
            cell = self._cell(known.lat_deg, known.lon_deg)
            del self._cells[cell][slot]
            if not self._cells[cell]:
                del self._cells[cell]

    def near(self, claim: Claim, within_ms: int) -> Iterator[Claim]:
        """Other vehicles' claims within reach of ``claim`` and so near to it in time.

        Of each cell the newest ``LOOKED_AT_MAX`` are looked at.
        """
        row = self._row(claim.lat_deg)
        for near_row in (row - 1, row, row + 1):
            column = self._column(near_row, claim.lon_deg)
            for near_column in (column - 1, column, column + 1):
                cell = self._cells.get((near_row, near_column))
                for other in islice(reversed(cell.values()), LOOKED_AT_MAX) if cell else ():
                    if (
                        abs(other.at_ms - claim.at_ms) <= within_ms
                        and other.vehicle_id != claim.vehicle_id
                        and apart_m(other, claim) <= self._reach_m
                    ):
                        yield other

    def prune(self, before_ms: int) -> None:
        """Forget claims that were heard before then."""
        for slot in [slot for slot, claim in self.claims.items() if claim.at_ms < before_ms]:
            self.drop(slot)

    def _cell(self, lat_deg: float, lon_deg: float) -> Cell:
        row = self._row(lat_deg)
        return row, self._column(row, lon_deg)

    def _row(self, lat_deg: float) -> int:
        return math.floor(lat_deg * M_PER_DEG_LAT / self._reach_m)

    def _column(self, row: int, lon_deg: float) -> int:
        """Columns are as wide as the reach at their row's end nearer to the pole, so never less."""
        polar_m = max(abs(row), abs(row + 1)) * self._reach_m
        east_m = M_PER_DEG_LAT * max(math.cos(math.radians(polar_m / M_PER_DEG_LAT)), 1e-3)
        return math.floor(lon_deg * east_m / self._reach_m)


def at_time(claim: Claim, t_ms: int) -> tuple[float, float]:
    """Where a claim's tracker was, or will be, at a time near its own: as it moved before."""
    span_ms = claim.t_ms - claim.from_t_ms
    if not claim.from_t_ms or span_ms <= 0:
        return claim.lat_deg, claim.lon_deg
    share = max(-1.0, min((t_ms - claim.t_ms) / span_ms, 1.0))
    return (
        claim.lat_deg + share * (claim.lat_deg - claim.from_lat_deg),
        claim.lon_deg + share * (claim.lon_deg - claim.from_lon_deg),
    )


def apart_m(one: Claim, other: Claim) -> float:
    """Distance of two claims' places, metres."""
    return distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)

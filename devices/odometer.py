"""Distance travelled, by slot: what a vehicle rode, not what its receiver wandered.

A vehicle has an anchor, the place it is at. While it stands, fixes near the anchor refine it and
count nothing; a fix farther off is a candidate that the next one must confirm. While its Doppler
says it moves, every leg counts at once. Leaps no vehicle can make move the anchor and count
nothing (field cases A-01 and A-03).
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.admitted import Record
from devices.geo import to_local_m
from devices.readings import Fix, FixSource, Flag
from devices.units import KMH_PER_MPS

MOVING_MPS = 1.4
"""Faster than any parked receiver's Doppler (max 1.13 m/s). Source: detection.md."""
MAX_MPS = 45.0
"""Faster from fix to fix is a leap, no ride. Source: detection.md, gate."""
STANDING_M = 30.0
"""A standing vehicle's fixes lie this near to its anchor ... Source: field case A-03, a scatter
of 12 m each way, whose corners are 34 m apart at a claimed accuracy of 9 m."""
STANDING_ACC = 4.0
"""... or within this many claimed accuracies, whichever is more."""
MAX_ACC_M = 100.0
"""A fix that claims to be worse is no place. Source: our choice; a cell fix is 500 m and more."""
MAX_RADIUS_M = 150.0
"""The anchor's reach never grows beyond this."""
UNKNOWN_ACC_M = 9.0
"""Taken where a device claims none: the accuracy of field case A-03."""
ANCHOR_WEIGHT = 1 / 16
"""The least weight of a new fix in the anchor's mean: it follows slow drift."""
SETTLED_S = 120.0
"""Near its anchor for this long a vehicle stands: even at 0.5 m/s it would have left."""
LEG_SLACK = 2.0
"""A leg longer than this times what the Doppler explains waits for the next fix."""

MAX_HDOP = 2.5
"""Doppler is evidence up to this dilution. Source: detection.md, a receiver near metal."""

_FUTURE, _GNSS = int(Flag.FUTURE), FixSource.GNSS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Places(NamedTuple):
    """Fixes of one round, at most one of a slot, as columns of one length. NaN is unknown."""

    slot: Ints
    t_ms: Ints
    lat_deg: Floats
    lon_deg: Floats
    acc_m: Floats
    speed_mps: Floats
    hdop: Floats

    def only(self, which: Mask | Ints) -> "Places":
        """Those that a mask or an index names."""
        return Places(
            self.slot[which],
            self.t_ms[which],
            self.lat_deg[which],
            self.lon_deg[which],
            self.acc_m[which],
            self.speed_mps[which],
            self.hdop[which],
        )


Place = tuple[int, int, float, float, float | None, float | None, float | None]
"""Slot, time (ms UTC), latitude, longitude, accuracy (m), speed (km/h) and HDOP of one fix."""


def place_of(record: Record) -> Place | None:
    """The place a fix says its vehicle was at: by satellites, fair; None = it says none."""
    fix = record.reading
    if not isinstance(fix, Fix):
        return None
    pos = fix.pos
    lat, lon, acc_m = pos.lat, pos.lon, pos.acc_m
    if lat is None or lon is None or pos.src is not _GNSS or fix.flags & _FUTURE:
        return None
    if acc_m is not None and acc_m > MAX_ACC_M:
        return None
    return (record.device.slot, fix.t_ms, lat, lon, acc_m, pos.spd_kmh, pos.hdop)


def places_of(rows: list[Place]) -> Places:
    """Columns of one place or more."""
    columns = list(zip(*rows, strict=True))
    slots, t_ms = np.array(columns[0], np.int64), np.array(columns[1], np.int64)
    lat_deg, lon_deg, acc_m, speed_kmh, hdop = np.array(columns[2:], np.float64)  # None is NaN
    return Places(slots, t_ms, lat_deg, lon_deg, acc_m, speed_kmh / KMH_PER_MPS, hdop)


def rounds_of_places(records: list[Record]) -> Iterator[Places]:
    """The places of a run of records.

    Each round has at most one place of a slot, and the rounds keep the order of the records.
    """
    rows = [place for record in records if (place := place_of(record)) is not None]
    if rows:
        yield from _rounds(places_of(rows))


def _rounds(places: Places) -> Iterator[Places]:
    """Cut so that each round has at most one of a slot."""
    size = len(places.slot)
    order = np.argsort(places.slot, kind="stable")
    ordered = places.slot[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    if len(starts) == size:
        yield places
        return
    lengths = np.diff(np.append(starts, size))
    turn = np.empty(size, np.int64)
    turn[order] = np.arange(size) - np.repeat(starts, lengths)
    by_turn = np.argsort(turn, kind="stable")
    begin = 0
    for count in np.bincount(turn).tolist():
        yield places.only(by_turn[begin : begin + count])
        begin += count


STATE = np.dtype(
    [
        ("lat_deg", "<f8"),  # the anchor; NaN = none yet
        ("lon_deg", "<f8"),
        ("at_ms", "<i8"),  # when the vehicle was surely at the anchor
        ("from_lat_deg", "<f8"),  # where the next leg is counted from
        ("from_lon_deg", "<f8"),
        ("since_ms", "<i8"),  # when it came to the anchor
        ("seen", "<f8"),  # fixes in the anchor's mean
        ("t_ms", "<i8"),  # newest fix that was taken
        ("next_lat_deg", "<f8"),  # the candidate; NaN = none
        ("next_lon_deg", "<f8"),
        ("leap", "?"),  # no vehicle gets to the candidate in time
        ("distance_m", "<f8"),
    ]
)
"""What is remembered of a slot."""


class OdometerState(msgspec.Struct):
    """For checkpoints: rows of ``STATE``."""

    rows: bytes


class Odometer:
    """Distances of all vehicles by tracker slot."""

    def __init__(self) -> None:
        """Start with none."""
        self._rows = _empty(0)

    def records(self, records: list[Record]) -> None:
        """Take records in journal order; everything but places is passed over."""
        for places in rounds_of_places(records):
            self.step(places)

    def distance_m(self, slot: int) -> float:
        """Metres in this run; 0 for a slot that never told a place."""
        return float(self._rows["distance_m"][slot]) if slot < len(self._rows) else 0.0

    def step(self, places: Places) -> None:
        """Take one round. What is not newer than the last place of its slot counts nothing."""
        self._room_for(int(places.slot.max()))
        fresh = places.t_ms > self._rows["t_ms"][places.slot]
        if not fresh.all():
            places = places.only(fresh)
            if not len(places.slot):
                return
        rows = self._rows[places.slot]
        away_m = np.hypot(*_between(rows["lat_deg"], rows["lon_deg"], places))
        passed_s = (places.t_ms - rows["at_ms"]) / 1000
        reach_m = _reach_m(places)

        first = np.isnan(rows["lat_deg"])
        leap = away_m > MAX_MPS * passed_s + reach_m
        explained_m = LEG_SLACK * places.speed_mps * passed_s + reach_m
        ride = first | (_moves(places) & ~leap & (away_m <= explained_m))
        near = ~ride & (away_m <= reach_m)
        far = ~(ride | near)
        if ride.any():
            self._ride(places.only(ride))
        if near.any():
            self._stand(places.only(near))
        if far.any():
            self._confirm(places.only(far), leap[far], reach_m[far])
        self._rows["t_ms"][places.slot] = places.t_ms

    def _ride(self, places: Places) -> None:
        """The vehicle is there: the leg counts (a first place has none)."""
        slot, rows = places.slot, self._rows
        legs = _between(rows["from_lat_deg"][slot], rows["from_lon_deg"][slot], places)
        rows["distance_m"][slot] += np.nan_to_num(np.hypot(*legs))
        self._move(slot, places.lat_deg, places.lon_deg, places.t_ms)
        rows["next_lat_deg"][slot] = np.nan

    def _move(self, slot: Ints, lat_deg: Floats, lon_deg: Floats, at_ms: Ints) -> None:
        rows = self._rows
        rows["lat_deg"][slot], rows["lon_deg"][slot] = lat_deg, lon_deg
        rows["from_lat_deg"][slot], rows["from_lon_deg"][slot] = lat_deg, lon_deg
        rows["at_ms"][slot], rows["since_ms"][slot], rows["seen"][slot] = at_ms, at_ms, 1

    def _stand(self, places: Places) -> None:
        """It is where it was: the anchor becomes the mean, nothing counts.

        A slow ride looks like that at first, so a leg is counted from where the vehicle came to
        the anchor, until it has surely settled there.
        """
        slot, rows = places.slot, self._rows
        old = rows[slot]
        seen = old["seen"] + 1
        weight = np.maximum(1 / seen, ANCHOR_WEIGHT)
        lat = old["lat_deg"] + weight * (places.lat_deg - old["lat_deg"])
        lon = old["lon_deg"] + weight * (places.lon_deg - old["lon_deg"])
        rows["lat_deg"][slot], rows["lon_deg"][slot] = lat, lon
        rows["seen"][slot], rows["at_ms"][slot] = seen, places.t_ms
        rows["next_lat_deg"][slot] = np.nan
        settled = places.t_ms - old["since_ms"] >= SETTLED_S * 1000
        rows["from_lat_deg"][slot[settled]] = lat[settled]
        rows["from_lon_deg"][slot[settled]] = lon[settled]

    def _confirm(self, places: Places, leap: Mask, reach_m: Floats) -> None:
        """It may be elsewhere: a second fix that agrees makes it so."""
        slot, rows = places.slot, self._rows
        old = rows[slot]
        lat, lon = old["next_lat_deg"], old["next_lon_deg"]
        step_m = np.hypot(*_between(lat, lon, places))  # NaN without a candidate: confirms nothing
        passed_s = (places.t_ms - old["t_ms"]) / 1000
        there = step_m <= reach_m
        goes_on = ~there & (step_m <= MAX_MPS * passed_s + reach_m)
        goes_on &= old["leap"] | np.isnan(places.speed_mps) | _moves(places)
        sure = there | goes_on
        lat = np.where(there, (lat + places.lat_deg) / 2, lat)
        lon = np.where(there, (lon + places.lon_deg) / 2, lon)
        east, north = to_local_m(lat, lon, old["from_lat_deg"], old["from_lon_deg"])
        counts = sure & ~old["leap"]
        rows["distance_m"][slot[counts]] += np.hypot(east, north)[counts]
        at_ms = np.where(there, places.t_ms, old["t_ms"])
        self._move(slot[sure], lat[sure], lon[sure], at_ms[sure])
        rows["next_lat_deg"][slot] = np.where(there, np.nan, places.lat_deg)
        rows["next_lon_deg"][slot] = places.lon_deg
        rows["leap"][slot] = leap & ~goes_on

    def _room_for(self, slot: int) -> None:
        size = len(self._rows)
        if slot >= size:
            rows = _empty(max(slot + 1, size * 2, 1024))
            rows[:size] = self._rows
            self._rows = rows

    def dump(self) -> OdometerState:
        """State for a checkpoint."""
        return OdometerState(rows=self._rows.tobytes())

    def load(self, state: OdometerState) -> None:
        """Take the state of a checkpoint."""
        self._rows = np.frombuffer(state.rows, STATE).copy()


def _empty(size: int) -> NDArray[np.void]:
    rows = np.zeros(size, STATE)
    for name in STATE.names or ():
        if name.endswith("_deg"):
            rows[name] = np.nan
    return rows


def _between(lat_deg: Floats, lon_deg: Floats, places: Places) -> tuple[Floats, Floats]:
    return to_local_m(places.lat_deg, places.lon_deg, lat_deg, lon_deg)


def _moves(places: Places) -> Mask:
    return (places.speed_mps >= MOVING_MPS) & ~(places.hdop > MAX_HDOP)


def _reach_m(places: Places) -> Floats:
    acc_m = np.where(np.isnan(places.acc_m), UNKNOWN_ACC_M, places.acc_m)
    return np.clip(STANDING_ACC * acc_m, STANDING_M, MAX_RADIUS_M)

"""Reported speed against speed from place to place: is a device's unit what we think?

A steady ratio near 1.852 (knots), 3.6 (m/s) or 10 (tenths), or one of their inverses, over
several straight legs makes the unit suspect (field case A-02). Nothing is corrected here: the
unit is a property of the device's profile.
"""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.admitted import Record
from devices.geo import to_local_m
from devices.odometer import MAX_MPS, Floats, Places, rounds_of_places

RATIOS = np.array([1.0, 1.852, 1 / 1.852, 3.6, 1 / 3.6, 10.0, 0.1])
"""Reported over real: right; km/h taken for knots and back; km/h taken for m/s and back; tenths.
Source: wire.md, Unit traps; health.md, unit suspect."""
TOLERANCE = 0.12
"""How far the logarithm of a ratio may be from that of one of ``RATIOS``: a leg of 50 m with 3.5 m
of noise at each end is 10 % off."""
STEADY_LEGS = 5
"""So many legs in a row with one ratio decide, for suspicion and against it. Source: our choice."""
MIN_LEG_M = 50.0
"""Shorter legs are noise ..."""
MIN_LEG_ACC = 5.0
"""... and so are those shorter than this many claimed accuracies."""
MAX_LEG_S = 60.0
"""Longer legs are not straight. Field case A-02 has 50 s."""
STEADY_SPEED = 0.25
"""The two reported speeds of a leg differ by less than this share of their mean."""
STRAIGHT_COS = 0.9
"""Cosine of the turn between two legs: about 25 degrees at most."""

STATE = np.dtype(
    [
        ("t_ms", "<i8"),
        ("lat_deg", "<f8"),
        ("lon_deg", "<f8"),
        ("speed_mps", "<f8"),
        ("east", "<f8"),  # the last leg between two moving places, metres; 0, 0 = none
        ("north", "<f8"),
        ("ratio", "u1"),  # index into RATIOS of the running legs
        ("legs", "u1"),
        ("suspect", "u1"),  # index into RATIOS; 0 = not suspect
    ]
)
"""What is remembered of a slot."""

Rows = NDArray[np.void]


class UnitChange(NamedTuple):
    """A device whose unit became suspect (``ratio`` reported over real), or is not any more."""

    slot: int
    ratio: float | None


class UnitCheckState(msgspec.Struct):
    """For checkpoints: rows of ``STATE``."""

    rows: bytes


class UnitCheck:
    """All trackers by slot."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._rows = np.zeros(0, STATE)
        self._changes: dict[int, float | None] = {}

    def records(self, records: list[Record]) -> None:
        """Take records in journal order."""
        for places in rounds_of_places(records):
            self.step(places)

    def suspect(self, slot: int) -> float | None:
        """Reported over real speed of a device whose unit is suspect, else None."""
        index = int(self._rows["suspect"][slot]) if slot < len(self._rows) else 0
        return float(RATIOS[index]) if index else None

    def take_changes(self) -> list[UnitChange]:
        """Suspicions that began or ended since the last call, by slot."""
        changes = [UnitChange(slot, self._changes[slot]) for slot in sorted(self._changes)]
        self._changes.clear()
        return changes

    def step(self, places: Places) -> None:
        """Take one round: at most one place of a slot."""
        self._room_for(int(places.slot.max()))
        old = self._rows[places.slot]
        passed_s = (places.t_ms - old["t_ms"]) / 1000
        told = ~np.isnan(places.speed_mps) & (passed_s > 0)
        moves = (places.speed_mps > 0) & (old["speed_mps"] > 0)
        leg = told & moves & (passed_s <= MAX_LEG_S)
        self._remember(places, told)
        if leg.any():
            self._legs(places.only(leg), old[leg], passed_s[leg])

    def _legs(self, places: Places, old: Rows, passed_s: Floats) -> None:
        """Look at legs, each by itself: what others did in its round is nothing to a device."""
        east, north = to_local_m(places.lat_deg, places.lon_deg, old["lat_deg"], old["lon_deg"])
        leg_m = np.hypot(east, north)
        mean_mps = (places.speed_mps + old["speed_mps"]) / 2
        usable = leg_m >= np.fmax(MIN_LEG_M, MIN_LEG_ACC * places.acc_m)
        usable &= leg_m <= MAX_MPS * passed_s
        usable &= np.abs(places.speed_mps - old["speed_mps"]) <= STEADY_SPEED * mean_mps
        turn = east * old["east"] + north * old["north"]
        before_m = np.hypot(old["east"], old["north"])
        usable &= turn >= STRAIGHT_COS * leg_m * before_m
        moved = leg_m > 0
        self._rows["east"][places.slot[moved]] = east[moved]
        self._rows["north"][places.slot[moved]] = north[moved]
        if usable.any():
            ratio = mean_mps[usable] * passed_s[usable] / leg_m[usable]
            self._judge(places.only(usable), ratio)

    def _remember(self, places: Places, told: NDArray[np.bool_]) -> None:
        rows, slot = self._rows, places.slot[told]
        rows["t_ms"][slot], rows["speed_mps"][slot] = places.t_ms[told], places.speed_mps[told]
        rows["lat_deg"][slot], rows["lon_deg"][slot] = places.lat_deg[told], places.lon_deg[told]

    def _judge(self, places: Places, ratio: Floats) -> None:
        rows, slot = self._rows, places.slot
        off = np.abs(np.log(ratio)[:, None] - np.log(RATIOS))
        nearest = off.argmin(axis=1).astype(np.uint8)
        clear = off.min(axis=1) <= TOLERANCE
        same = clear & (nearest == rows["ratio"][slot])
        legs = np.where(same, np.minimum(rows["legs"][slot] + 1, STEADY_LEGS), clear)
        rows["ratio"][slot], rows["legs"][slot] = nearest, legs
        decided = (legs >= STEADY_LEGS) & (rows["suspect"][slot] != nearest)
        for at, index in zip(slot[decided].tolist(), nearest[decided].tolist(), strict=True):
            rows["suspect"][at] = index
            self._changes[at] = float(RATIOS[index]) if index else None

    def _room_for(self, slot: int) -> None:
        size = len(self._rows)
        if slot >= size:
            rows = np.zeros(max(slot + 1, size * 2, 1024), STATE)
            rows[:size] = self._rows
            self._rows = rows

    def dump(self) -> UnitCheckState:
        """State for a checkpoint; take the changes first."""
        return UnitCheckState(rows=self._rows.tobytes())

    def load(self, state: UnitCheckState) -> None:
        """Take the state of a checkpoint."""
        self._rows = np.frombuffer(state.rows, STATE).copy()
        self._changes = {}

"""Real rides as thefts: after parked noise, their own positions are where the thief is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.detection_parked import Floats
from benchmarks.detection_thefts import CHASED_S, ONSET_M, PARKED_S, PASSING_M
from simulators.ride_files import Ride, read_rides
from simulators.tracks import LocalFrame

REPORTING_FOLDER = "e-bike"
"""The split of the real rides: thresholds may look at the e-scooters, figures are of the bikes."""
LEAST_M = 200.0
"""Rides that never come so far in ten minutes are no thefts to be found by distance."""


def rides_of(folder: Path, kind: str) -> list[Ride]:
    """The rides of one side of the split; none when the data are not there."""
    return read_rides(folder / kind) if (folder / kind).is_dir() else []


class RealWays:
    """Rides as moves: sampled each second, metres from their first position.

    Each is played ``copies`` times with its own noise. The receiver's own noise of the ride is in
    the data; the family's noise comes on top.
    """

    def __init__(self, rides: Sequence[Ride], *, copies: int, every_s: float, seed: int) -> None:
        """They leave within one reporting interval after ``PARKED_S``."""
        tracks = [track for ride in rides if (track := _track(ride)) is not None]
        self.rides = len(tracks)
        self._at = np.repeat(np.stack(tracks), copies, axis=0)
        size = len(self._at)
        self._starts_s = PARKED_S + np.random.default_rng(seed).uniform(0.0, every_s, size)
        away_m = np.hypot(self._at[:, 0], self._at[:, 1])
        self.onset_s = self._starts_s + np.argmax(away_m > ONSET_M, axis=1)
        self.passed_s = self._starts_s + np.argmax(away_m > PASSING_M, axis=1)
        self._rows = np.arange(size)

    def until(self, now_s: float) -> Floats:
        """Places, shape (2, thefts)."""
        second = np.clip(now_s - self._starts_s, 0.0, CHASED_S - 1.0)
        low = second.astype(np.int64)
        part = second - low
        before = self._at[self._rows, :, low].T
        after = self._at[self._rows, :, np.minimum(low + 1, int(CHASED_S) - 1)].T
        places: Floats = before + part * (after - before)
        return places

    def speed(self, now_s: float) -> Floats:
        """Speed over the last second, m/s."""
        step = self.until(now_s) - self.until(now_s - 1.0)
        speed: Floats = np.hypot(step[0], step[1])
        return speed


def _track(ride: Ride) -> Floats | None:
    """East and north each second of the first ten minutes, shape (2, seconds)."""
    frame = LocalFrame(lat_deg=ride.start[0], lon_deg=ride.start[1])
    rows = [(row.after_s, *frame.to_metres(*row.place)) for row in ride.rows if row.place]
    at_s, east, north = np.array(rows).T
    seconds = np.arange(CHASED_S)
    track = np.stack([np.interp(seconds, at_s, east), np.interp(seconds, at_s, north)])
    return track if np.hypot(*track).max() > LEAST_M else None

"""GPS noise of a parked receiver, fitted to what was measured on real ones.

Source of every number: docs/detection.md, "What was measured on real receivers": 52 h of 11
stationary logs. Wander is mean reverting with Student-t tails; excursions are humps that come
and go; both are functions of time alone, so the reporting interval does not change them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NODE_S = 10.0
"""Wander is drawn at nodes so far apart and is straight between them, seconds."""
CHUNK_NODES = 720
"""Nodes drawn at once: two hours."""
SD_RANGE_M = (1.3, 10.8)
"""Measured standard deviation per axis, excursions included, metres."""
TAU_RANGE_S = (50.0, 620.0)
"""Measured correlation time, seconds."""
WANDER_LIMIT_M = 60.0
"""Softly bounds the wander: beyond 100 m only excursions of at most 11 s were seen."""
PARETO_SHAPE, PARETO_FROM_M, PEAK_MAX_M = 3.3, 26.0, 118.0
"""Peaks of excursions: Pareto through 49 / 8.4 / 0.9 a day beyond 30 / 50 / 100 m."""
PARKED_DOPPLER_SD_MPS, PARKED_DOPPLER_MAX_MPS = 0.32, 1.13
"""Doppler speed of a parked receiver: p99 0.83, max 1.13 m/s."""
SCALE_SLOWER = 3.0
"""The wander's scale changes so many times slower than the wander: assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseProfile:
    """One receiver at one place.

    Attributes:
        wander_m: Standard deviation of the wander per axis, metres.
        tau_s: Its correlation time, seconds.
        dof: Degrees of freedom of its Student-t tails; measured 2.4-33, median 6.
        excursions_per_day: Humps of more than ``PARETO_FROM_M``.
    """

    wander_m: float
    tau_s: float
    dof: int
    excursions_per_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSample:
    """Errors and what the receiver says of itself; every array has the shape of the times.

    Attributes:
        acc_m: Own error estimate: follows the wander, hardly an excursion.
        hdop: Horizontal dilution of precision, [0.6, 6].
        sat: Satellites used, [4, 20].
        doppler_mps: Error of the ground speed, >= 0 when parked.
    """

    east_m: Floats
    north_m: Floats
    acc_m: Floats
    hdop: Floats
    sat: NDArray[np.int64]
    doppler_mps: Floats


def draw_profile(rng: np.random.Generator) -> NoiseProfile:
    """Draw a receiver from the measured population; noisier ones make more excursions."""
    quality = float(rng.beta(1.3, 1.3))  # 0 = the best receiver, 1 = the worst
    return NoiseProfile(
        wander_m=1.4 * (6.6 / 1.4) ** quality,
        tau_s=float(np.exp(rng.uniform(np.log(110.0), np.log(560.0)))),
        dof=int(np.clip(round(6.0 * np.exp(0.5 * rng.standard_normal())), 6, 33)),
        excursions_per_day=8.4 * 33.0**quality,
    )


class GpsNoise:
    """The noise of one receiver, drawn lazily and the same for one seed.

    Args:
        profile: The receiver.
        rng: Its own generator; nobody else may draw from it.
    """

    def __init__(self, profile: NoiseProfile, rng: np.random.Generator) -> None:
        self._profile = profile
        self._path_rng, self._report_rng = rng.spawn(2)
        self._node_s = np.empty(0)
        self._wander_m = np.empty((0, 2))
        self._scale_m = np.empty(0)
        self._humps = np.empty((0, 4))  # start_s, length_s, peak east m, peak north m
        self._last = self._path_rng.standard_normal(2 + profile.dof)

    def sample(self, times_s: Floats) -> NoiseSample:
        """Give the noise at ascending times, seconds from the start, never before an earlier call.

        One call with many times equals many calls with one.
        """
        if times_s.size:
            self._forget_before(float(times_s[0]))
        self._draw_until(float(times_s[-1]) if times_s.size else 0.0)
        wander_m = np.stack(
            [np.interp(times_s, self._node_s, self._wander_m[:, axis]) for axis in (0, 1)], axis=1
        )
        scale_m = np.interp(times_s, self._node_s, self._scale_m)
        hump_m = self._hump_at(times_s)
        off_m = np.hypot(hump_m[:, 0], hump_m[:, 1])
        return self._report(wander_m + hump_m, scale_m=scale_m, off_m=off_m)

    def _report(self, error_m: Floats, *, scale_m: Floats, off_m: Floats) -> NoiseSample:
        """What a receiver says of itself: accuracy knows the wander and a part of a hump."""
        luck = self._report_rng.standard_normal((len(scale_m), 3))
        hdop = np.clip(0.75 + 0.03 * scale_m + off_m / 45.0 + 0.08 * luck[:, 0], 0.6, 6.0)
        return NoiseSample(
            east_m=error_m[:, 0],
            north_m=error_m[:, 1],
            acc_m=np.maximum(1.5, 1.6 * scale_m * np.exp(0.15 * luck[:, 1]) + 0.25 * off_m),
            hdop=hdop,
            sat=np.clip(np.rint(17.0 - 4.0 * hdop + 0.8 * luck[:, 0]), 4, 20).astype(np.int64),
            doppler_mps=np.minimum(
                np.abs(luck[:, 2]) * PARKED_DOPPLER_SD_MPS, PARKED_DOPPLER_MAX_MPS
            ),
        )

    def _draw_until(self, end_s: float) -> None:
        while self._node_s.size == 0 or self._node_s[-1] < end_s:
            first = 0.0 if self._node_s.size == 0 else float(self._node_s[-1]) + NODE_S
            self._draw_chunk(first)

    def _forget_before(self, start_s: float) -> None:
        """Drop what no later call can ask for; the node before stays so that nothing jumps."""
        keep = max(0, int(np.searchsorted(self._node_s, start_s, side="right")) - 1)
        if keep:
            self._node_s = self._node_s[keep:]
            self._wander_m, self._scale_m = self._wander_m[keep:], self._scale_m[keep:]
            self._humps = self._humps[self._humps[:, 0] + self._humps[:, 1] >= start_s]

    def _draw_chunk(self, first_s: float) -> None:
        """Draw the next nodes and the humps that begin between them."""
        profile, rng = self._profile, self._path_rng
        tau_s = np.full(2 + profile.dof, profile.tau_s)
        tau_s[2:] *= SCALE_SLOWER
        walk = mean_reverting(
            rng.standard_normal((CHUNK_NODES, 2 + profile.dof)),
            decay=NODE_S / tau_s,
            last=self._last,
        )
        self._last = walk[-1]
        dof = profile.dof
        unit = profile.wander_m * np.sqrt((dof - 2) / dof)  # a t variable's variance is dof/(dof-2)
        scale_m = unit * np.sqrt(dof / np.sum(walk[:, 2:] ** 2, axis=1))
        wander_m = walk[:, :2] * scale_m[:, None]
        far_m = np.maximum(np.hypot(wander_m[:, 0], wander_m[:, 1]), 1e-9)
        wander_m *= (WANDER_LIMIT_M * np.tanh(far_m / WANDER_LIMIT_M) / far_m)[:, None]
        nodes_s = first_s + NODE_S * np.arange(CHUNK_NODES)
        self._node_s = np.concatenate([self._node_s, nodes_s])
        self._wander_m = np.concatenate([self._wander_m, wander_m])
        self._scale_m = np.concatenate([self._scale_m, scale_m])
        humps = _draw_humps(rng, profile, first_s=first_s, span_s=NODE_S * CHUNK_NODES)
        self._humps = np.concatenate([self._humps, humps])

    def _hump_at(self, times_s: Floats) -> Floats:
        """Sum the humps: sine squared in time, shape (n, 2), metres."""
        total_m = np.zeros((len(times_s), 2))
        if times_s.size == 0:
            return total_m
        start_s, length_s = self._humps[:, 0], self._humps[:, 1]
        alive = (start_s <= times_s[-1]) & (start_s + length_s >= times_s[0])
        for begin_s, lasts_s, east_m, north_m in self._humps[alive]:
            inside = slice(*np.searchsorted(times_s, [begin_s, begin_s + lasts_s]))
            rise = np.sin(np.pi * (times_s[inside] - begin_s) / lasts_s) ** 2
            total_m[inside, 0] += east_m * rise
            total_m[inside, 1] += north_m * rise
        return total_m


def mean_reverting(shocks: Floats, *, decay: Floats, last: Floats) -> Floats:
    """Run first-order mean-reverting walks of unit variance.

    Args:
        shocks: Independent standard normals, shape (steps, walks); steps x decay below 600.
        decay: Step over correlation time per walk, shape (walks,).
        last: Values one step before the first, shape (walks,).
    """
    gain = np.sqrt(1.0 - np.exp(-2.0 * decay))
    growth = np.exp(decay * np.arange(1, len(shocks) + 1)[:, None])
    walked: Floats = (last + np.cumsum(shocks * gain * growth, axis=0)) / growth
    return walked


def _draw_humps(
    rng: np.random.Generator, profile: NoiseProfile, *, first_s: float, span_s: float
) -> Floats:
    """Draw the excursions that begin in one span; columns as in ``GpsNoise``."""
    number = rng.poisson(profile.excursions_per_day * span_s / 86_400.0)
    start_s = first_s + rng.uniform(0.0, span_s, number)
    peak_m = np.minimum(PARETO_FROM_M * (1.0 + rng.pareto(PARETO_SHAPE, number)), PEAK_MAX_M)
    # p50/p95/max of the time beyond 30 m are 17/76/120 s; far ones are short: 11 s beyond 100 m
    length_s = np.clip(58.0 * np.exp(0.95 * rng.standard_normal(number)), 8.0, 180.0)
    length_s = np.minimum(length_s, 240.0 * (55.0 / np.maximum(peak_m, 55.0)) ** 3)
    angle = rng.uniform(0.0, 2.0 * np.pi, number)
    return np.stack([start_s, length_s, peak_m * np.sin(angle), peak_m * np.cos(angle)], axis=1)

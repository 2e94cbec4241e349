"""Noise of one family for many parked receivers at once, report by report.

What a receiver errs by is a function of time: another reporting interval samples the same kind
of error more often. Cost about 0.2 µs a fix (4,000 receivers, 2 shared cores, 2026-11-28).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from simulators.noise_families import Family, Leaps, Outages, Range, Shaping, Wander

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

WANDER_LIMIT_M = 60.0
"""Softly bounds the wander, as in ``gps_noise``: beyond it only excursions were seen."""
SCALE_NODE_S, SCALE_SLOWER = 60.0, 3.0
"""The wander's scale is drawn at such nodes, straight between them, and changes so many times
slower than the wander (assumed, as in ``gps_noise``)."""
MOST_DOF = 16
DAY_S = 86_400.0
M_PER_DEG = 111_194.9
"""Of latitude; quantised coordinates are narrower in longitude: at 31.8 degrees by 0.85."""
EAST_SHARE = 0.85
DOPPLER_SD_MPS, DOPPLER_MAX_MPS = 0.32, 1.13
"""Doppler speed of a parked receiver: p99 0.83, max 1.13 m/s (measured)."""


@dataclass(frozen=True, slots=True)
class Errors:
    """One report of every receiver; arrays of (vehicles,), or (times, vehicles) by ``draw``.

    Attributes:
        acc_m: Its own error estimate, metres; NaN = it gives none.
        doppler_mps: Ground speed it reads while parked.
        heard: Whether it had a fix; where not, the rest means nothing.
    """

    east_m: Floats
    north_m: Floats
    acc_m: Floats
    hdop: Floats
    sat: NDArray[np.int64]
    doppler_mps: Floats
    heard: Flags


class NoiseField:
    """``vehicles`` receivers of one family; the same for one seed and the same calls."""

    def __init__(self, family: Family, vehicles: int, seed: int) -> None:
        """Draw the receivers."""
        rng = np.random.default_rng(seed)
        self._rng, self._size, self._now_s = rng, vehicles, 0.0
        self._wander = _Wandering(rng, family.wander, vehicles)
        self._leaps = [_Leaping(rng, leaps, vehicles) for leaps in family.leaps]
        self._outage = _Outage(rng, family.outages, vehicles) if family.outages else None
        self._shape = _Shaper(rng, family.shaping, vehicles)
        says = rng.random(vehicles) < family.says_accuracy
        self._acc_gain = np.where(says, 1.6, np.nan)

    def after(self, seconds: float) -> Errors:
        """The reports of all, so much later."""
        rng, size = self._rng, self._size
        self._now_s += seconds
        now_s = self._now_s
        east, north, scale_m = self._wander.after(seconds)
        off_m = np.zeros(size)
        for leaping in self._leaps:
            leaping.add(now_s, east, north, off_m)
        heard = np.ones(size, np.bool_)
        if self._outage:
            self._outage.add(now_s, east, north, heard)
        east, north = self._shape.shaped(seconds, east, north)
        luck = rng.standard_normal((3, size), np.float32)
        hdop = np.minimum(np.maximum(0.75 + 0.03 * scale_m + off_m / 45.0 + 0.08 * luck[0], 0.6), 6)
        acc_m = np.maximum(1.5, self._acc_gain * scale_m * (1.0 + 0.15 * luck[1]) + 0.25 * off_m)
        return Errors(
            east_m=east,
            north_m=north,
            acc_m=acc_m,
            hdop=hdop,
            sat=np.maximum(17.0 - 4.0 * hdop + 0.8 * luck[0], 4.0).astype(np.int64),
            doppler_mps=np.minimum(np.abs(luck[2]) * DOPPLER_SD_MPS, DOPPLER_MAX_MPS),
            heard=heard,
        )


def draw(family: Family, *, vehicles: int, times_s: Sequence[float], seed: int) -> Errors:
    """Reports at ascending times: arrays of (times, vehicles)."""
    field, before_s, rows = NoiseField(family, vehicles, seed), 0.0, []
    for at_s in times_s:
        rows.append(field.after(at_s - before_s))
        before_s = at_s
    return Errors(*(np.stack([getattr(row, f.name) for row in rows]) for f in fields(Errors)))


def _between(rng: np.random.Generator, limits: Range, size: int) -> Floats:
    """Drawn evenly by the logarithm."""
    drawn: Floats = np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]), size))
    return drawn


class _Wandering:
    def __init__(self, rng: np.random.Generator, wander: Wander, size: int) -> None:
        self._rng, self._wander, self._size = rng, wander, size
        quality = rng.beta(1.3, 1.3, size)  # 0 = the best receiver, 1 = the worst
        low, high = wander.sd_m
        self._tau_s = _between(rng, wander.tau_s, size)
        dof = np.clip(np.rint(_between(rng, wander.dof, size)), 3, MOST_DOF)
        self._uses = (np.arange(MOST_DOF)[:, None] < dof).astype(np.float64)
        self._dof = dof
        self._sd_m = low * (high / low) ** quality * np.sqrt((dof - 2.0) / dof)
        self._parts = [(np.sqrt(share), times) for share, times in wander.memory]
        self._walks = [rng.standard_normal((2, size)) for _ in wander.memory]
        self._chi = rng.standard_normal((MOST_DOF, size))
        self._left_s = 0.0
        self._scale_m = self._slope = self._new_scale()
        self._gains: dict[float, list[tuple[Floats, Floats]]] = {}

    def _new_scale(self) -> Floats:
        chi2 = np.maximum(np.einsum("ij,ij,ij->j", self._uses, self._chi, self._chi), 0.2)
        scale_m: Floats = self._sd_m * np.sqrt(self._dof / chi2)
        return scale_m

    def after(self, seconds: float) -> tuple[Floats, Floats, Floats]:
        if seconds not in self._gains:
            decays = [np.exp(-seconds / (self._tau_s * times)) for _, times in self._parts]
            self._gains[seconds] = [(d, np.sqrt(1.0 - d**2)) for d in decays]
        total = np.zeros((2, self._size))
        for k, (part, _) in enumerate(self._parts):
            decay, gain = self._gains[seconds][k]
            kick = self._rng.standard_normal((2, self._size), np.float32)
            self._walks[k] = decay * self._walks[k] + gain * kick
            total += part * self._walks[k]
        if self._left_s < seconds:
            span_s = max(SCALE_NODE_S, seconds)
            decay = np.exp(-span_s / (SCALE_SLOWER * self._tau_s))
            kick = self._rng.standard_normal((MOST_DOF, self._size), np.float32)
            self._chi = decay * self._chi + np.sqrt(1.0 - decay**2) * kick
            self._slope, self._left_s = (self._new_scale() - self._scale_m) / span_s, span_s
        self._left_s -= seconds
        self._scale_m = self._scale_m + self._slope * seconds
        total *= self._scale_m
        far_m = np.maximum(np.hypot(total[0], total[1]), 1e-9)
        total *= WANDER_LIMIT_M * np.tanh(far_m / WANDER_LIMIT_M) / far_m
        if self._wander.white_m:
            total += self._wander.white_m * self._rng.standard_normal((2, self._size), np.float32)
        return total[0], total[1], self._scale_m


class _Leaping:
    """Per receiver the excursion that is on or comes next."""

    def __init__(self, rng: np.random.Generator, leaps: Leaps, size: int) -> None:
        self._rng, self._leaps = rng, leaps
        self._mean_gap_s = DAY_S / _between(rng, leaps.per_day, size)
        self._start, self._length, self._east, self._north = np.zeros((4, size))
        self._draw(np.arange(size), 0.0)

    def _draw(self, who: NDArray[np.int64], now_s: float) -> None:
        rng, leaps, n = self._rng, self._leaps, len(who)
        self._start[who] = now_s + rng.exponential(self._mean_gap_s[who])
        peak = np.minimum(leaps.from_m * (1.0 + rng.pareto(leaps.shape, n)), leaps.max_m)
        length = leaps.length_s * np.exp(leaps.spread * rng.standard_normal(n))
        length = np.clip(length, 8.0, leaps.max_s)
        if leaps.far_short:
            length = np.minimum(length, 240.0 * (55.0 / np.maximum(peak, 55.0)) ** 3)
        angle = rng.uniform(0.0, 2.0 * np.pi, n)
        self._length[who] = length
        self._east[who], self._north[who] = peak * np.sin(angle), peak * np.cos(angle)

    def add(self, now_s: float, east: Floats, north: Floats, off_m: Floats) -> None:
        on = np.flatnonzero(self._start <= now_s)
        if not on.size:
            return
        age = (now_s - self._start[on]) / self._length[on]
        rise = np.ones(on.size) if self._leaps.stuck else np.sin(np.pi * age) ** 2
        rise[age > 1.0] = 0.0
        add_e, add_n = self._east[on] * rise, self._north[on] * rise
        east[on] += add_e
        north[on] += add_n
        off_m[on] += np.hypot(add_e, add_n)
        over = on[age > 1.0]
        if over.size:
            self._draw(over, now_s)


class _Outage:
    def __init__(self, rng: np.random.Generator, outages: Outages, size: int) -> None:
        self._rng, self._outages = rng, outages
        self._mean_gap_s = DAY_S / _between(rng, outages.per_day, size)
        self._begin, self._end = np.zeros((2, size))
        self._east, self._north, self._settles_s = np.zeros((3, size))
        self._settles_s += 1.0
        self._end -= 1e6
        self._begin += rng.exponential(self._mean_gap_s)

    def add(self, now_s: float, east: Floats, north: Floats, heard: Flags) -> None:
        rng, outages = self._rng, self._outages
        new = np.flatnonzero((self._begin <= now_s) & (self._end < self._begin))
        if new.size:
            n = new.size
            self._end[new] = now_s + _between(rng, outages.lasts_s, n)
            first, angle = _between(rng, outages.first_m, n), rng.uniform(0.0, 2.0 * np.pi, n)
            self._east[new], self._north[new] = first * np.sin(angle), first * np.cos(angle)
            self._settles_s[new] = _between(rng, outages.settles_s, n)
        since = now_s - self._end
        heard &= since >= 0.0
        back = np.flatnonzero((since >= 0.0) & (since < 12.0 * self._settles_s))
        if back.size:
            left = np.exp(-since[back] / self._settles_s[back])
            east[back] += self._east[back] * left
            north[back] += self._north[back] * left
        done = np.flatnonzero((since >= 0.0) & (self._begin <= self._end))
        if done.size:
            self._begin[done] = now_s + rng.exponential(self._mean_gap_s[done])


class _Shaper:
    """What firmware makes of the position; the true place lies anywhere on a grid."""

    def __init__(self, rng: np.random.Generator, shaping: Shaping, size: int) -> None:
        self._rng, self._shaping = rng, shaping
        self._true = rng.uniform(0.0, 1_000.0, (2, size))
        self._step, self._held = np.zeros((2, size)), np.full((2, size), np.inf)

    def shaped(self, seconds: float, east: Floats, north: Floats) -> tuple[Floats, Floats]:
        shaping, rng = self._shaping, self._rng
        if shaping.step_m:
            jumps = rng.random(len(east)) < shaping.steps_per_day * seconds / DAY_S
            if jumps.any():
                kick = shaping.step_m * rng.standard_normal((2, int(jumps.sum())))
                self._step[:, jumps] = 0.5 * self._step[:, jumps] + kick
            east, north = east + self._step[0], north + self._step[1]
        if shaping.hold_m:
            leaves = np.hypot(east - self._held[0], north - self._held[1]) > shaping.hold_m
            leaves |= np.isinf(self._held[0])
            self._held = np.where(leaves, np.stack([east, north]), self._held)
            east, north = self._held[0].copy(), self._held[1].copy()
        width = shaping.grid_m or shaping.quantum_deg * M_PER_DEG
        if width:
            wide = width * EAST_SHARE if shaping.quantum_deg else width
            east = np.rint((self._true[0] + east) / wide) * wide - self._true[0]
            north = np.rint((self._true[1] + north) / width) * width - self._true[1]
        if shaping.street_m:
            width = shaping.street_m
            north = np.rint((self._true[1] + north) / width) * width - self._true[1]
        return east, north

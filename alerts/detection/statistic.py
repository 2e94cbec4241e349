"""The sequential test about a learnt anchor (detection.md, Method), vectorised.

``step`` takes at most one fix per slot, in fix-time order per slot over calls. Laws: no single
fix can alarm (its nats are clipped); a fix at the anchor never leaves S above 2; a translated
track gives the same numbers; batches change nothing against one by one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.detection import shapes
from alerts.detection.anchor import ARMED, F8, I8, MAX_VAR, MIN_VAR, AnchorArrays
from alerts.detection.settling import settle, towed_off
from alerts.policy import DetectionPolicy
from devices.geo import to_local_m

B1 = NDArray[np.bool_]

CLIP_LOW, CLIP_HIGH = -3.0, 5.0
"""Nats one fix may give. Source: detection.md, Method."""
SHARES = np.array([[0.7], [0.3], [0.25], [0.35], [0.40]])
"""Of parked fixes, about the anchor and inside an excursion; of moving ones, pushed, walked and
ridden. Source: detection.md, ll0 and ll1."""
MOVING_MPS = np.array([[0.7], [2.0], [6.0]])
"""Pushed, walked, ridden. Source: detection.md, ll1."""
QUIET = 2.0
"""Below this S the anchor, its noise and its steps are learnt. Source: detection.md."""


@dataclass(frozen=True, slots=True)
class Fixes:
    """One believable GNSS fix per slot; arrays of one length.

    ``acc_m``, ``speed_mps`` and ``hdop`` may hold NaN; ``ignition`` is -1, 0 or 1.
    """

    slot: I8
    t_ms: I8
    lat_deg: F8
    lon_deg: F8
    acc_m: F8
    speed_mps: F8
    hdop: F8
    sat: I8
    ignition: I8


@dataclass(frozen=True, slots=True)
class Moved:
    """What a step found; arrays in the order of the fixes.

    Attributes:
        scored: Whether the fix was scored (armed, in order, not held back).
        score: S after the fix, nats.
        moved_m: Distance from the anchor, metres.
        sigma_m: Standard deviation of the vehicle's parked noise, metres.
        alone: Far enough to tell the owner without a witness.
        owner_shape, police_shape: Displacement, consecutive and new-farthest conditions hold.
        slow: The slow rule holds.
        kept: The kept rule holds: it stands at one place away from its anchor.
        at_anchor: Inside 2.5 sigma of the anchor.
        fast: Two or more consecutive fixes with a trustworthy Doppler speed.
        standing: Doppler says parked while the positions imply a walk or more.
        armed_now: This fix completed an anchor and armed the vehicle.
        accepted: In order and not held back: where it is now.
        towed: Someone had armed it, and it is taken away before it settled.
    """

    scored: B1
    score: F8
    moved_m: F8
    sigma_m: F8
    alone: B1
    owner_shape: B1
    police_shape: B1
    slow: B1
    kept: B1
    at_anchor: B1
    fast: B1
    standing: B1
    armed_now: B1
    accepted: B1
    towed: B1


def _t4(r2: F8, s2: F8) -> F8:
    """2 pi times the density of a two-dimensional Student t of 4 degrees, scale² ``s2``."""
    tail = 1.0 + r2 / (4.0 * s2)
    result: F8 = 1.0 / (s2 * tail * tail * tail)
    return result


def step(arrays: AnchorArrays, fixes: Fixes, policy: DetectionPolicy) -> Moved:
    """Score one fix per slot and learn from it. Changes ``arrays`` in place."""
    i, t_ms = fixes.slot, fixes.t_ms
    last_t = arrays.last_t[i]
    first = last_t == 0
    if first.any():
        new = i[first]
        arrays.origin_lat[new] = fixes.lat_deg[first]
        arrays.origin_lon[new] = fixes.lon_deg[first]
    x, y = to_local_m(fixes.lat_deg, fixes.lon_deg, arrays.origin_lat[i], arrays.origin_lon[i])
    dt = (t_ms - last_t) / 1000.0
    in_order = first | ((dt > 0) & (t_ms > arrays.held_t[i]))
    follows = in_order & ~first
    known = in_order & (fixes.ignition >= 0)
    arrays.ignition[i[known]] = fixes.ignition[known]

    sigma = np.sqrt(_noise(arrays, i, fixes.acc_m, policy))
    step_x, step_y = x - arrays.last_x[i], y - arrays.last_y[i]
    step_r2 = step_x**2 + step_y**2
    step_m = np.sqrt(step_r2)
    away_x, away_y = x - arrays.anchor_x[i], y - arrays.anchor_y[i]
    moved = np.hypot(away_x, away_y)
    armed = (arrays.mode[i] == ARMED) & follows
    at_anchor = moved <= 2.5 * sigma
    held = _hold_teleports(arrays, fixes, x, y, step_m, dt, at_anchor, follows, policy)
    accepted = in_order & ~held
    scored = armed & ~held
    at_anchor_now = at_anchor & scored

    score, implied_mps = _score(arrays, i, t_ms, (x, y), sigma, at_anchor_now, scored, policy)
    begins = accepted & ~scored
    lag = i[begins]
    arrays.lag_t[lag], arrays.lag_x[lag], arrays.lag_y[lag] = t_ms[begins], x[begins], y[begins]

    found = shapes.shapes(arrays, i, t_ms, moved, sigma, at_anchor, scored, dt, policy)
    kept = shapes.kept(arrays, i, t_ms, (x, y), moved, sigma, scored, policy)
    fast, standing = _doppler(arrays, i, fixes, implied_mps, accepted, policy)
    quiet = scored & (score < QUIET) & (moved <= 3.0 * sigma + 10.0)
    _learn(
        arrays,
        i[quiet],
        away_x[quiet],
        away_y[quiet],
        step_r2[quiet],
        dt[quiet],
        sigma[quiet],
        policy,
    )
    arrays.quiet_t[i[at_anchor_now]] = t_ms[at_anchor_now]
    follows &= accepted
    quick = follows & (fixes.ignition == 0) & (fixes.speed_mps >= policy.tow_mps)
    quick &= step_m >= 0.5 * fixes.speed_mps * dt
    towed = towed_off(arrays, i, x, y, follows, quick, policy)
    open_ = accepted & (arrays.mode[i] != ARMED)
    armed_now = settle(arrays, i, t_ms, (x, y), fixes.speed_mps, open_, policy)

    take = i[accepted]
    arrays.last_t[take] = t_ms[accepted]
    arrays.last_x[take], arrays.last_y[take] = x[accepted], y[accepted]
    return Moved(
        scored=scored,
        score=score,
        moved_m=moved,
        sigma_m=sigma,
        alone=found[3],
        owner_shape=found[0],
        police_shape=found[1],
        slow=found[2],
        kept=kept,
        at_anchor=at_anchor_now,
        fast=fast,
        standing=standing,
        armed_now=armed_now,
        accepted=accepted,
        towed=towed,
    )


def _score(
    arrays: AnchorArrays,
    i: I8,
    t_ms: I8,
    at: tuple[F8, F8],
    sigma: F8,
    at_anchor: B1,
    scored: B1,
    policy: DetectionPolicy,
) -> tuple[F8, F8]:
    """S after the fixes, and the speed over the steps it was scored by, m/s (0 = none)."""
    lag_t, before = arrays.lag_t[i], arrays.score[i]
    dt = (t_ms - lag_t) / 1000.0
    due = scored & (lag_t > 0) & (dt >= policy.lag_s)
    score, implied_mps = before, np.zeros(len(i))
    if due.any():
        dt = np.maximum(dt, 1e-3)
        gain = _nats(arrays, i, at, dt, sigma**2, policy)
        score = np.maximum(0.0, before + np.where(due, gain, 0.0))
        lag_m = np.hypot(at[0] - arrays.lag_x[i], at[1] - arrays.lag_y[i])
        implied_mps = np.where(due, lag_m / dt, 0.0)
        s = i[due]
        arrays.lag_t[s], arrays.lag_x[s], arrays.lag_y[s] = t_ms[due], at[0][due], at[1][due]
    score = np.where(at_anchor, np.minimum(score, QUIET), score)
    score = np.where(scored, score, before)
    arrays.score[i] = score
    return score, implied_mps


def _noise(arrays: AnchorArrays, i: I8, acc_m: F8, policy: DetectionPolicy) -> F8:
    """Variance per axis: prior and learnt, at least what the fix says of its own accuracy."""
    m = arrays.samples[i]
    pooled = (policy.prior_weight * policy.prior_sd_m**2 + m * arrays.noise_var[i]) / (
        policy.prior_weight + m
    )
    result: F8 = np.fmax(pooled, (acc_m / 1.5) ** 2)  # NaN says nothing
    return result


def _hold_teleports(
    arrays: AnchorArrays,
    fixes: Fixes,
    x: F8,
    y: F8,
    jump_m: F8,
    dt: F8,
    at_anchor: B1,
    candidates: B1,
    policy: DetectionPolicy,
) -> B1:
    """Hold a fix that implies an impossible speed until a second one agrees with it."""
    i = fixes.slot
    leap = candidates & (jump_m > policy.gate_m) & (jump_m > policy.gate_mps * np.maximum(dt, 1e-3))
    leap &= ~at_anchor
    if not leap.any():
        arrays.held_t[i[candidates]] = 0
        return leap
    held_dt = (fixes.t_ms - arrays.held_t[i]) / 1000.0
    apart = np.hypot(x - arrays.held_x[i], y - arrays.held_y[i])
    agrees = (
        leap
        & (arrays.held_t[i] > 0)
        & (held_dt > 0)
        & (apart <= policy.gate_mps * held_dt + policy.gate_m)
    )
    held = leap & ~agrees
    arrays.held_t[i[candidates & ~held]] = 0
    hold = i[held]
    arrays.held_t[hold] = fixes.t_ms[held]
    arrays.held_x[hold], arrays.held_y[hold] = x[held], y[held]
    return held


def _nats(
    arrays: AnchorArrays,
    i: I8,
    at: tuple[F8, F8],
    dt: F8,
    sg2: F8,
    policy: DetectionPolicy,
) -> F8:
    """Log-likelihood ratio of riding off against parked noise, parked or in an excursion."""
    from_x, from_y = arrays.lag_x[i], arrays.lag_y[i]
    phi = np.exp(-dt / policy.tau_s)
    w = np.minimum(np.maximum(arrays.step_var[i], MIN_VAR), MAX_VAR)
    spread = sg2 * (1.0 - phi**2) + w
    q2 = spread + sg2 / (1.0 + arrays.samples[i]) * (1.0 - phi) ** 2
    step_r2 = (at[0] - from_x) ** 2 + (at[1] - from_y) ** 2
    anchor_x, anchor_y = arrays.anchor_x[i], arrays.anchor_y[i]
    innovation = (at[0] - anchor_x - phi * (from_x - anchor_x)) ** 2 + (
        at[1] - anchor_y - phi * (from_y - anchor_y)
    ) ** 2
    r2, s2 = np.empty((5, len(i))), np.empty((5, len(i)))
    r2[0], r2[1:] = innovation, step_r2
    s2[0], s2[1], s2[2:] = q2, spread, (MOVING_MPS * dt) ** 2 + spread
    likely = SHARES * _t4(r2, s2)
    parked, moving = likely[0] + likely[1], likely[2] + likely[3] + likely[4]
    result: F8 = np.minimum(np.maximum(np.log(moving / parked), CLIP_LOW), CLIP_HIGH)
    return result


def _doppler(
    arrays: AnchorArrays,
    i: I8,
    fixes: Fixes,
    implied_mps: F8,
    accepted: B1,
    policy: DetectionPolicy,
) -> tuple[B1, B1]:
    """Whether Doppler witnesses motion, and whether it denies what the positions imply."""
    good = (fixes.hdop <= policy.doppler_hdop) & (fixes.sat >= policy.doppler_sat)
    quick = accepted & good & (fixes.speed_mps > policy.doppler_mps)
    before = arrays.fast_n[i]
    count = np.where(quick, before + 1, 0)
    arrays.fast_n[i] = np.where(accepted, count, before)
    slow = fixes.speed_mps < policy.parked_doppler_mps
    standing = accepted & slow & (implied_mps > 2.0 * np.maximum(fixes.speed_mps, 0.5))
    return count >= 2, standing  # noqa: PLR2004 - detection.md


def _learn(
    arrays: AnchorArrays,
    i: I8,
    away_x: F8,
    away_y: F8,
    step_r2: F8,
    dt: F8,
    sigma: F8,
    policy: DetectionPolicy,
) -> None:
    """Move the anchor and its noise towards a quiet fix, its pull bounded (Huber at 3 sigma)."""
    if not len(i):
        return
    phi = np.exp(-dt / policy.tau_s)
    fresh = np.maximum(1.0 - phi**2, 0.02)  # share of an independent sample in this fix
    m = np.minimum(arrays.samples[i] + fresh, policy.max_samples)
    distance = np.hypot(away_x, away_y)
    pull = np.minimum(1.0, 3.0 * sigma / np.maximum(distance, 1e-9))
    arrays.anchor_x[i] += fresh / m * pull * away_x
    arrays.anchor_y[i] += fresh / m * pull * away_y
    r2 = np.minimum(distance, 3.0 * sigma) ** 2 / 2.0
    arrays.noise_var[i] += fresh / m * (r2 - arrays.noise_var[i])
    white = step_r2 / 2.0 - sigma**2 * (1.0 - phi**2)
    white = np.minimum(np.maximum(white, 0.0), MAX_VAR)
    arrays.step_var[i] += 0.05 * (white - arrays.step_var[i])
    arrays.samples[i] = m

"""How a vehicle comes to be watched: agreeing fixes make an anchor; a tow does not wait for one."""

import numpy as np
from numpy.typing import NDArray

from alerts.detection.anchor import ARMED, F8, I8, MAX_VAR, MIN_VAR, SETTLING, AnchorArrays
from alerts.policy import DetectionPolicy

B1 = NDArray[np.bool_]
TOWED_FIXES = 2
"""Consecutive quick fixes that tell a tow before an anchor settled. Ours, for field case A-11."""
SETTLE_FIXES = 3
"""Agreeing fixes that make an anchor. Source: detection.md, settle."""


def settle(
    arrays: AnchorArrays,
    i: I8,
    t_ms: I8,
    at: tuple[F8, F8],
    speed_mps: F8,
    open_: B1,
    policy: DetectionPolicy,
) -> B1:
    """Cluster agreeing fixes; arm when they have stood long enough, or someone wished it.

    Fixes agree within ``agree_m``, or 2.5 times the vehicle's own noise. At open sites, where the
    ignition is off and Doppler says parked, they agree within ``owner_min_m``: who is nearer has
    not moved for anybody who is told, and a wander of the receiver must not leave the vehicle
    unwatched. The fix that arms it agrees as closely as ever: a cold start that creeps in is waited
    for. In a canyon excursions stand for a minute, and one of them would be the anchor (35 m there:
    14 of 3,000 vehicles for good, with up to 3,268 nats; docs/detection.md).
    """
    if not open_.any():
        return open_
    x, y = at
    radius = np.maximum(policy.agree_m, 2.5 * np.sqrt(np.maximum(arrays.noise_var[i], MIN_VAR)))
    stands = (arrays.ignition[i] == 0) & (speed_mps < policy.parked_doppler_mps)
    stands &= arrays.site_m[i] == 0.0
    apart_m = np.hypot(x - arrays.near_x[i], y - arrays.near_y[i])
    near = apart_m <= np.where(stands, np.maximum(radius, policy.owner_min_m), radius)
    agrees = open_ & near & (arrays.near_n[i] > 0)
    restart = open_ & ~agrees
    begins = restart & (arrays.wish[i] == 1) & (arrays.near_n[i] == 0)
    b = i[begins]  # where it was when someone armed it, for ``towed_off``
    arrays.anchor_x[b], arrays.anchor_y[b] = x[begins], y[begins]
    arrays.quiet_t[b] = t_ms[begins]
    a = i[agrees]
    arrays.near_n[a] += 1
    arrays.near_x[a] += (x[agrees] - arrays.near_x[a]) / arrays.near_n[a]
    arrays.near_y[a] += (y[agrees] - arrays.near_y[a]) / arrays.near_n[a]
    r = i[restart]
    arrays.near_t[r], arrays.near_n[r] = t_ms[restart], 1
    arrays.near_x[r], arrays.near_y[r] = x[restart], y[restart]
    settled = agrees & (arrays.near_n[i] >= SETTLE_FIXES) & (apart_m <= radius)
    still = (t_ms - arrays.near_t[i] >= policy.still_s * 1000) & (arrays.ignition[i] != 1)
    wished = arrays.wish[i] == 1
    arm = settled & (wished | (still & (arrays.mode[i] == SETTLING)))
    k = i[arm]
    arrays.anchor_x[k], arrays.anchor_y[k] = arrays.near_x[k], arrays.near_y[k]
    _arm(arrays, k, t_ms[arm], policy)
    result: B1 = arm
    return result


def _arm(arrays: AnchorArrays, k: I8, t_ms: I8, policy: DetectionPolicy) -> None:
    """Watch from the anchor as it stands, at rest since ``t_ms``."""
    arrays.samples[k] = 1.0
    arrays.noise_var[k] = policy.prior_sd_m**2
    arrays.step_var[k] = np.clip(arrays.step_var[k], MIN_VAR, MAX_VAR)
    arrays.quiet_t[k] = arrays.armed_t[k] = t_ms
    arrays.mode[k] = ARMED
    arrays.wish[k] = 0
    for slot in k.tolist():
        arrays.forget_movement(slot)


def towed_off(
    arrays: AnchorArrays, i: I8, x: F8, y: F8, follows: B1, quick: B1, policy: DetectionPolicy
) -> B1:
    """Armed by someone and driven off with its ignition off before it settled (case A-11).

    Two consecutive fixes that are ``quick`` (speed, borne out by the positions) and beyond the
    police level's distance from where it was when it was armed. It is armed there from now on.
    """
    if not quick.any():
        arrays.towed_n[i[follows]] = 0
        return quick
    count = np.where(quick, arrays.towed_n[i] + 1, 0)
    arrays.towed_n[i] = np.where(follows, count, arrays.towed_n[i])
    waits = (arrays.mode[i] == SETTLING) & (arrays.wish[i] == 1) & (arrays.near_n[i] > 0)
    moved = np.hypot(x - arrays.anchor_x[i], y - arrays.anchor_y[i])
    result: B1 = waits & (count >= TOWED_FIXES) & (moved > policy.police_min_m)
    k = i[result]
    _arm(arrays, k, arrays.quiet_t[k], policy)
    return result

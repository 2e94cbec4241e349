"""The shape of a movement: how far, how often in a row, whether it stays. detection.md, Method."""

import numpy as np
from numpy.typing import NDArray

from alerts.detection import leaps
from alerts.detection.anchor import F8, I8, AnchorArrays
from alerts.detection.settling import SETTLE_FIXES
from alerts.policy import DetectionPolicy

B1 = NDArray[np.bool_]
OWNER_FIXES, POLICE_FIXES = 2, 3
"""Fixes in a row outside, and new farthest ones, of the owner's and the police level. Source:
detection.md, Method."""
FARTHER_M, FARTHER_SIGMAS = 5.0, 1.0
"""A fix is a new farthest one by so much, metres and standard deviations: noise about a stuck
offset is not. The farthest is kept until one is, so that short intervals add up."""
SLOW_FIXES = 5
"""Fixes in a row outside that the slow rule wants. Source: detection.md, Method."""
CAME_SHARE = 0.7
"""A place is kept from a fix on whose predecessor was nearer the anchor than this share of it: a
shove is over within a report or two, an excursion swells. Ours, for A-03 (a fix on the way)."""
KEPT_AGREE_SIGMAS = 4.0
"""Fixes at one place agree within this many standard deviations of the vehicle's noise, or within
``agree_m``. Measured 2026-11-25 on shoves of 60 m under the scatter of A-03: at 2.5 half of them
were missed, at 3.5 one in twenty, at 4 one in a hundred (4,000 shoves)."""


def owner_m(sigma: F8, policy: DetectionPolicy) -> F8:
    """Beyond this a fix is outside for the owner's level, metres."""
    result: F8 = np.maximum(policy.owner_min_m, policy.owner_sigmas * sigma)
    return result


def police_m(arrays: AnchorArrays, i: I8, reach: F8, sigma: F8, policy: DetectionPolicy) -> F8:
    """... and beyond this for the police level, metres."""
    least_m = np.maximum(policy.police_min_m, arrays.site_m[i])
    least_m = np.maximum(least_m, np.minimum(reach, policy.police_leap_max_m))
    result: F8 = np.maximum(least_m, policy.police_sigmas * sigma)
    return result


def shapes(
    arrays: AnchorArrays,
    i: I8,
    t_ms: I8,
    moved: F8,
    sigma: F8,
    at_anchor: B1,
    scored: B1,
    dt: F8,
    policy: DetectionPolicy,
) -> tuple[B1, B1, B1, B1]:
    """Displacement, consecutive-outside and new-farthest conditions, and the slow rule."""
    reach = leaps.reach_m(arrays, i, policy)
    owner_out = moved > owner_m(sigma, policy)
    alone = owner_out & (moved > leaps.alone_m(arrays, i, reach, policy))
    slow_out = moved > np.maximum(np.maximum(policy.slow_min_m, policy.slow_sigmas * sigma), reach)
    s = i[scored]
    leaps.learn(arrays, i, at_anchor, scored, dt, policy)
    if not (owner_out.any() or slow_out.any()):
        farther, farthest = arrays.farther[i], np.maximum(arrays.farthest[i], moved)
        arrays.farther[s] = np.where(at_anchor, 0, farther)[scored]
        arrays.farthest[s] = np.where(at_anchor, 0.0, farthest)[scored]
        arrays.outside[s] = arrays.left_t[s] = arrays.left_n[s] = 0
        return owner_out, owner_out, slow_out, alone
    police_out = moved > police_m(arrays, i, reach, sigma, policy)
    outside = np.where(owner_out, arrays.outside[i] + 1, 0)
    before = arrays.farthest[i]
    ahead = owner_out & (moved > before + np.maximum(FARTHER_M, FARTHER_SIGMAS * sigma))
    farther = arrays.farther[i] + ahead
    farthest = np.where(owner_out & ~ahead, before, np.maximum(before, moved))
    farther, farthest = np.where(at_anchor, 0, farther), np.where(at_anchor, 0.0, farthest)
    left_t = np.where(slow_out, np.where(arrays.left_t[i] > 0, arrays.left_t[i], t_ms), 0)
    left_n = np.where(slow_out, arrays.left_n[i] + 1, 0)
    arrays.outside[s], arrays.farther[s] = outside[scored], farther[scored]
    arrays.farthest[s] = farthest[scored]
    arrays.left_t[s], arrays.left_n[s] = left_t[scored], left_n[scored]
    owner = scored & owner_out & (np.minimum(outside, farther) >= OWNER_FIXES)
    police = scored & police_out & (np.minimum(outside, farther) >= POLICE_FIXES)
    long_out = (left_n >= SLOW_FIXES) & (t_ms - left_t > policy.slow_s * 1000)
    slow = scored & slow_out & long_out
    return owner, police, slow, alone


def kept(
    arrays: AnchorArrays,
    i: I8,
    t_ms: I8,
    at: tuple[F8, F8],
    moved: F8,
    sigma: F8,
    scored: B1,
    policy: DetectionPolicy,
) -> B1:
    """Whether it stands away from its anchor: three agreeing fixes over ``kept_s``.

    Measured 2026-11-25 on simulated parked noise: none in 1,500 vehicle-days of
    ``simulators/gps_noise.py`` (at 15, 30 and 60 s), but 0.02 a vehicle-day where every receiver is
    as bad as the worst measured ones and leaps with heavy tails (``tests/support/parking.py``:
    such a leap that lasts is what a shove is). Street canyons are worse: only vehicles of open
    sites are told of, and none whose working sensor felt nothing (``alerts.engine``).
    """
    out = moved > np.maximum(policy.kept_min_m, policy.kept_sigmas * sigma)
    out &= moved > leaps.reach_m(arrays, i, policy)
    if not out.any():
        arrays.kept_n[i[scored]] = 0
        return out
    count, mean_x, mean_y = arrays.kept_n[i], arrays.kept_x[i], arrays.kept_y[i]
    apart = np.hypot(at[0] - mean_x, at[1] - mean_y)
    radius = np.maximum(policy.agree_m, KEPT_AGREE_SIGMAS * sigma)
    came_m = np.hypot(arrays.last_x[i] - arrays.anchor_x[i], arrays.last_y[i] - arrays.anchor_y[i])
    out &= (count > 0) | (came_m < CAME_SHARE * moved)
    same = out & (count > 0) & (apart <= radius)
    count = np.where(same, count + 1, out.astype(np.int64))
    since = np.where(same, arrays.kept_t[i], t_ms)
    mean_x = np.where(same, mean_x + (at[0] - mean_x) / np.maximum(count, 1), at[0])
    mean_y = np.where(same, mean_y + (at[1] - mean_y) / np.maximum(count, 1), at[1])
    arrays.kept_n[i[scored]] = count[scored]
    stands = scored & (count > 0)  # of others nothing is kept, whoever else is in the batch
    s = i[stands]
    arrays.kept_t[s] = since[stands]
    arrays.kept_x[s], arrays.kept_y[s] = mean_x[stands], mean_y[stands]
    result: B1 = scored & (count >= SETTLE_FIXES) & (t_ms - since >= policy.kept_s * 1000)
    return result

"""Fences: what a fix says of one side or the other, and when that becomes an event.

A circle or a polygon with holes has an inner and an outer boundary (``margin_m``); a fix decides
only what its accuracy allows; between the boundaries nothing changes; a new side counts after it
lasted. The start is "unknown", never "outside": the first side known is no event. Two fixes on
either side of a narrow fence give an enter and its exit, with estimated times.
"""

import math
from enum import IntEnum
from typing import NamedTuple

import msgspec

from alerts.rules.fence_area import Area
from devices.model import Fence

CROSS_MAX_S = 60.0
"""Two fixes farther apart in time do not tell a crossing (field case A-10: "the gap is long")."""
CROSS_MAX_MPS = 45.0
"""A faster leap is a teleport, not a crossing. Source: detection.md, gate."""
FAR_FACTOR = 3.0
"""Beyond the boundary by more than three margins and three times its accuracy, a fix is no noise of
that boundary: 30 m are 3 to 20 standard deviations of what receivers showed (detection.md)."""
FAR_DWELL_S = 5.0
"""Such fixes need to last only so long: field case A-08 wants the exit within 10 s at 80 m
beyond. Parked receivers are that far off about 5 times a day (detection.md: beyond 50 m 8.4, beyond
100 m 0.9), and then from where they stand, not from the boundary."""
PARKED_DWELL_S = 120.0
"""While the detector holds a vehicle for parked, the other side must last so long without a break.
Source: detection.md, 52 h of parked logs: out of 30 m for over two minutes never happened."""


ANCHOR_BESIDE = 0.5
"""A fix that lies nearer to its vehicle's anchor than this share of its depth has the anchor with
it, at least half as deep on the same side: it stands there. Ours."""


class Side(IntEnum):
    """Where a vehicle is, as far as is known."""

    UNKNOWN = 0
    INSIDE = 1
    OUTSIDE = 2


class At(NamedTuple):
    """One believable fix against one fence.

    Attributes:
        x, y: Metres east and north of the fence's middle.
        depth_m: Distance to the fence's edge, positive inside.
        acc_m: Accuracy, metres.
        t_ms, elapsed_ms: Fix time and steady time.
        parked_m: Distance from its anchor, metres, of a vehicle that the detector holds for parked;
            NaN: it does not.
    """

    x: float
    y: float
    depth_m: float
    acc_m: float
    t_ms: int
    elapsed_ms: int
    parked_m: float = math.nan


class FenceEvent(NamedTuple):
    """``geofence_enter`` or ``geofence_exit`` of one vehicle, at fix time ``t_ms``.

    ``inferred``: estimated between two fixes, or begun from a side that no fix had made sure of.
    """

    fence: Fence
    what: str
    t_ms: int
    inferred: bool = False


class Membership(msgspec.Struct, array_like=True):
    """One vehicle and one fence.

    Attributes:
        side: Where it is; ``sure`` once a fix beyond the boundary's band said so.
        candidate: The other side while it has not lasted; since when by fix time (``since_t``)
            and the steady clock (``since_ms``), ms.
        out_t, out_x, out_y: The last fix that was outside beyond doubt; ``out_t`` 0 = none since
            it was inside. Metres east and north of the fence's middle.
    """

    side: int = Side.UNKNOWN
    sure: bool = False
    candidate: int = Side.UNKNOWN
    since_t: int = 0
    since_ms: int = 0
    out_t: int = 0
    out_x: float = 0.0
    out_y: float = 0.0


RESTING_OUTSIDE = (Side.OUTSIDE, True, Side.OUTSIDE)
RESTING_INSIDE = (Side.INSIDE, True, Side.INSIDE)
"""Side, sure and candidate of a member that another fix on the same side changes no more."""


def step(area: Area, member: Membership, at: At) -> list[FenceEvent]:
    """One believable fix against one fence, in order of fix time; changes ``member``."""
    seen = seen_side(at.depth_m, at.acc_m, margin_m=area.margin_m, size_m=area.size_m)
    events: list[FenceEvent] = []
    if member.side == Side.UNKNOWN:
        _begin(member, seen, at, area.size_m)
    elif seen is Side.UNKNOWN:
        if not math.isnan(at.parked_m):
            member.candidate = member.side
    elif seen == member.side:
        if seen is Side.OUTSIDE:
            events = _over(area, member, at)
        member.candidate, member.sure = seen, True
    else:
        events = _change(area, member, seen, at)
    if seen is Side.OUTSIDE and member.side == Side.OUTSIDE:
        member.out_t, member.out_x, member.out_y = at.t_ms, at.x, at.y
    elif member.side == Side.INSIDE:
        member.out_t = 0
    return events


def seen_side(depth_m: float, acc_m: float, *, margin_m: float, size_m: float) -> Side:
    """The side a fix makes sure of; UNKNOWN in the band and when its error is too large."""
    if depth_m >= margin_m and acc_m <= size_m:
        return Side.INSIDE
    if depth_m <= -(margin_m + acc_m):
        return Side.OUTSIDE
    return Side.UNKNOWN


def _begin(member: Membership, seen: Side, at: At, size_m: float) -> None:
    """The first side: what the fix makes sure of, else what it shows if it is good enough."""
    if seen is not Side.UNKNOWN:
        member.side, member.sure = seen, True
    elif at.acc_m <= size_m / 2:
        member.side = Side.INSIDE if at.depth_m >= 0 else Side.OUTSIDE
    member.candidate = member.side


def _may_be_noise(at: At) -> bool:
    """Whether a parked vehicle may only seem to be there: its anchor is not clearly so, too."""
    return at.parked_m >= ANCHOR_BESIDE * abs(at.depth_m)


def _change(area: Area, member: Membership, seen: Side, at: At) -> list[FenceEvent]:
    """The other side: it counts once it lasted, by fix time or by the steady clock.

    Of a vehicle that is parked as far as the detector knows, for longer than noise lasts.
    """
    if member.candidate != seen:
        member.candidate, member.since_t, member.since_ms = seen, at.t_ms, at.elapsed_ms
    far = abs(at.depth_m) > FAR_FACTOR * max(area.margin_m, at.acc_m)
    dwell_s = min(area.fence.dwell_s, FAR_DWELL_S) if far else area.fence.dwell_s
    if _may_be_noise(at):
        dwell_s = max(area.fence.dwell_s, PARKED_DWELL_S)
    lasted_ms = max(at.t_ms - member.since_t, at.elapsed_ms - member.since_ms)
    if lasted_ms < dwell_s * 1000:
        return []
    inferred = not member.sure
    member.side, member.sure = seen, True
    what = "geofence_enter" if seen is Side.INSIDE else "geofence_exit"
    return [FenceEvent(area.fence, what, at.t_ms, inferred)]


def _over(area: Area, member: Membership, at: At) -> list[FenceEvent]:
    """Outside as before: was the fence crossed since the last fix outside?

    Either the straight way leads through it, or a fix inside stands between (a visit shorter than
    the dwell). The two fixes outside must be as far apart as the fence is wide: parked noise
    comes back to where it was.
    """
    dt_ms = at.t_ms - member.out_t
    leap_m = math.hypot(at.x - member.out_x, at.y - member.out_y)
    if (
        not member.out_t
        or not 0 < dt_ms <= CROSS_MAX_S * 1000
        or leap_m * 1000 > CROSS_MAX_MPS * dt_ms
        or leap_m < area.size_m
    ):
        return []
    passed = area.passage(member.out_x, member.out_y, at.x, at.y)
    if passed is not None:
        enter_t, exit_t = (member.out_t + round(share * dt_ms) for share in passed)
    elif member.candidate == Side.INSIDE:
        enter_t, exit_t = member.since_t, at.t_ms
    else:
        return []
    return [
        FenceEvent(area.fence, "geofence_enter", enter_t, inferred=True),
        FenceEvent(area.fence, "geofence_exit", exit_t, inferred=True),
    ]

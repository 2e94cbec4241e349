"""Whose clock says what: device times become milliseconds UTC, and their faults are named.

decisions.md 12: units by magnitude, GPS weeks that rolled over, offsets that are learnt, times
ahead and times long past. The receive time judges; it never replaces a time that was given.
"""

from typing import NamedTuple

from devices.errors import WireError, WireReason
from devices.units import time_ms
from devices.words import Flag

FUTURE_MS = 120_000
"""Ahead of the receive time by more: ``FUTURE``. Source: decisions.md 12."""
LATE_MS = 600_000
"""Older than this: the history lane, ``LATE``. Source: decisions.md 12."""
ROLLOVER_MS = 1_024 * 7 * 86_400_000
"""GPS week numbers have ten bits: a receiver that forgets is off by a multiple of this."""
ROLLOVER_SLACK_MS = 30 * 86_400_000
"""A record this near to a multiple is taken for one: nothing is kept longer by a device."""
OLDEST_MS = 946_684_800_000
"""2000-01-01: an older time that is no rollover is no time (units.py tells units from there)."""
ZONE_MS = 900_000
"""Learnt offsets are multiples of this, 15 min. Source: decisions.md 12."""
ZONES = 56
"""... at most 14 h either way: the widest time zone."""
ZONE_SLACK_MS = 30_000
"""A live message may be this far from a multiple. Source: decisions.md 12 says only "stable"."""
STEADY_MS = 5_000
"""The differences of the messages that teach an offset agree this well, and they were received
at least this far apart: what was buffered and comes at once teaches nothing."""
LEARN_AFTER = 3
"""Messages that teach an offset. Source: decisions.md 12."""

_UNTIMELY = int(Flag.NO_TIME | Flag.BACKFILL | Flag.RETAINED | Flag.REQUEUED)
_FUTURE, _LATE = int(Flag.FUTURE), int(Flag.LATE)


def judge_time(value: int, recv_ms: int, offset_ms: int = 0) -> tuple[int, int]:
    """Read the time a device gave.

    Args:
        value: Seconds, milli-, micro- or nanoseconds since 1970, told by magnitude.
        recv_ms: When it was received, ms UTC.
        offset_ms: Learnt offset of this device's clock.

    Returns:
        Milliseconds UTC and ``Flag`` bits.

    Raises:
        WireError: ``time`` when no unit gives a year from 2000 to 2099, rollovers considered.
    """
    t_ms, scaled = time_ms(value)
    flags = int(Flag.TIME_SCALED) if scaled else 0
    behind_ms = recv_ms - t_ms
    if offset_ms:
        t_ms, behind_ms, flags = t_ms - offset_ms, behind_ms + offset_ms, flags | Flag.TIME_LEARNT
    if -FUTURE_MS <= behind_ms <= LATE_MS:
        return t_ms, int(flags)
    weeks = round(behind_ms / ROLLOVER_MS)
    if weeks and abs(behind_ms - weeks * ROLLOVER_MS) <= ROLLOVER_SLACK_MS:
        t_ms += weeks * ROLLOVER_MS
        behind_ms -= weeks * ROLLOVER_MS
        flags |= Flag.WEEK_ROLLOVER
    if t_ms < OLDEST_MS:
        raise WireError(WireReason.TIME, "no unit of this number gives a year from 2000 to 2099")
    if behind_ms < -FUTURE_MS:
        flags |= _FUTURE
    elif behind_ms > LATE_MS:
        flags |= _LATE
    return t_ms, int(flags)


class ClockState(NamedTuple):
    """What is known of one device's clock: a learnt offset, and what may become the next one."""

    offset_ms: int = 0
    zone: int = 0
    taught: int = 0
    first_recv_ms: int = 0
    first_ahead_ms: int = 0


PLAIN_CLOCK = ClockState()


def learn(clock: ClockState, t_ms: int, recv_ms: int, flags: int) -> ClockState:
    """Let one accepted record teach.

    Args:
        clock: What is known.
        t_ms: The record's time after ``judge_time``, ms UTC.
        recv_ms: Its receive time.
        flags: Its flags; what is buffered, retained or has no time teaches nothing.
    """
    ahead_ms = t_ms - recv_ms
    if clock is PLAIN_CLOCK and -ZONE_SLACK_MS <= ahead_ms <= ZONE_SLACK_MS:
        return clock  # a good clock, seen most often
    if flags & _UNTIMELY:
        return clock
    ahead_ms += clock.offset_ms
    zone = round(ahead_ms / ZONE_MS)
    near = abs(ahead_ms - zone * ZONE_MS) <= ZONE_SLACK_MS and abs(zone) <= ZONES
    if not near or zone * ZONE_MS == clock.offset_ms:
        return clock._replace(taught=0)
    steady = abs(ahead_ms - clock.first_ahead_ms) <= STEADY_MS
    if not (clock.taught and zone == clock.zone and steady):
        return clock._replace(zone=zone, taught=1, first_recv_ms=recv_ms, first_ahead_ms=ahead_ms)
    if clock.taught + 1 >= LEARN_AFTER and recv_ms - clock.first_recv_ms >= STEADY_MS:
        return ClockState(offset_ms=zone * ZONE_MS)
    return clock._replace(taught=clock.taught + 1)

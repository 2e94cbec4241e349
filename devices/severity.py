"""How bad it is what is wrong with a device: the order in which staff look at it. Pure.

Source: health.md. Smoke, short circuits and more than 85 °C go first; one switch behind forty
devices before any single one; who does not speak before who speaks and says what is wrong.
"""

from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from devices.causes import PRESENCE_CAUSES, Cause, causes_of
from devices.fire import FIRE_CAUSES
from devices.model import AdminState
from devices.presence import Presence

_REMEMBERED = 4_096
"""Combinations ``severity_of`` remembers; ours: a city's devices have some hundred, each asked for
again and again, and to work one out takes 50 us."""


class Severity(IntEnum):
    """Worst last, so that a greater one is worse."""

    FINE = 0
    LATE = 1
    DEGRADED = 2
    FAILING = 3
    OFFLINE = 4
    SECURITY = 5
    OUTAGE = 6
    FIRE = 7

    @property
    def word(self) -> str:
        """The stable lower-case word."""
        return self.name.lower()

    @property
    def en(self) -> str:
        """For people who read English."""
        return _WORDS[self][0]

    @property
    def zh(self) -> str:
        """For people who read Chinese."""
        return _WORDS[self][1]


_WORDS = {
    Severity.FINE: ("fine", "正常"),
    Severity.LATE: ("late", "迟报"),
    Severity.DEGRADED: ("degraded", "降级"),
    Severity.FAILING: ("failing", "失效"),
    Severity.OFFLINE: ("offline", "离线"),
    Severity.SECURITY: ("security", "安全"),
    Severity.OUTAGE: ("outage", "群障"),
    Severity.FIRE: ("FIRE", "火警"),
}

DANGER_CAUSES = Cause(FIRE_CAUSES) | Cause.OVERHEATED_CRITICAL
"""Somebody has to go at once. Source: health.md, Charger (fire path; > 85 °C critical)."""

SECURITY_CAUSES = Cause.BOX_OPEN | Cause.TAMPERED | Cause.NUMBERS_CONFLICT
"""Somebody is, or was, at it who should not be. Source: health.md (box or door open without a
collection task = security event; tampered), decisions.md 9 (two devices with one identity)."""

FAILING_CAUSES = (
    Cause.BATTERY_CRITICAL
    | Cause.NO_POSITION
    | Cause.STATION_FAULT
    | Cause.RELAY_STUCK
    | Cause.BOX_FULL
    | Cause.FROZEN
    | Cause.NO_VIDEO
    | Cause.BLACK
    | Cause.OCCLUDED
    | Cause.NOT_RECORDING
    | Cause.CLOCK_UNUSABLE
)
"""It speaks and does not do, or soon will not do, what it is there for. Source: health.md: critical
and "no video" there; the choice among the others is ours."""


def severities(
    presence: NDArray[np.uint8], causes: NDArray[np.uint64], in_use: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """How bad each device is.

    Args:
        presence: ``Presence`` values.
        causes: ``Cause`` bits.
        in_use: Not in maintenance; of the others only fire counts, for staff know the rest.
    """
    found = np.zeros(len(presence), np.uint8)
    found[presence == Presence.LATE] = Severity.LATE
    for severity, bits in (
        (Severity.DEGRADED, ~int(PRESENCE_CAUSES) & 2**63 - 1),
        (Severity.FAILING, int(FAILING_CAUSES)),
    ):
        found[(causes & np.uint64(bits)) != 0] = severity
    gone = (presence == Presence.OFFLINE) | (presence == Presence.UNKNOWN)
    found[gone] = Severity.OFFLINE
    for severity, bits in (
        (Severity.SECURITY, int(SECURITY_CAUSES)),
        (Severity.OUTAGE, int(Cause.PART_OF_OUTAGE)),
    ):
        found[(causes & np.uint64(bits)) != 0] = severity
    found[~in_use] = Severity.FINE
    found[(causes & np.uint64(int(DANGER_CAUSES))) != 0] = Severity.FIRE
    return found


@lru_cache(_REMEMBERED)
def severity_of(presence: Presence, causes: int, admin: AdminState) -> Severity:
    """How bad one device is; a retired one is fine."""
    if admin is AdminState.RETIRED:
        return Severity.FINE
    found = severities(
        np.array([presence], np.uint8),
        np.array([causes], np.uint64),
        np.array([admin is AdminState.ACTIVE]),
    )
    return Severity(int(found[0]))


def worst_cause(causes: int, severity: Severity) -> Cause | None:
    """The cause to name first where there is room for one; None = there is none.

    Args:
        causes: All that stand.
        severity: How bad it is: the cause that makes it so goes first.
    """
    makes_it_so = {
        Severity.FIRE: int(DANGER_CAUSES),
        Severity.OUTAGE: int(Cause.PART_OF_OUTAGE),
        Severity.SECURITY: int(SECURITY_CAUSES),
        Severity.OFFLINE: int(PRESENCE_CAUSES),
        Severity.FAILING: int(FAILING_CAUSES),
        Severity.DEGRADED: ~int(PRESENCE_CAUSES),
    }
    for mask in (makes_it_so.get(severity, 0), int(PRESENCE_CAUSES), ~0):
        if named := causes_of(causes & mask):
            return named[0]
    return None

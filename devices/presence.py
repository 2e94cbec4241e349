"""Presence and causes of every device at once, from the newest message of any kind.

Laws: age is counted on the receiver's listening clock (it stands still while we or the broker
were away, so our own outage is nobody's silence); a device's own clock decides nothing; more
silence is never healthier.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from devices.causes import Cause
from devices.model import DeviceClass


class Presence(IntEnum):
    """What we know of a device being there (decisions.md, Presence)."""

    UNKNOWN = 0
    ONLINE = 1
    LATE = 2
    OFFLINE = 3
    SLEEPING = 4

    @property
    def word(self) -> str:
        """The stable lower-case word used by the API."""
        return self.name.lower()


DEFAULT_INTERVAL_S: dict[DeviceClass, float] = {
    DeviceClass.TRACKER: 180.0,
    DeviceClass.CHARGER: 180.0,
    DeviceClass.CAMERA: 60.0,
    DeviceClass.GATEWAY: 30.0,
}
"""Expected interval where a device promised none. Source: health.md, table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresencePolicy:
    """Bounds of presence. Source: health.md, Presence and the wills rule.

    Attributes:
        online_factor: Online while age <= factor x interval + slack.
        late_factor: Late while age <= factor x interval + slack.
        slack_s: Added to both.
        lost_offline_s: After a will: offline after this much more silence.
        sleep_late_factor: A sleeper is late past its promise times this.
        sleep_offline_factor: ... and offline past this times the promise
        sleep_offline_slack_s: ... plus this, seconds.
        outage_grace_factor: After an outage of ours or the broker's no presence worsens for this
            times the interval (devices must connect again)
        outage_grace_max_s: ... and at most for this, seconds.
        will_doubt_s: A will this near to an outage does not count: a stopping broker sends the
            wills of everybody, and a starting one hands over what it queued.
        flapping_changes: More changes between there and not there than this ...
        flapping_s: ... within this make a device flap, until it was quiet for as long. The end is
            our choice: the same window.
        outage_share: So large a share gone of those of a site, gateway, carrier or district that
            should have spoken ...
        outage_min: ... and at least so many ...
        outage_s: ... whose silence began within this are one outage.
        outage_settle_s: An outage is told so long after it was seen, with everybody who fell
            silent meanwhile. Our choice: a camera's interval, by which those of one switch differ.
        silent_s: A device is told of by itself when it was offline for this. Source: health.md,
            "health alert at 5 min".
        never_heard_s: A registered device that was never heard is told of after this. Our choice:
            a day, in which whoever registers devices puts them up.
    """

    online_factor: float = 1.5
    late_factor: float = 3.0
    slack_s: float = 30.0
    lost_offline_s: float = 120.0
    sleep_late_factor: float = 1.1
    sleep_offline_factor: float = 2.0
    sleep_offline_slack_s: float = 3600.0
    outage_grace_factor: float = 3.0
    outage_grace_max_s: float = 600.0
    will_doubt_s: float = 5.0
    flapping_changes: int = 3
    flapping_s: float = 600.0
    outage_share: float = 0.3
    outage_min: int = 5
    outage_s: float = 180.0
    outage_settle_s: float = 60.0
    silent_s: float = 300.0
    never_heard_s: float = 86_400.0


class Said(IntEnum):
    """What a device (or its will) last said about its connection."""

    NOTHING = 0
    SLEEPING = 1
    LOST = 2
    DISCONNECTED = 3


@dataclass(slots=True)
class PresenceArrays:
    """One element per slot.

    Attributes:
        heard_ms: Listening clock at the newest message of any kind; -1 = never.
        interval_ms: Promised or expected report interval.
        said: ``Said`` of the newest state message, overruled by newer life.
        presence: The value of the last ``assess``.
        known: Whether the slot is a registered, active device.
        stale: The broker keeps a farewell ("lost", "disconnected") that live messages contradict.
    """

    heard_ms: NDArray[np.int64]
    interval_ms: NDArray[np.int64]
    said: NDArray[np.uint8]
    presence: NDArray[np.uint8]
    known: NDArray[np.bool_]
    stale: NDArray[np.bool_]

    @classmethod
    def empty(cls, size: int) -> Self:
        """Arrays for ``size`` slots, nothing known."""
        return cls(
            heard_ms=np.full(size, -1, np.int64),
            interval_ms=np.full(size, 180_000, np.int64),
            said=np.zeros(size, np.uint8),
            presence=np.zeros(size, np.uint8),
            known=np.zeros(size, np.bool_),
            stale=np.zeros(size, np.bool_),
        )

    def grown(self, size: int) -> "PresenceArrays":
        """The same with room for ``size`` slots."""
        new = PresenceArrays.empty(size)
        old = len(self.heard_ms)
        for name in self.__slots__:
            getattr(new, name)[:old] = getattr(self, name)
        return new


_QUIET_CAUSE = {
    Said.NOTHING: Cause.SILENT,
    Said.SLEEPING: Cause.PROMISE_BROKEN,
    Said.LOST: Cause.CONNECTION_LOST,
    Said.DISCONNECTED: Cause.CONNECTION_LOST,
}
_CAUSES = np.array(
    [
        [Cause.NEVER_HEARD, 0, _QUIET_CAUSE[said], _QUIET_CAUSE[said], 0]  # in order of Presence
        for said in Said
    ],
    np.uint64,
).ravel()
"""Why a device is what it is, by what it said last and its presence."""
_BADNESS = np.array([0, 1, 2, 3, 1], np.uint8)
"""By value of ``Presence``: unknown, online, late, offline, sleeping."""


def assess(
    arrays: PresenceArrays, now_ms: int, policy: PresencePolicy, *, outage_end_ms: int | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Presence and its causes of every slot.

    Args:
        arrays: State; not changed.
        now_ms: The listening clock.
        policy: Bounds.
        outage_end_ms: The listening clock when the newest outage of ours ended; None = long ago.

    Returns:
        Presence values and ``Cause`` bits, one per slot; unregistered slots are UNKNOWN, 0.
    """
    age_ms = now_ms - arrays.heard_ms
    interval = arrays.interval_ms
    slack_ms = int(policy.slack_s * 1000)
    sleeping = arrays.said == Said.SLEEPING
    lost = arrays.said == Said.LOST

    late = age_ms > policy.online_factor * interval + slack_ms
    offline = age_ms > policy.late_factor * interval + slack_ms
    late |= lost | (arrays.said == Said.DISCONNECTED)
    lost_bound = np.minimum(policy.lost_offline_s * 1000, policy.late_factor * interval)
    offline |= lost & (age_ms > lost_bound)
    if sleeping.any():
        slack_ms = int(policy.sleep_offline_slack_s * 1000)
        too_long = age_ms > policy.sleep_offline_factor * interval + slack_ms
        late = np.where(sleeping, age_ms > policy.sleep_late_factor * interval, late)
        offline = np.where(sleeping, too_long, offline)
    presence = np.where(sleeping, np.uint8(Presence.SLEEPING), np.uint8(Presence.ONLINE))
    presence[late] = Presence.LATE
    presence[offline] = Presence.OFFLINE
    presence[(arrays.heard_ms < 0) | ~arrays.known] = Presence.UNKNOWN
    if outage_end_ms is not None:
        presence = _held(arrays, presence, now_ms - outage_end_ms, policy)

    causes = _CAUSES.take(arrays.said * np.uint8(len(Presence)) + presence)
    if arrays.stale.any():
        heard = (presence == Presence.ONLINE) | (presence == Presence.SLEEPING)
        causes[heard & arrays.stale] = int(Cause.STATUS_STALE)
    causes[~arrays.known] = 0
    return presence, causes


def _held(
    arrays: PresenceArrays, presence: NDArray[np.uint8], since_ms: int, policy: PresencePolicy
) -> NDArray[np.uint8]:
    """``presence``, but no worse than before while the grace after an outage lasts."""
    grace_ms = np.minimum(
        policy.outage_grace_factor * arrays.interval_ms, policy.outage_grace_max_s * 1000
    )
    before = arrays.presence
    worse = (_BADNESS[presence] > _BADNESS[before]) & (before != Presence.UNKNOWN)
    return np.where(worse & (since_ms < grace_ms), before, presence)


def grace_is_over(since_ms: int, policy: PresencePolicy) -> bool:
    """Whether the grace after an outage is over for every device."""
    return since_ms >= policy.outage_grace_max_s * 1000


def missed_reports(
    arrays: PresenceArrays, slots: list[int], now_ms: int, slack_ms: int
) -> list[int]:
    """How many promised reports of each slot did not come, each granted ``slack_ms``.

    Nobody who was never heard missed any.
    """
    k = np.array(slots, np.int64)
    heard_ms, interval_ms = arrays.heard_ms[k], np.maximum(arrays.interval_ms[k], 1)
    late_ms = now_ms - heard_ms - slack_ms
    missed = np.where(heard_ms < 0, 0, np.maximum(late_ms // interval_ms, 0))
    result: list[int] = missed.tolist()
    return result

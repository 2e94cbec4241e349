"""Presence and causes of every device at once, from the newest message of any kind.

Laws: age is counted on the receiver's listening clock (it stands still while we or the broker
were away, so our own outage is nobody's silence); a device's own clock decides nothing; more
silence is never healthier.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Self

import numpy as np
from numpy.typing import NDArray

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


class Cause(IntFlag):
    """Why a device is late, offline or degraded. Bits are stored: never reuse one."""

    NEVER_HEARD = 1 << 0
    SILENT = 1 << 1
    CONNECTION_LOST = 1 << 2
    PROMISE_BROKEN = 1 << 3
    BATTERY_LOW = 1 << 4
    BATTERY_CRITICAL = 1 << 5
    NO_EXTERNAL_POWER = 1 << 6
    NO_POSITION = 1 << 7
    CLOCK_OFF = 1 << 8
    SIGNAL_WEAK = 1 << 9
    PORT_FAULT = 1 << 10
    STATION_FAULT = 1 << 11
    MAINS_OUT_OF_RANGE = 1 << 12
    OVERHEATED = 1 << 13
    SMOKE = 1 << 14
    LOW_FRAME_RATE = 1 << 15
    FROZEN = 1 << 16
    NO_VIDEO = 1 << 17
    NOT_RECORDING = 1 << 18
    DISK_FULL = 1 << 19
    OCCLUDED = 1 << 20
    TAMPERED = 1 << 21
    PORT_BLOCKED = 1 << 22
    MONEY_SUSPECT = 1 << 23
    UNIT_SUSPECT = 1 << 24
    NUMBERS_CONFLICT = 1 << 25
    STATUS_STALE = 1 << 26

    @property
    def code(self) -> str:
        """The stable lower-case word used by the API."""
        return (self.name or "").lower()

    @property
    def en(self) -> str:
        """For people who read English."""
        return _WORDS[self][0]

    @property
    def zh(self) -> str:
        """For people who read Chinese."""
        return _WORDS[self][1]


_WORDS: dict[Cause, tuple[str, str]] = {
    Cause.NEVER_HEARD: ("registered but never heard", "已登记但从未上报"),
    Cause.SILENT: ("no message for longer than expected", "超过预期时间未上报"),
    Cause.CONNECTION_LOST: ("the broker lost its connection", "与消息服务器的连接中断"),
    Cause.PROMISE_BROKEN: ("did not wake up as promised", "未按承诺时间唤醒上报"),
    Cause.BATTERY_LOW: ("battery below 20 %", "电量低于20%"),
    Cause.BATTERY_CRITICAL: ("battery below 10 %", "电量低于10%"),
    Cause.NO_EXTERNAL_POWER: ("external power is missing", "外部电源缺失"),
    Cause.NO_POSITION: ("no satellite position", "无卫星定位"),
    Cause.CLOCK_OFF: ("its clock is off by more than a minute", "设备时钟偏差超过一分钟"),
    Cause.SIGNAL_WEAK: ("mobile signal below -110 dBm", "移动信号弱于-110 dBm"),
    Cause.PORT_FAULT: ("a port is faulted", "有充电口故障"),
    Cause.STATION_FAULT: ("30 % or more of its ports are faulted", "三成以上充电口故障"),
    Cause.MAINS_OUT_OF_RANGE: ("mains outside 198-242 V", "市电电压超出198-242 V"),
    Cause.OVERHEATED: ("a port is hotter than 65 °C", "充电口温度超过65 °C"),
    Cause.SMOKE: ("smoke reported", "烟雾报警"),
    Cause.LOW_FRAME_RATE: ("fewer pictures per second than expected", "帧率低于预期"),
    Cause.FROZEN: ("the picture is frozen", "画面冻结"),
    Cause.NO_VIDEO: ("no picture", "无画面"),
    Cause.NOT_RECORDING: ("not recording", "未录像"),
    Cause.DISK_FULL: ("disk above 90 %", "硬盘使用超过90%"),
    Cause.OCCLUDED: ("the view is covered", "镜头被遮挡"),
    Cause.TAMPERED: ("tampered with", "设备被人为破坏"),
    Cause.PORT_BLOCKED: (
        "a port is taken for an hour without current",
        "充电口占用超过一小时无电流",
    ),
    Cause.MONEY_SUSPECT: ("a coin was counted at power-on", "上电时多计一枚硬币"),
    Cause.UNIT_SUSPECT: ("speeds look like another unit", "速度单位疑似有误"),
    Cause.NUMBERS_CONFLICT: (
        "its message numbers contradict: two devices with one identity?",
        "消息序号冲突: 疑似两台设备共用一个身份",
    ),
    Cause.STATUS_STALE: (
        "the broker keeps an old farewell of a device that speaks",
        "设备在线但消息服务器保留着过期的离线状态",
    ),
}


def causes_of(bits: int) -> list[Cause]:
    """The single causes in ``bits``, in the order of their bits; unknown bits are left out."""
    return [cause for cause in Cause if bits & cause]


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

"""Independent witnesses as log-likelihood ratios that expire (detection.md, Evidence).

One array of expiry times per kind; a sum is clipped, so that sensors alone never reach the
police without displacement. Times are the journal's steady clock (``elapsed_ms``).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from alerts.model import Group, Reason
from devices.readings import EventType


class Sign(IntEnum):
    """A kind of evidence; its value is the row of the expiry array. Never reuse one."""

    VIBRATION = 0
    TILT = 1
    WAKE = 2
    TOW = 3
    ILLEGAL_IGNITION = 4
    POWER_CUT = 5
    REMOVED = 6
    JAMMING = 7
    DOPPLER = 8
    STANDING = 9
    UNSHAKEN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What a sign is worth, for how long, and in words. Source: detection.md, Evidence."""

    nats: float
    lives_s: float
    group: Group
    en: str
    zh: str


WEIGHTS: dict[Sign, Weight] = {
    Sign.VIBRATION: Weight(
        nats=2, lives_s=60, group=Group.INERTIAL, en="it was shaken", zh="车辆震动"
    ),
    Sign.TILT: Weight(
        nats=2,
        lives_s=120,
        group=Group.INERTIAL,
        en="it was tilted or lifted",
        zh="车辆倾斜或被抬起",
    ),
    Sign.WAKE: Weight(
        nats=2, lives_s=60, group=Group.INERTIAL, en="motion woke the tracker", zh="设备被移动唤醒"
    ),
    Sign.TOW: Weight(
        nats=2,
        lives_s=120,
        group=Group.INERTIAL,
        en="the tracker senses towing",
        zh="设备检测到拖移",
    ),
    Sign.ILLEGAL_IGNITION: Weight(
        nats=3, lives_s=600, group=Group.POWER, en="switched on without a key", zh="无钥匙启动"
    ),
    Sign.POWER_CUT: Weight(
        nats=3, lives_s=300, group=Group.POWER, en="main power was cut", zh="主电源被切断"
    ),
    Sign.REMOVED: Weight(
        nats=6,
        lives_s=600,
        group=Group.INERTIAL,
        en="the tracker was opened or removed",
        zh="设备被拆开或拆除",
    ),
    Sign.JAMMING: Weight(
        nats=3, lives_s=600, group=Group.RADIO, en="its radio is jammed", zh="信号受到干扰"
    ),
    Sign.DOPPLER: Weight(
        nats=4,
        lives_s=30,
        group=Group.POSITION,
        en="Doppler speed shows motion",
        zh="多普勒速度显示正在移动",
    ),
    Sign.STANDING: Weight(
        nats=-3, lives_s=30, group=Group.POSITION, en="its speed reads zero", zh="速度显示为零"
    ),
    Sign.UNSHAKEN: Weight(
        nats=-3,
        lives_s=30,
        group=Group.INERTIAL,
        en="its sensor felt nothing",
        zh="震动传感器无反应",
    ),
}

SIGN_OF: dict[EventType, Sign] = {
    EventType.VIBRATION: Sign.VIBRATION,
    EventType.TILT: Sign.TILT,
    EventType.FALL: Sign.TILT,
    EventType.CRASH: Sign.VIBRATION,
    EventType.WAKE: Sign.WAKE,
    EventType.TOW: Sign.TOW,
    EventType.DISPLACEMENT: Sign.TOW,
    EventType.ILLEGAL_IGNITION: Sign.ILLEGAL_IGNITION,
    EventType.POWER_CUT: Sign.POWER_CUT,
    EventType.BATTERY_REMOVED: Sign.POWER_CUT,
    EventType.REMOVED: Sign.REMOVED,
    EventType.TAMPER: Sign.REMOVED,
    EventType.JAMMING_GNSS: Sign.JAMMING,
    EventType.JAMMING_GSM: Sign.JAMMING,
}
"""Which events witness a theft."""

SHAKING = (Sign.VIBRATION, Sign.TILT, Sign.WAKE, Sign.TOW)
"""Signs of the motion sensor; one of them proves that it works."""
UNSHAKEN_AFTER_MS = 300_000
"""A working sensor that felt nothing for so long denies motion. Trackers repeat a shock alarm
at most every 3 to 5 minutes (domain.md 1.2)."""

_NATS = np.array([WEIGHTS[sign].nats for sign in Sign])
_LIVES_MS = {sign: int(WEIGHTS[sign].lives_s * 1000) for sign in Sign}


@dataclass(slots=True)
class EvidenceArrays:
    """``expires`` is (signs, slots) on the steady clock; ``shaken`` the last shake, -1 never."""

    expires: NDArray[np.int64]
    shaken: NDArray[np.int64]

    @classmethod
    def empty(cls, size: int) -> "EvidenceArrays":
        """Nothing witnessed."""
        return cls(np.zeros((len(Sign), size), np.int64), np.full(size, -1, np.int64))

    def grown(self, size: int) -> "EvidenceArrays":
        """The same with room for ``size`` slots."""
        new = EvidenceArrays.empty(size)
        old = len(self.shaken)
        new.expires[:, :old] = self.expires
        new.shaken[:old] = self.shaken
        return new

    def witness(self, slot: int, sign: Sign, now_ms: int) -> None:
        """Let a sign live from now on."""
        self.expires[sign, slot] = now_ms + _LIVES_MS[sign]
        if sign in SHAKING:
            self.shaken[slot] = now_ms

    def forget(self, slot: int, *signs: Sign) -> None:
        """End signs early, all without arguments."""
        for sign in signs or tuple(Sign):
            self.expires[sign, slot] = 0

    def clear(self, slot: int) -> None:
        """Begin afresh: nothing is witnessed, and nobody knows whether its sensor works."""
        self.expires[:, slot] = 0
        self.shaken[slot] = -1

    def from_fixes(
        self,
        slots: NDArray[np.int64],
        now_ms: NDArray[np.int64],
        fast: NDArray[np.bool_],
        standing: NDArray[np.bool_],
        away: NDArray[np.bool_],
    ) -> None:
        """What fixes themselves witness; ``away`` marks fixes beyond the owner's radius."""
        self._live(Sign.DOPPLER, fast, slots, now_ms)
        self._live(Sign.STANDING, standing, slots, now_ms)
        calm = away & ~fast
        if calm.any():
            shaken = self.shaken[slots]
            calm &= (shaken >= 0) & (now_ms - shaken > UNSHAKEN_AFTER_MS)
            self._live(Sign.UNSHAKEN, calm, slots, now_ms)

    def _live(
        self,
        sign: Sign,
        shown: NDArray[np.bool_],
        slots: NDArray[np.int64],
        now_ms: NDArray[np.int64],
    ) -> None:
        if shown.any():
            self.expires[sign, slots[shown]] = now_ms[shown] + _LIVES_MS[sign]

    def total(
        self, slots: NDArray[np.int64], now_ms: NDArray[np.int64], low: float, high: float
    ) -> NDArray[np.float64]:
        """Sum of the living signs per slot, clipped to [low, high] nats."""
        alive = self.expires[:, slots] > now_ms
        total: NDArray[np.float64] = np.minimum(np.maximum(_NATS @ alive, low), high)
        return total

    def denied(self, slots: NDArray[np.int64], now_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a working sensor felt nothing: multipath does not shake."""
        alive: NDArray[np.bool_] = self.expires[Sign.UNSHAKEN, slots] > now_ms
        return alive

    def alive(self, slot: int, now_ms: int) -> list[Sign]:
        """The living signs of one slot."""
        return [sign for sign in Sign if self.expires[sign, slot] > now_ms]


def reason_of(sign: Sign) -> Reason:
    """A sign as a reason in words and numbers."""
    weight = WEIGHTS[sign]
    return Reason(
        code=sign.name.lower(),
        group=weight.group,
        nats=weight.nats,
        text_en=weight.en,
        text_zh=weight.zh,
    )

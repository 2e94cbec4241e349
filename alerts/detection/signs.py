"""The kinds of evidence: what each is worth, how long it lives, and its words (detection.md)."""

from dataclasses import dataclass
from enum import IntEnum

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
    UNPLUGGED = 11
    PHONE_NEAR = 12
    PHONE_FAR = 13
    SILENT = 14
    HOME = 15
    TICKET = 16
    ALIKE = 17
    LOCATED = 18
    UNANSWERED = 19
    FELL = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What a sign is worth, for how long, and in words. Source: detection.md, Evidence.

    ``lives_s`` of a phone counts from the phone's own time; a ticket has its own (0 here);
    ``SILENT`` is worth so much per missed report (``MISSED_MAX``).
    """

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
    Sign.UNPLUGGED: Weight(
        nats=3,
        lives_s=300,
        group=Group.POWER,
        en="it was unplugged from a charger in the middle of a session",
        zh="充电过程中被拔出",
    ),
    Sign.PHONE_NEAR: Weight(
        nats=-12,
        lives_s=60,
        group=Group.HUMAN,
        en="the owner's phone is with it",
        zh="车主手机在车旁",
    ),
    Sign.PHONE_FAR: Weight(
        nats=2,
        lives_s=60,
        group=Group.HUMAN,
        en="the owner's phone is far away",
        zh="车主手机距离较远",
    ),
    Sign.SILENT: Weight(
        nats=0.5,
        lives_s=300,
        group=Group.POSITION,
        en="promised reports did not come",
        zh="未按承诺时间上报",
    ),
    Sign.HOME: Weight(
        nats=-4,
        lives_s=60,
        group=Group.POSITION,
        en="it is still inside its home fence",
        zh="仍在自家围栏内",
    ),
    Sign.TICKET: Weight(
        nats=-15,
        lives_s=0,
        group=Group.HUMAN,
        en="a work ticket is open for it",
        zh="有进行中的作业工单",
    ),
    Sign.ALIKE: Weight(
        nats=-10,
        lives_s=120,
        group=Group.POSITION,
        en="others around it move alike at once",
        zh="周围车辆同时以相同方式移动",
    ),
    Sign.LOCATED: Weight(
        nats=-3,
        lives_s=60,
        group=Group.POSITION,
        en="asked, it answered from where it was parked",
        zh="已询问设备,回复位置仍在停放点",
    ),
    Sign.UNANSWERED: Weight(
        nats=0.5,
        lives_s=120,
        group=Group.POSITION,
        en="asked, it did not answer",
        zh="已询问设备,未答复",
    ),
    Sign.FELL: Weight(nats=3, lives_s=120, group=Group.INERTIAL, en="it fell over", zh="车辆倒地"),
}

SIGN_OF: dict[EventType, Sign] = {
    EventType.VIBRATION: Sign.VIBRATION,
    EventType.TILT: Sign.TILT,
    EventType.FALL: Sign.FELL,
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

SHAKING = (Sign.VIBRATION, Sign.TILT, Sign.WAKE, Sign.TOW, Sign.FELL)
"""Signs of the motion sensor; one of them proves that it works."""

EXCUSES = (Sign.PHONE_NEAR, Sign.TICKET, Sign.ALIKE)
"""Signs that explain a movement: while one lives no rule of the detector tells anybody."""
MISSED_MAX = 6
"""Missed reports that count: half a nat each, three at most. Source: detection.md, Evidence."""


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

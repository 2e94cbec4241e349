"""Reasons about what is around a vehicle: phones, tickets, other vehicles, cameras. No weight."""

from alerts.model import Group, Reason

WORDS: dict[str, tuple[str, str]] = {
    "phone_with_it": ("it moves with its owner's phone", "车辆与车主手机一同移动"),
    "gone_without_owner": (
        "it was driven off while its owner's phone is far away",
        "车主手机在远处时车辆被骑走",
    ),
    "ticket_tow": ("a tow ticket is open for it", "有拖车工单"),
    "ticket_maintenance": ("a maintenance ticket is open for it", "有维修工单"),
    "ticket_rebalancing": ("a rebalancing ticket is open for it", "有调度工单"),
    "together": ("it is carried together with {other}", "与{other}一同被搬运"),
    "swapped": (
        "its tracker stands where {other} was parked, and the other way round",
        "其设备位于{other}的停放点,两台设备疑似互换",
    ),
    "cloned": (
        "its tracker speaks from two places {apart} km apart in turn",
        "其设备交替从相距{apart}公里的两处上报,疑似被克隆",
    ),
    "cameras": ("cameras nearby: {cameras}", "附近摄像头:{cameras_zh}"),
}
"""English and Chinese, with the numbers to put in."""


def word(code: str, **numbers: str) -> Reason:
    """One of ``WORDS`` as a reason."""
    en, zh = WORDS[code]
    return Reason(
        code=code,
        group=Group.HUMAN,
        nats=0.0,
        text_en=en.format(**numbers),
        text_zh=zh.format(**numbers),
    )

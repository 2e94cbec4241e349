"""Why a device is late, offline or degraded: one bit each, with words for people."""

from enum import IntFlag


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
    FLAPPING = 1 << 27
    PART_OF_OUTAGE = 1 << 28
    FIXES_REJECTED = 1 << 29
    BATTERY_FALLING = 1 << 30
    SHORT_CIRCUIT = 1 << 31
    OVERHEATED_CRITICAL = 1 << 32
    RELAY_STUCK = 1 << 33
    SESSION_STUCK = 1 << 34
    SESSION_LONG = 1 << 35
    PORT_DEAD = 1 << 36
    PAID_NOT_SERVED = 1 << 37
    SERVED_NOT_PAID = 1 << 38
    COINS_DIFFER = 1 << 39
    BOX_NEARLY_FULL = 1 << 40
    BOX_FULL = 1 << 41
    BOX_OPEN = 1 << 42
    BLACK = 1 << 43
    MOVED = 1 << 44
    PICTURE_OLD = 1 << 45
    RECORDING_GAP = 1 << 46
    RETENTION_SHORT = 1 << 47
    CLOCK_UNUSABLE = 1 << 48
    POOR_LINK = 1 << 49
    BATTERY_HOT = 1 << 50
    DISK_FAULT = 1 << 51

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
    Cause.CLOCK_OFF: (
        "its clock is off by more than a minute (a camera's: 5 seconds)",
        "设备时钟偏差超过一分钟(摄像头超过5秒)",
    ),
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
    Cause.FLAPPING: (
        "comes and goes: more than 3 changes in 10 minutes",
        "频繁上下线: 10分钟内变化超过3次",
    ),
    Cause.PART_OF_OUTAGE: (
        "went silent together with others: see the outage",
        "与其他设备同时失联: 见群体故障",
    ),
    Cause.FIXES_REJECTED: ("more than 20 % of its fixes were refused", "超过20%的定位数据被拒收"),
    Cause.BATTERY_FALLING: ("its battery will soon be empty", "电池即将耗尽"),
    Cause.SHORT_CIRCUIT: ("short circuit reported", "短路报警"),
    Cause.OVERHEATED_CRITICAL: ("a port is hotter than 85 °C", "充电口温度超过85 °C"),
    Cause.RELAY_STUCK: ("a port gives current without a session", "无订单仍有电流, 继电器粘连"),
    Cause.SESSION_STUCK: ("a session without current for 10 minutes", "充电订单超过10分钟无电流"),
    Cause.SESSION_LONG: ("a session longer than 10 hours", "充电订单超过10小时"),
    Cause.PORT_DEAD: ("a port serves nobody any more", "充电口疑似失效"),
    Cause.PAID_NOT_SERVED: ("somebody paid and was not served", "已付款未充电"),
    Cause.SERVED_NOT_PAID: ("energy was given that nobody paid for", "未付款已充电"),
    Cause.COINS_DIFFER: (
        "counters and coin reports, or the counted box, differ",
        "投币计数与投币记录或清点金额不符",
    ),
    Cause.BOX_NEARLY_FULL: ("coin box above 80 %", "钱箱超过80%"),
    Cause.BOX_FULL: ("coin box above 95 %", "钱箱超过95%"),
    Cause.BOX_OPEN: ("its box or door was opened and nobody was sent", "无工单开箱或开门"),
    Cause.BLACK: ("the picture is black", "画面全黑"),
    Cause.MOVED: ("it looks elsewhere than before", "镜头朝向改变"),
    Cause.PICTURE_OLD: ("its newest picture is older than 10 seconds", "最新画面超过10秒"),
    Cause.RECORDING_GAP: ("recordings have a gap", "录像有缺口"),
    Cause.RETENTION_SHORT: ("recordings reach back less than 30 days", "录像保存不足30天"),
    Cause.CLOCK_UNUSABLE: (
        "its clock is off by more than a minute: pictures are no evidence",
        "时钟偏差超过一分钟, 画面不能作为证据",
    ),
    Cause.POOR_LINK: ("more than 10 reconnects an hour", "每小时重连超过10次"),
    Cause.DISK_FAULT: ("its disk reports a fault", "硬盘故障"),
    Cause.BATTERY_HOT: ("its battery reports over-temperature", "电池过温报警"),
}


def causes_of(bits: int) -> list[Cause]:
    """The single causes in ``bits``, in the order of their bits; unknown bits are left out."""
    return [cause for bit, cause in _BITS if bits & bit]


_BITS = tuple((cause.value, cause) for cause in Cause)
"""As plain numbers: a flag's own ``&`` takes some 2 us."""


PRESENCE_CAUSES = (
    Cause.NEVER_HEARD
    | Cause.SILENT
    | Cause.CONNECTION_LOST
    | Cause.PROMISE_BROKEN
    | Cause.PART_OF_OUTAGE
)
"""Causes that say why presence is what it is; every other one makes the condition degraded."""

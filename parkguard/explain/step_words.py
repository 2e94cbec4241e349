"""What happened to a vehicle beside its fixes, as words for people: English and Chinese.

A step or an event without an entry is told by its stable code: docs/alerts.md and docs/wire.md
say what it means.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """The same in both languages."""

    en: str
    zh: str

    def of(self, lang: str) -> str:
        """In the language asked for, ``en`` or ``zh``."""
        return self.zh if lang == "zh" else self.en


STEPS: dict[str, Words] = {
    "raised": Words("an alert was raised", "生成警报"),
    "level": Words("the alert became stronger", "警报升级"),
    "police_ready": Words("police-ready", "达到警方级别"),
    "owner_told": Words("the owner was told", "已通知车主"),
    "owner_asked": Words("the owner was asked", "已询问车主"),
    "owner_me": Words("the owner: it is me", "车主确认:是本人"),
    "owner_not_me": Words("the owner: not me", "车主确认:不是本人"),
    "owner_silent": Words("the owner did not answer", "车主未答复"),
    "second_contact": Words("a second contact was told", "已通知第二联系人"),
    "desk_confirmed": Words("the desk confirmed", "核验台已确认"),
    "desk_dismissed": Words("the desk dismissed it", "核验台已排除"),
    "disarmed": Words("disarmed: the alert ended", "撤防,警报结束"),
    "returned": Words("it came back: the alert ended", "车辆返回,警报结束"),
    "expired": Words("nothing more happened: the alert ended", "无后续动静,警报结束"),
    "reported_stolen": Words("reported stolen", "已报失窃"),
    "incident_closed": Words("the incident was closed", "案件已关闭"),
    "moved": Words("place updated", "案件位置更新"),
    "sos": Words("SOS", "SOS求助"),
    "geofence_exit": Words("left a fence", "驶出围栏"),
    "geofence_enter": Words("entered a fence", "进入围栏"),
    "phone_near": Words("the owner's phone is with it: the alert ended", "车主手机在旁,警报结束"),
    "ticket": Words("a ticket explains it: the alert ended", "工单说明,警报结束"),
    "merged": Words("it belongs to an incident of the area: the alert ended", "并入区域事件"),
    "noted": Words("noted, nobody was told", "仅记录,未通知"),
}
"""Steps of an alert's timeline (docs/alerts.md)."""

ACTS: dict[str, Words] = {
    "arm": Words("armed by hand", "手动设防"),
    "disarm": Words("disarmed by hand", "手动撤防"),
    "phone_at": Words("the owner's phone reported", "车主手机上报位置"),
    "ticket": Words("a ticket was opened", "工单开始"),
    "ticket_closed": Words("a ticket was closed", "工单结束"),
    "report_stolen": Words("reported stolen", "报失窃"),
}
"""Controls that name a vehicle (``devices.control``)."""

EVENTS: dict[str, Words] = {
    "vibration": Words("vibration", "震动"),
    "tilt": Words("tilt", "倾斜"),
    "fall": Words("it fell", "倒地"),
    "crash": Words("crash", "碰撞"),
    "wake": Words("motion woke the tracker", "移动唤醒"),
    "tow": Words("towing sensed", "拖移"),
    "displacement": Words("displacement sensed", "位移"),
    "illegal_ignition": Words("ignition without a key", "非法启动"),
    "power_cut": Words("power cut", "断电"),
    "power_restored": Words("power is back", "恢复供电"),
    "battery_removed": Words("battery removed", "电池拆除"),
    "removed": Words("tracker removed", "设备拆除"),
    "tamper": Words("tampering", "拆动"),
    "jamming_gnss": Words("GNSS jammed", "卫星信号干扰"),
    "jamming_gsm": Words("radio jammed", "通信干扰"),
    "sos": Words("SOS", "SOS求助"),
    "arm": Words("armed by key", "钥匙设防"),
    "disarm": Words("disarmed by key", "钥匙撤防"),
    "unlock": Words("unlocked", "解锁"),
    "low_battery": Words("battery low", "电量低"),
    "low_ext_power": Words("main power low", "主电源电压低"),
    "power_on": Words("tracker switched on", "设备开机"),
    "power_off": Words("tracker switched off", "设备关机"),
    "sleep": Words("tracker sleeps", "设备休眠"),
    "sim_changed": Words("SIM card changed", "更换SIM卡"),
    "gnss_antenna": Words("GNSS antenna fault", "卫星天线故障"),
    "gnss_blind_enter": Words("no satellites", "进入卫星盲区"),
    "gnss_blind_exit": Words("satellites again", "离开卫星盲区"),
    "geofence_enter": Words("entered a fence", "进入围栏"),
    "geofence_exit": Words("left a fence", "驶出围栏"),
}
"""Events of trackers (docs/wire.md)."""


def words_for(table: dict[str, Words], code: str) -> Words:
    """Words of a code, the code itself when it has none."""
    return table.get(code) or Words(code, code)

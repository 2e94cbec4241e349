"""Words of ``parkguard health`` in English and Chinese, and lengths of time as people say them."""

from collections.abc import Mapping
from enum import StrEnum

from devices.model import AdminState, DeviceClass
from devices.presence import Presence


class Lang(StrEnum):
    """In which language a person reads."""

    EN = "en"
    ZH = "zh"


_WORDS: Mapping[str, tuple[str, str]] = {
    DeviceClass.TRACKER: ("tracker", "定位器"),
    DeviceClass.CHARGER: ("charger", "充电站"),
    DeviceClass.CAMERA: ("camera", "摄像头"),
    DeviceClass.GATEWAY: ("gateway", "网关"),
    Presence.ONLINE.word: ("online", "在线"),
    Presence.SLEEPING.word: ("sleeping", "休眠"),
    Presence.LATE.word: ("late", "迟报"),
    Presence.OFFLINE.word: ("offline", "离线"),
    Presence.UNKNOWN.word: ("never heard", "从未上报"),
    AdminState.ACTIVE: ("in use", "在用"),
    AdminState.MAINTENANCE: ("maintenance", "检修"),
    AdminState.RETIRED: ("retired", "已停用"),
    "all": ("all", "合计"),
    "devices": ("devices", "设备"),
    "degraded": ("degraded", "降级"),
    "ok": ("ok", "正常"),
    "class": ("class", "类别"),
    "what": ("what", "程度"),
    "since": ("since", "已持续"),
    "since_time": ("since", "自"),
    "never": ("never", "从未"),
    "in_work": ("in work", "检修"),
    "together": ("went silent together", "同时失联"),
    "from": ("from", "开始"),
    "for": ("for", "时长"),
    "device": ("device", "设备"),
    "where": ("where", "位置"),
    "why": ("why", "原因"),
    "state": ("state", "状态"),
    "worst_first": ("worst first", "由重到轻"),
    "nothing_wrong": ("nothing is wrong", "一切正常"),
    "none_found": ("no such device", "没有符合条件的设备"),
    "more": ("more: --limit", "更多: --limit"),
    "next": ("next report expected", "预计下次上报"),
    "heard": ("last heard", "最近上报"),
    "available": ("available", "可用率"),
    "degraded_share": ("degraded", "降级率"),
    "days": ("days", "天"),
    "battery_pct": ("battery", "电量"),
    "rssi_dbm": ("signal", "信号"),
    "a_day": ("a day", "每天"),
    "to": ("to", "至"),
    "empty": ("empty", "预计耗尽"),
    "usable": ("usable fixes", "有效定位"),
    "accuracy": ("accuracy", "精度"),
    "changes": ("what it was through, newest first", "状态变化, 由新到旧"),
    "not_counted": ("nothing is counted yet", "暂无统计"),
    "no_log": ("nothing has been written down of it yet", "暂无记录"),
    "so_now": ("now", "至今"),
}

HOUR_S = 3_600
_UNITS = ((86_400, "d", "天"), (3_600, "h", "小时"), (60, "min", "分"), (1, "s", "秒"))


def said(word: str, lang: Lang) -> str:
    """A word or heading."""
    return _WORDS[word][lang is Lang.ZH]


def lasted(seconds: float | None, lang: Lang) -> str:
    """A length of time in its two largest units, below an hour in one; unknown is ``-``."""
    if seconds is None:
        return "-"
    left = max(0, int(seconds))
    first = next((k for k, unit in enumerate(_UNITS) if left >= unit[0]), len(_UNITS) - 1)
    parts: list[str] = []
    units = _UNITS[first : first + 2] if left >= HOUR_S else _UNITS[first : first + 1]
    for size, en, zh in units:
        number, left = divmod(left, size)
        if number or not parts:
            parts.append(f"{number}{zh}" if lang is Lang.ZH else f"{number} {en}")
    return "".join(parts) if lang is Lang.ZH else " ".join(parts)

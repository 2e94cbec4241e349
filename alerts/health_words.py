"""What is told of devices' health: one line an event, English and Chinese. No vehicle's place."""

from devices.causes import Cause, causes_of
from devices.health_events import HealthEvent, HealthEventKind
from devices.model import Device, DeviceClass
from devices.registry import Registry

_K = HealthEventKind
WORDS: dict[str, tuple[str, str]] = {
    _K.OUTAGE: (
        "{n} devices fell silent together: {where}. Look for one cause: power, switch, network",
        "{n}台设备同时失联:{where},请检查共同原因:供电、交换机、网络",
    ),
    _K.OUTAGE_OVER: (
        "the outage is over: {where} ({n} devices were part of it)",
        "群体故障已恢复:{where}(涉及{n}台设备)",
    ),
    _K.FLAPPING: ("comes and goes: link or power", "频繁上下线,请检查网络或供电"),
    _K.FLAPPING_OVER: ("no longer comes and goes", "上下线已恢复稳定"),
    _K.SILENT: ("went silent", "失联"),
    _K.BACK: ("is back", "已恢复上报"),
    _K.NEVER_HEARD: (
        "registered, but never heard: is it put up and switched on?",
        "已登记但从未上报,请确认是否已安装通电",
    ),
}
"""By kind, with the numbers to put in."""

_SCOPES = {
    "site": ("site {name}", "站点{name}"),
    "gateway": ("gateway {name}", "网关{name}"),
    "carrier": ("mobile network {name}", "移动网络{name}"),
    "district": ("district {name}", "区域{name}"),
}
_CLASSES = {
    DeviceClass.TRACKER: ("tracker", "定位器"),
    DeviceClass.CHARGER: ("charging station", "充电站"),
    DeviceClass.CAMERA: ("camera", "摄像头"),
    DeviceClass.GATEWAY: ("gateway", "网关"),
}
_SAID_BY_KIND = int(Cause.SILENT | Cause.FLAPPING | Cause.NEVER_HEARD | Cause.PART_OF_OUTAGE)
"""Causes that the kind has said already."""


def line_of(event: HealthEvent, registry: Registry) -> dict[str, object]:
    """One event in words, with the ids to look further by."""
    device = registry.devices.get(event.device_id)
    site = registry.sites.get(event.site_id)
    site_name = "" if site is None else site.name or site.id
    en, zh = WORDS[event.kind]
    where_en, where_zh = _where(event, site_name)
    numbers = str(event.devices)
    en, zh = en.format(n=numbers, where=where_en), zh.format(n=numbers, where=where_zh)
    causes = causes_of(event.causes)
    if device is not None:
        en, zh = _of_device(event, device, site_name, (en, zh))
    return {
        "kind": event.kind,
        "at_ms": event.at_ms,
        "device": event.device_id or None,
        "class": None if device is None else device.cls,
        "site": event.site_id or None,
        "site_name": site_name,
        "area": event.area,
        "scope": event.scope,
        "devices": event.devices,
        "causes": [cause.code for cause in causes],
        "en": en,
        "zh": zh,
        "link": _link(event),
    }


def _of_device(
    event: HealthEvent, device: Device, site_name: str, said: tuple[str, str]
) -> tuple[str, str]:
    """Who, where, what, and why as far as it is known."""
    class_en, class_zh = _CLASSES[device.cls]
    name = device.name or device.id
    at_en, at_zh = (f" at {site_name}", f"({site_name})") if site_name else ("", "")
    why = causes_of(event.causes & ~_SAID_BY_KIND) if event.kind != _K.BACK else []
    en = f"{class_en} {name}{at_en}: {said[0]}" + "".join(f"; {cause.en}" for cause in why)
    zh = f"{class_zh}{name}{at_zh}: {said[1]}" + "".join(f"; {cause.zh}" for cause in why)
    return en, zh


def _where(event: HealthEvent, site_name: str) -> tuple[str, str]:
    what, _, name = event.scope.partition(":")
    en, zh = _SCOPES.get(what, ("{name}", "{name}"))
    if what == "site" and site_name:
        name = site_name
    return en.format(name=name), zh.format(name=name)


def _link(event: HealthEvent) -> str:
    """Where the API says more."""
    if event.device_id:
        return f"/v1/devices/{event.device_id}/health"
    what, _, name = event.scope.partition(":")
    return f"/v1/devices?site={name}" if what == "site" else f"/v1/devices?area={event.area}"

"""What people are told of a fire: reasons, and the body of its notices, English and Chinese."""

from alerts import report
from alerts.model import AlertChange, Group, IncidentOpened, Reason, vehicle_named
from devices.causes import Cause, causes_of
from devices.fire import FireWord
from devices.model import AdminState, Device, DeviceClass, Site, Vehicle

FIRE = "fire"
"""Audience of a fire's notices: the outbox tells them before all others."""

WORDS: dict[str, tuple[str, str]] = {
    "late": ("{age} old when it came: look what is there now", "送达时已过去{age_zh},请核实现状"),
    "retained": (
        "the broker's last word of it: it holds unless a newer one says no",
        "来自消息服务器保留的最后状态,除非有更新的上报否定",
    ),
    "passed": ("a newer word says no", "更新的上报已解除"),
    "maintenance": ("it is in maintenance", "设备处于维护状态"),
    "fire_over": ("no longer reported", "不再上报"),
}
"""What is said beside the causes, whose words are ``Cause``'s."""

DO_STATION = (
    "Switch the mains off from outside, keep people away, call 119; batteries flare up again",
    "请从外部切断电源,疏散人员,拨打119;电池可能复燃",
)
DO_VEHICLE = (
    "Keep people away, do not charge or ride it, call 119 if it smokes; batteries flare up again",
    "请疏散人员,禁止充电或骑行,冒烟请拨打119;电池可能复燃",
)
"""What to do. Our words: the city's own fire plan goes first."""


def reasons_of(word: FireWord) -> list[Reason]:
    """Each cause with its ports, then what has to be known of how it came."""
    reasons = [_cause_reason(cause, word.ports) for cause in causes_of(word.event.causes)]
    if word.late_s:
        minutes = f"{word.late_s / 60:.0f}"
        reasons.append(_word("late", age=f"{minutes} min", age_zh=f"{minutes}分钟"))
    if word.retained:
        reasons.append(_word("retained"))
    if word.passed:
        reasons.append(_word("passed"))
    if word.device.admin is AdminState.MAINTENANCE:
        reasons.append(_word("maintenance"))
    return reasons


def over_reason() -> Reason:
    """Every sign was taken back."""
    return _word("fire_over")


def _cause_reason(cause: Cause, ports: tuple[int, ...]) -> Reason:
    at = ", ".join(map(str, ports))
    of_ports = bool(ports) and cause is not Cause.SMOKE
    en = f"{cause.en}: port {at}" if of_ports else cause.en
    zh = f"{cause.zh}: {at}号充电口" if of_ports else cause.zh
    return Reason(code=cause.code, group=Group.HUMAN, nats=0.0, text_en=en, text_zh=zh)


def _word(code: str, **numbers: str) -> Reason:
    en, zh = WORDS[code]
    return Reason(
        code=code,
        group=Group.HUMAN,
        nats=0.0,
        text_en=en.format(**numbers),
        text_zh=zh.format(**numbers),
    )


def fire_body(
    opened: IncidentOpened,
    *,
    device: Device,
    vehicle: Vehicle | None,
    site: Site | None,
    causes: int,
    ports: tuple[int, ...],
    action: str,
) -> dict[str, object]:
    """For the fire receivers, officers and the desk: an incident's body, and what burns where.

    Args:
        opened: The incident, with the newest change of its alert.
        device: Who said so.
        vehicle: The one it is on.
        site: Where it stands.
        causes: ``Cause`` bits so far.
        ports: Where on it.
        action: As in the notice.
    """
    alert: AlertChange = opened.alert
    label = device.name or device.id
    concerned = vehicle or Vehicle(id="", label=label)
    is_tracker = device.cls is DeviceClass.TRACKER
    do_en, do_zh = DO_VEHICLE if is_tracker else DO_STATION
    body = report.incident_body(opened, concerned, action, alert)
    site_name = "" if site is None else site.name or site.id
    where = " · ".join(part for part in (label, site_name) if part)
    why = [reason for reason in alert.reasons if reason.code != "cameras"]
    return body | {
        "vehicle": vehicle_named(alert.vehicle_id),
        "device": device.id,
        "device_name": device.name,
        "device_class": device.cls,
        "site": device.site_id or "",
        "site_name": site_name,
        "ports": list(ports),
        "causes": [cause.code for cause in causes_of(causes)],
        "maintenance": device.admin is AdminState.MAINTENANCE,
        "late_s": round(alert.late_s, 1),
        "title_en": f"FIRE · {where}: " + "; ".join(reason.text_en for reason in why),
        "title_zh": f"火警 · {where}: " + "; ".join(reason.text_zh for reason in why),
        "do_en": do_en,
        "do_zh": do_zh,
        "acknowledge": f"/v1/incidents/{opened.incident_id}/acknowledge",
    }

"""What people are told: the bodies of notices, in words and numbers, English and Chinese."""

import math

from alerts.model import AlertChange, Group, IncidentOpened, Reason, vehicle_named
from devices.model import Vehicle

HOURS_FROM_S = 5_400
"""From an hour and a half on an age reads better in hours."""


ODDS_MAX = 1_000_000
"""Odds above this are told as "more than": the models of noise are not known any better. Ours."""


def movement_reason(*, score: float, moved_m: float, sigma_m: float) -> Reason:
    """The position's own witness, and how it stands against noise and excursions."""
    en = f"moved {moved_m:.0f} m from where it was parked (its noise is {sigma_m:.0f} m)"
    zh = f"离开停放点{moved_m:.0f}米(定位噪声{sigma_m:.0f}米)"
    odds = odds_of(score)
    if odds > 1:
        more = odds > ODDS_MAX
        odds = min(odds, ODDS_MAX)
        en += f"; moving off fits its steps {'more than ' if more else ''}{odds:,} times better"
        en += " than a receiver's error, excursions included"
        zh += f";真实移动的可能性是定位误差(含多径漂移)的{odds:,}倍{'以上' if more else ''}"
    return Reason(
        code="movement", group=Group.POSITION, nats=round(score, 1), text_en=en, text_zh=zh
    )


def odds_of(nats: float) -> int:
    """How many times better one reading fits than the other, to one significant digit."""
    odds = math.exp(min(max(nats, 0.0), 50.0))
    step: int = 10 ** math.floor(math.log10(odds))
    return round(odds / step) * step


def slow_reason(*, moved_m: float, for_s: float) -> Reason:
    """The slow rule's witness."""
    return Reason(
        code="slow_move",
        group=Group.POSITION,
        nats=0.0,
        text_en=f"stayed {moved_m:.0f} m away for {for_s / 60:.0f} min",
        text_zh=f"离开停放点{moved_m:.0f}米已{for_s / 60:.0f}分钟",
    )


def weightless(reason: Reason) -> Reason:
    """The same words without weight: it witnessed something that is over."""
    return Reason(
        code=reason.code,
        group=reason.group,
        nats=0.0,
        text_en=reason.text_en,
        text_zh=reason.text_zh,
    )


def late_reason(age_s: float) -> Reason:
    """How long ago it happened, when it is told late."""
    hours = age_s >= HOURS_FROM_S
    number = f"{age_s / (3600 if hours else 60):.0f}"
    return Reason(
        code="late",
        group=Group.HUMAN,
        nats=0.0,
        text_en=f"happened {number} {'h' if hours else 'min'} ago; the tracker was out of reach",
        text_zh=f"发生在{number}{'小时' if hours else '分钟'}前,设备当时离线",
    )


def towed_reason(speed_mps: float) -> Reason:
    """It is being taken away with its ignition off."""
    kmh = speed_mps * 3.6
    return Reason(
        code="towed",
        group=Group.POSITION,
        nats=0.0,
        text_en=f"moves at {kmh:.0f} km/h with the ignition off",
        text_zh=f"熄火状态下以{kmh:.0f}公里/小时移动",
    )


def human_reason(code: str) -> Reason:
    """A person's word."""
    words = {
        "owner_not_me": ("the owner says: not me", "车主确认:不是本人"),
        "owner_me": ("the owner says: it is me", "车主确认:是本人"),
        "desk_confirmed": ("confirmed by the verification desk", "核验台已确认"),
        "reported_stolen": ("reported stolen", "已报失窃"),
        "sos": ("SOS was pressed", "触发SOS求助"),
        "owner_silent": ("the owner was told and did not answer", "已通知车主但未答复"),
        "left_fence": ("left its fence", "驶出围栏"),
        "entered_fence": ("entered a forbidden area", "进入禁入区域"),
        "late_too_old": ("too long ago to tell anybody", "时间过久,不再通知"),
        "late_contradicted": (
            "what came with it shows the vehicle parked",
            "同批数据显示车辆已停放",
        ),
    }
    en, zh = words[code]
    return Reason(code=code, group=Group.HUMAN, nats=0.0, text_en=en, text_zh=zh)


def demoted_reason(*, number: int, window_days: float, is_device: bool) -> Reason:
    """Why an alert stays with the owner: of the tracker, or of the rule at this site."""
    days = f"{window_days:g}"
    en, zh = ("this tracker", "该设备") if is_device else ("this rule, here,", "此处该规则")
    return Reason(
        code="demoted",
        group=Group.HUMAN,
        nats=0.0,
        text_en=f"{en} gave {number} false alarms in {days} days: only a person tells the police",
        text_zh=f"{zh}{days}天内误报{number}次:须由人工确认后才通知警方",
    )


def mask_plate(plate: str) -> str:
    """A plate with its middle hidden, as the owner's notice and most roles see it."""
    return plate if len(plate) < 4 else f"{plate[:2]}***{plate[-2:]}"  # noqa: PLR2004


def _reasons(alert: AlertChange) -> list[dict[str, object]]:
    return [
        {"code": r.code, "en": r.text_en, "zh": r.text_zh, "nats": r.nats, "group": r.group}
        for r in alert.reasons
    ]


def _place(alert: AlertChange) -> dict[str, object]:
    return {
        "t_ms": alert.caused_t_ms,
        "lat_deg": alert.lat_deg,
        "lon_deg": alert.lon_deg,
        "acc_m": alert.acc_m,
        "moved_m": round(alert.moved_m, 1),
    }


def owner_body(alert: AlertChange, vehicle: Vehicle, receiver: str) -> dict[str, object]:
    """For the owner: what happened, where, and the two buttons' address."""
    return {
        "alert_id": alert.alert_id,
        "vehicle": vehicle.id,
        "label": vehicle.label,
        "plate_masked": mask_plate(vehicle.plate),
        "receiver": receiver,
        "kind": alert.kind,
        "level": int(alert.level),
        "at_ms": alert.caused_recv_ms,
        "answer": f"/v1/alerts/{alert.alert_id}/answer",
        "reasons": _reasons(alert),
        **_place(alert),
    }


def alert_body(alert: AlertChange) -> dict[str, object]:
    """For the verification desk."""
    return {
        "alert_id": alert.alert_id,
        "vehicle": vehicle_named(alert.vehicle_id),
        "device": alert.device_id,
        "kind": alert.kind,
        "level": int(alert.level),
        "state": alert.state,
        "what": alert.what,
        "onset_ms": alert.onset_ms,
        "late_s": round(alert.late_s, 1),
        "grid": alert.grid,
        "area": alert.area,
        "version": alert.version,
        "by": alert.by,
        "reasons": _reasons(alert),
        **_place(alert),
    }


def incident_body(
    opened: IncidentOpened, vehicle: Vehicle, action: str, now: AlertChange
) -> dict[str, object]:
    """For officers and the police's own system."""
    return {
        "incident_id": opened.incident_id,
        "alert_id": now.alert_id,
        "vehicle": vehicle.id,
        "label": vehicle.label,
        "plate": vehicle.plate,
        "kind": now.kind,
        "level": int(now.level),
        "state": "open",
        "action": action,
        "grid": now.grid,
        "area": now.area,
        "onset_ms": now.onset_ms,
        "opened_ms": opened.opened_ms,
        "version": now.version,
        "by": now.by,
        "case_number": None,
        "reasons": _reasons(now),
        **_place(now),
    }

"""Rows of the outbox for what the casebook decides: desk, owner, officers and police."""

from alerts import report
from alerts.model import AlertChange, Channel, IncidentOpened, Notice, NoticeKind
from alerts.open_alert import OpenAlert
from devices.model import SYNTHETIC_ID

SYNTHETIC = "synthetic"
"""Audience of what a synthetic theft brings about: nobody (``parkguard.synthetic_round``)."""


def to_desk(change: AlertChange) -> Notice:
    """The desk's feed hears of every step."""
    return Notice(
        key=f"{change.alert_id}:{change.version}:feed",
        kind=NoticeKind.ALERT,
        action=change.what,
        channel=Channel.FEED,
        receiver="feed",
        audience=SYNTHETIC if change.vehicle_id == SYNTHETIC_ID else "desk",
        area=change.area,
        alert_id=change.alert_id,
        incident_id=None,
        body=report.alert_body(change),
        caused_recv_ms=change.caused_recv_ms,
    )


def to_owner(alert: OpenAlert, change: AlertChange, contact: str) -> Notice:
    """A contact of the vehicle is asked."""
    return Notice(
        key=f"{alert.alert_id}:{change.version}:owner:{contact}",
        kind=NoticeKind.OWNER_NOTICE,
        action="asked",
        channel=Channel.WEBHOOK,
        receiver=f"owner:{contact}",
        audience="owner",
        area=change.area,
        alert_id=alert.alert_id,
        incident_id=None,
        body=report.owner_body(change, alert.vehicle, contact),
        caused_recv_ms=change.caused_recv_ms,
    )


def to_police(alert: OpenAlert, change: AlertChange, action: str) -> list[Notice]:
    """Officers' feed, the police's own system and MQTT, each with its own key."""
    incident_id = alert.incident or ""
    opened = IncidentOpened(incident_id=incident_id, alert=change, opened_ms=alert.opened_ms)
    body = report.incident_body(opened, alert.vehicle, action, change)
    return [
        Notice(
            key=f"{incident_id}:a{change.version}:{channel}",
            kind=NoticeKind.INCIDENT,
            action=action,
            channel=channel,
            receiver=receiver,
            audience=audience,
            area=change.area,
            alert_id=alert.alert_id,
            incident_id=incident_id,
            body=body,
            caused_recv_ms=change.caused_recv_ms,
        )
        for channel, receiver, audience in (
            (Channel.FEED, "feed", "officer"),
            (Channel.WEBHOOK, "police", "police"),
            (Channel.MQTT, change.grid, "police"),
        )
    ]

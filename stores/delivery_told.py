"""What a told, refused or given-up notice changes beside its own row, in the same transaction."""

import msgspec
import sqlalchemy as sa

from alerts.delivery.model import Accepted, DueNotice, Failure, Rejected
from alerts.model import Channel, Notice, NoticeKind, vehicle_named
from devices.control import Delivered, encode
from stores.processing import put_control
from stores.queries_outbox import put_notices
from stores.schema import alert_log, alerts, incident_log, incidents, outbox

_BY = "dispatch"
_bodies = msgspec.json.Decoder(dict[str, object])
_reasons = msgspec.json.Decoder(list[object])


def answer_text(status: str, *, case: str | None = None, reason: str | None = None) -> str:
    """Give the answer as it is kept in ``outbox.answer`` (JSON)."""
    said = {"status": status, "case": case, "reason": reason}
    return msgspec.json.encode({k: v for k, v in said.items() if v is not None}).decode()


def error_text(failure: Failure) -> str:
    """Give the failure as it is kept in ``outbox.last_error``."""
    return f"{failure.reason}: {failure.detail}"


def note_accepted(
    connection: sa.Connection, notice: DueNotice, answer: Accepted, *, at_ms: int
) -> None:
    """Keep the case number, and let the processor know that a receiver was told.

    The broker's PUBACK proves no receiver, so MQTT gives no ``Delivered``.
    """
    if notice.channel != Channel.WEBHOOK:
        return
    if notice.kind == NoticeKind.INCIDENT and answer.case is not None:
        _change_incident(
            connection,
            notice,
            sa.update(incidents)
            .where(
                incidents.c.id == notice.incident_id,
                incidents.c.case_number.is_distinct_from(answer.case),
            )
            .values(case_number=answer.case),
            action="case_accepted",
            said=f"case {answer.case} accepted by {notice.receiver}",
            more={},
            at_ms=at_ms,
        )
    delivered = Delivered(
        at_ms=at_ms,
        by=_BY,
        alert_id=notice.alert_id,
        notice=notice.kind,
        receiver=notice.receiver,
    )
    put_control(connection, encode(delivered), at_ms)


def note_rejected(
    connection: sa.Connection, notice: DueNotice, answer: Rejected, *, at_ms: int
) -> None:
    """Show people that a receiver did not take it, and why."""
    if notice.kind == NoticeKind.INCIDENT:
        _change_incident(
            connection,
            notice,
            sa.update(incidents).where(incidents.c.id == notice.incident_id),
            action="case_rejected",
            said=f"rejected by {notice.receiver}: {answer.reason}",
            more={"reject_reason": answer.reason},
            at_ms=at_ms,
        )
        return
    _tell_desk(
        connection,
        notice,
        reason=answer.reason,
        detail="the receiver rejected it",
        attempts=notice.attempts + 1,
        at_ms=at_ms,
    )


def note_given_up(
    connection: sa.Connection, notice: DueNotice, failure: Failure, *, at_ms: int
) -> None:
    """Show the desk that somebody was not told."""
    _tell_desk(
        connection,
        notice,
        reason=failure.reason,
        detail=failure.detail,
        attempts=failure.attempts,
        at_ms=at_ms,
    )


def _change_incident(
    connection: sa.Connection,
    notice: DueNotice,
    change: sa.Update,
    *,
    action: str,
    said: str,
    more: dict[str, object],
    at_ms: int,
) -> None:
    """Change the incident, log it, and show it; nothing when ``change`` matches no incident."""
    now = connection.execute(
        change.values(version=incidents.c.version + 1, updated_ms=at_ms).returning(incidents)
    ).one_or_none()
    if now is None:
        return
    connection.execute(
        sa.insert(incident_log).values(
            incident_id=now.id,
            at_ms=at_ms,
            by=notice.receiver,
            from_state=now.state,
            to_state=now.state,
            reason=said,
        )
    )
    newest = _newest_body(connection, notice)
    newest.pop("reject_reason", None)
    body = newest | {
        "action": action,
        "state": now.state,
        "level": now.level,
        "case_number": now.case_number,
        "version": now.version,
        "by": notice.receiver,
    }
    told = Notice(
        key=f"{action}:{notice.id}",
        kind=NoticeKind.INCIDENT,
        action=action,
        channel=Channel.FEED,
        receiver="feed",
        audience="officer",
        area=now.area,
        alert_id=notice.alert_id,
        incident_id=notice.incident_id,
        body=body | more,
        caused_recv_ms=at_ms,
    )
    put_notices(connection, [told], at_ms=at_ms)


def _newest_body(connection: sa.Connection, notice: DueNotice) -> dict[str, object]:
    """Give the newest telling of the incident: an answer to an old one must not move it back."""
    text = connection.execute(
        sa.select(outbox.c.body)
        .where(
            outbox.c.incident_id == notice.incident_id,
            outbox.c.kind == NoticeKind.INCIDENT,
        )
        .order_by(outbox.c.id.desc())
        .limit(1)
    ).scalar_one()
    return _bodies.decode(text)


def _tell_desk(
    connection: sa.Connection,
    notice: DueNotice,
    *,
    reason: str,
    detail: str,
    attempts: int,
    at_ms: int,
) -> None:
    """Put an ``undelivered`` row on the desk's feed: the alert as it is, and what failed."""
    alert = connection.execute(
        sa.select(alerts, alert_log.c.t_ms)
        .outerjoin(
            alert_log,
            sa.and_(alert_log.c.alert_id == alerts.c.id, alert_log.c.version == alerts.c.version),
        )
        .where(alerts.c.id == notice.alert_id)
    ).first()
    known: dict[str, object] = {}
    if alert is not None:
        known = {
            "vehicle": vehicle_named(alert.vehicle_id),
            "device": alert.device_id,
            "kind": alert.kind,
            "level": alert.level,
            "state": alert.state,
            "onset_ms": alert.onset_ms,
            "t_ms": alert.t_ms,
            "lat_deg": alert.lat_deg,
            "lon_deg": alert.lon_deg,
            "acc_m": alert.acc_m,
            "moved_m": alert.moved_m,
            "late_s": alert.late_s,
            "grid": alert.grid,
            "area": alert.area,
            "version": alert.version,
            "reasons": _reasons.decode(alert.reasons),
        }
    failed = {
        "key": notice.key,
        "kind": notice.kind,
        "action": notice.action,
        "channel": notice.channel,
        "receiver": notice.receiver,
        "reason": reason,
        "detail": detail,
        "attempts": attempts,
        "created_ms": notice.created_ms,
    }
    told = Notice(
        key=f"undelivered:{notice.id}",
        kind=NoticeKind.ALERT,
        action="undelivered",
        channel=Channel.FEED,
        receiver="feed",
        audience="desk",
        area=notice.area,
        alert_id=notice.alert_id,
        incident_id=notice.incident_id,
        body=known
        | {
            "alert_id": notice.alert_id,
            "incident_id": notice.incident_id,
            "what": "undelivered",
            "by": _BY,
            "delivery": failed,
        },
        caused_recv_ms=at_ms,
    )
    put_notices(connection, [told], at_ms=at_ms)

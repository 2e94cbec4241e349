"""What the engine wants committed: alerts with their log, incidents, notices, labels.

Crossings of fences are not stored: they would be a history of where people went.

Keyed, so that running entries again changes nothing: alerts by version, incidents and notices by
id. At most one incident is open per vehicle and kind: a later alert joins it (P17).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from alerts.lifecycle import IncidentState
from alerts.model import AlertChange, Effects, IncidentOpened, Notice
from stores.camera_channels import put_channels
from stores.health_log import put_changes
from stores.queries_outbox import put_new_notices
from stores.queries_outcomes import put_demotions, put_labels
from stores.records import insert_of
from stores.schema import alert_log, alerts, incident_log, incidents

_IN_MAX = 500
"""Values in one IN list."""
_T = TypeVar("_T")


def put_effects(connection: sa.Connection, effects: Effects, *, now_ms: int) -> None:
    """Write everything of ``effects`` in the caller's transaction.

    Args:
        connection: Inside a writing transaction.
        effects: In the order in which they came about.
        now_ms: Wall clock, ms UTC: notices are made and due now.
    """
    fresh = list(_fresh(connection, effects.alerts))
    _put_alerts(connection, fresh)
    concerned = {change.alert_id for change in effects.alerts}
    concerned |= {opened.alert.alert_id for opened in effects.incidents}
    concerned |= {notice.alert_id for notice in effects.notices}
    known = _incidents_of(connection, sorted(concerned))
    begun: dict[str, int] = {}
    for opened in effects.incidents:
        alert = opened.alert
        if alert.alert_id not in known:
            known[alert.alert_id] = _open(connection, opened)
            begun[alert.alert_id] = alert.version
    later = [change for change in fresh if change.version > begun.get(change.alert_id, -1)]
    _follow(connection, later, known)
    notices = [_with_incident(notice, known) for notice in effects.notices]
    put_new_notices(connection, notices, at_ms=now_ms)
    put_labels(connection, effects.labels)
    put_demotions(connection, effects.demotions)
    put_changes(connection, effects.health)
    put_channels(connection, effects.channels)


def _fresh(connection: sa.Connection, changes: Sequence[AlertChange]) -> Iterator[AlertChange]:
    """Changes that are newer than what is stored of their alert."""
    stored: dict[str, int] = {}
    for ids in _chunks(sorted({change.alert_id for change in changes})):
        query = sa.select(alerts.c.id, alerts.c.version).where(alerts.c.id.in_(ids))
        stored.update((row.id, row.version) for row in connection.execute(query))
    for change in changes:
        if change.version > stored.get(change.alert_id, -1):
            yield change


def _put_alerts(connection: sa.Connection, changes: Sequence[AlertChange]) -> None:
    if not changes:
        return
    insert = insert_of(connection, alerts)
    kept = {"id", "raised_ms", "onset_ms"}
    replaced = {column.name: insert.excluded[column.name] for column in alerts.c}
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["id"],
            set_={name: value for name, value in replaced.items() if name not in kept},
            where=alerts.c.version < insert.excluded.version,
        ),
        [_alert_row(change) for change in changes],
    )
    connection.execute(
        insert_of(connection, alert_log).on_conflict_do_nothing(),
        [
            {
                "alert_id": change.alert_id,
                "version": change.version,
                "what": change.what,
                "level": int(change.level),
                "at_ms": change.caused_recv_ms,
                "t_ms": change.caused_t_ms,
                "moved_m": change.moved_m,
                "by": change.by,
            }
            for change in changes
        ],
    )


def _alert_row(change: AlertChange) -> dict[str, object]:
    return {
        "id": change.alert_id,
        "vehicle_id": change.vehicle_id,
        "device_id": change.device_id,
        "kind": change.kind,
        "level": int(change.level),
        "state": change.state,
        "onset_ms": change.onset_ms,
        "raised_ms": change.caused_recv_ms,
        "updated_ms": change.caused_recv_ms,
        "lat_deg": change.lat_deg,
        "lon_deg": change.lon_deg,
        "acc_m": change.acc_m,
        "moved_m": change.moved_m,
        "late_s": change.late_s,
        "grid": change.grid,
        "area": change.area,
        "reasons": _reasons(change),
        "version": change.version,
    }


def _incidents_of(connection: sa.Connection, alert_ids: Sequence[str]) -> dict[str, str]:
    """Incident of each alert that has one of its own or has joined one."""
    found: dict[str, str] = {}
    for ids in _chunks(alert_ids):
        own = sa.select(incidents.c.alert_id, incidents.c.id).where(incidents.c.alert_id.in_(ids))
        found.update((row.alert_id, row.id) for row in connection.execute(own))
        missing = {_joining(alert_id): alert_id for alert_id in ids if alert_id not in found}
        vehicles = sa.select(alerts.c.vehicle_id).where(alerts.c.id.in_(missing.values()))
        joined = (
            sa.select(incident_log.c.reason, incident_log.c.incident_id)
            .join(incidents, incidents.c.id == incident_log.c.incident_id)
            .where(incidents.c.vehicle_id.in_(vehicles), incident_log.c.reason.in_(missing))
        )
        found.update((missing[row.reason], row.incident_id) for row in connection.execute(joined))
    return found


def _follow(
    connection: sa.Connection, changes: Sequence[AlertChange], known: Mapping[str, str]
) -> None:
    """Let open incidents follow their alerts: the level never falls, a place is never forgotten.

    The version rises with the level alone: an officer who acts while the vehicle moves on is not
    told that he looked at an old state.
    """
    followed: dict[str, list[AlertChange]] = {}
    for change in changes:
        if change.alert_id in known:
            followed.setdefault(known[change.alert_id], []).append(change)
    for incident_id, its_changes in followed.items():
        change, level = its_changes[-1], int(max(c.level for c in its_changes))
        rises = incidents.c.level < level
        values: dict[str, object] = {
            "level": sa.case((rises, level), else_=incidents.c.level),
            "version": incidents.c.version + sa.case((rises, 1), else_=0),
            "reasons": _reasons(change),
            "updated_ms": change.caused_recv_ms,
        }
        if change.lat_deg is not None:
            values |= {
                "lat_deg": change.lat_deg,
                "lon_deg": change.lon_deg,
                "acc_m": change.acc_m,
                "grid": change.grid,
                "area": change.area,
            }
        connection.execute(
            sa.update(incidents)
            .where(incidents.c.id == incident_id, incidents.c.state != IncidentState.CLOSED)
            .values(values)
        )


def _open(connection: sa.Connection, opened: IncidentOpened) -> str:
    """Open an incident, or join the one that is open on the vehicle; gives its id."""
    alert = opened.alert
    other = connection.execute(
        sa.select(incidents.c.id, incidents.c.state)
        .where(
            incidents.c.vehicle_id == alert.vehicle_id,
            incidents.c.kind == alert.kind,
            incidents.c.state != IncidentState.CLOSED,
        )
        .with_for_update()  # somebody may be closing it (PostgreSQL)
    ).first()
    if other is not None:
        state, reason = other.state, _joining(alert.alert_id)
        _log(connection, other.id, opened, before=state, after=state, reason=reason)
        _follow(connection, [alert], {alert.alert_id: other.id})
        return str(other.id)
    connection.execute(
        sa.insert(incidents).values(
            id=opened.incident_id,
            alert_id=alert.alert_id,
            vehicle_id=alert.vehicle_id,
            device_id=alert.device_id,
            kind=alert.kind,
            level=int(alert.level),
            state=IncidentState.OPEN,
            grid=alert.grid,
            area=alert.area,
            onset_ms=alert.onset_ms,
            opened_ms=opened.opened_ms,
            updated_ms=alert.caused_recv_ms,
            lat_deg=alert.lat_deg,
            lon_deg=alert.lon_deg,
            acc_m=alert.acc_m,
            reasons=_reasons(alert),
            version=1,
        )
    )
    _log(
        connection,
        opened.incident_id,
        opened,
        before="-",
        after=IncidentState.OPEN,
        reason=f"alert {alert.alert_id}",
    )
    return opened.incident_id


def _joining(alert_id: str) -> str:
    """The log's words by which an alert that joined is found again; never change them."""
    return f"alert {alert_id} joined"


def _log(
    connection: sa.Connection,
    incident_id: str,
    opened: IncidentOpened,
    *,
    before: str,
    after: str,
    reason: str,
) -> None:
    connection.execute(
        sa.insert(incident_log).values(
            incident_id=incident_id,
            at_ms=opened.opened_ms,
            by=opened.alert.by,
            from_state=before,
            to_state=after,
            reason=reason,
        )
    )


def _with_incident(notice: Notice, known: Mapping[str, str]) -> Notice:
    """The notice with the incident which exists, also when its alert joined another's."""
    named = notice.incident_id
    if named is None or (exists := known.get(notice.alert_id, named)) == named:
        return notice
    return replace(notice, incident_id=exists, body=notice.body | {"incident_id": exists})


def _reasons(change: AlertChange) -> str:
    return msgspec.json.encode(
        [
            {"code": r.code, "en": r.text_en, "zh": r.text_zh, "nats": r.nats, "group": r.group}
            for r in change.reasons
        ]
    ).decode()


def _chunks(items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    for start in range(0, len(items), _IN_MAX):
        yield items[start : start + _IN_MAX]

"""What of an event a subscriber may see. Pure; whatever is not named here nobody sees."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.model import NoticeKind
from alerts.report import mask_plate
from api.roles import ALERT_ROLES, HEALTH_ROLES, PLATE_ROLES, Permission, Principal, Role
from api.system_rows import FeedRow

OWNER_FIELDS = (
    "alert_id",
    "vehicle",
    "kind",
    "level",
    "state",
    "what",
    "onset_ms",
    "t_ms",
    "lat_deg",
    "lon_deg",
    "acc_m",
    "moved_m",
    "late_s",
    "reasons",
    "version",
)
"""Members of an alert's body that an owner gets: nothing of police work, no staff names."""

OWNER_ACTIONS_HIDDEN = frozenset({"undelivered"})
"""Actions on alerts that are between the machine and the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks at the feed.

    Attributes:
        vehicles: For an owner: the own vehicles' ids, else empty.
    """

    principal: Principal
    vehicles: frozenset[str] = frozenset()


def body_for(viewer: Viewer, row: FeedRow) -> Mapping[str, object] | None:
    """Give an event's body as this viewer may see it; None = not at all."""
    if row.kind == NoticeKind.INCIDENT:
        return _incident_body(viewer.principal, row)
    if row.kind == NoticeKind.ALERT:
        return _alert_body(viewer, row)
    if row.kind == NoticeKind.HEALTH_NOTICE:
        return _health_body(viewer.principal, row)
    return None


def _incident_body(principal: Principal, row: FeedRow) -> Mapping[str, object] | None:
    if not principal.may(Permission.INCIDENTS_READ) or not principal.scope.covers(row.area):
        return None
    if principal.role in PLATE_ROLES or principal.role is Role.OFFICER:
        return row.body
    return dict(row.body) | {"plate": mask_plate(str(row.body.get("plate", "")))}


def _alert_body(viewer: Viewer, row: FeedRow) -> Mapping[str, object] | None:
    principal = viewer.principal
    if principal.role is Role.OWNER:
        own = row.body.get("vehicle") in viewer.vehicles
        if not own or row.action in OWNER_ACTIONS_HIDDEN:
            return None
        return {name: row.body[name] for name in OWNER_FIELDS if name in row.body}
    inside = principal.role in ALERT_ROLES and principal.scope.covers(row.area)
    return row.body if inside else None


def _health_body(principal: Principal, row: FeedRow) -> Mapping[str, object] | None:
    staff = principal.role in HEALTH_ROLES and principal.scope.covers(row.area)
    return row.body if staff else None


def data_of(row: FeedRow, body: Mapping[str, object]) -> dict[str, object]:
    """Build the data of a numbered event."""
    return {
        "id": row.id,
        "kind": row.kind,
        "action": row.action,
        "at_ms": row.at_ms,
        "caused_recv_ms": row.caused_recv_ms,
        "body": body,
    }

"""One step of people's work on an incident, decided. Pure: row in, change or problem out."""

from dataclasses import dataclass

from alerts.fire_words import FIRE
from alerts.lifecycle import IncidentState, Outcome, move
from alerts.model import AlertKind, Channel, Notice, NoticeKind
from api.believed import Believed
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Principal, Role
from api.rows import AuditEntry, IncidentRow
from devices.control import IncidentMoved
from devices.model import Vehicle

UNTAKEN = frozenset({IncidentState.OPEN, IncidentState.ASSIGNED})
"""States in which nobody has it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a person wants.

    Attributes:
        version: The version they saw; None = whatever it is now.
        at_ms: Wall clock, ms UTC.
    """

    state: IncidentState
    principal: Principal
    at_ms: int
    reason: str = ""
    outcome: Outcome | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What it writes, all in one transaction (``api.rows.IncidentChange``)."""

    moved: IncidentMoved
    assignee: str | None
    reason: str
    notices: tuple[Notice, ...]
    audit: AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is known of the vehicle besides the incident's row.

    Attributes:
        moved_m: Distance from where it was parked, metres, by the alert.
        webhooks: Receivers that were told of the incident: they hear what becomes of it.
    """

    vehicle: Vehicle | None
    moved_m: float | None
    believed: Believed
    webhooks: tuple[str, ...] = ("police",)


def decide(row: IncidentRow, step: Step, place: Place) -> Change | None:
    """Decide one step.

    The same step again by who has it changes nothing (a phone sends queued taps once more).

    Args:
        row: The incident as it is now.
        step: What is wanted.
        place: For the notices.

    Raises:
        Problem: Somebody else has it, or it has changed since they looked.
        IllegalTransition: The table does not allow it.
        OutcomeRequired: Closing without an outcome.
    """
    old, who = IncidentState(row.state), step.principal
    mine = row.assignee == who.name
    if old is step.state and mine and row.outcome == step.outcome:
        return None
    taken = old not in UNTAKEN and row.assignee is not None and not mine
    if taken and (who.role is Role.OFFICER or step.state is IncidentState.ACKNOWLEDGED):
        raise Problem(
            ProblemCode.INCIDENT_TAKEN,
            f"{row.assignee} has it",
            assignee=row.assignee,
            state=old,
            version=row.version,
        )
    if step.version is not None and step.version != row.version:
        raise Problem(ProblemCode.STALE_VERSION, "look again", state=old, version=row.version)
    new = move(old, step.state, outcome=step.outcome)
    moved = IncidentMoved(
        at_ms=step.at_ms,
        by=who.name,
        incident_id=row.id,
        alert_id=row.alert_id,
        state=new,
        outcome=step.outcome,
    )
    assignee = who.name if old in UNTAKEN else row.assignee
    return Change(
        moved=moved,
        assignee=assignee,
        reason=step.reason,
        notices=_notices(row, moved, assignee, place),
        audit=audit_of(
            who,
            f"incident_{new}"[:32],
            f"incident:{row.id}",
            at_ms=step.at_ms,
            purpose=step.outcome or "",
        ),
    )


def _notices(
    row: IncidentRow, moved: IncidentMoved, assignee: str | None, place: Place
) -> tuple[Notice, ...]:
    """Tell the officers' feed, the grid's MQTT topic, and the systems that have the case."""
    body = _body(row, moved, place) | {"assignee": assignee}
    burns = row.kind == AlertKind.FIRE
    several = len(place.webhooks) > 1
    return tuple(
        Notice(
            key=f"incident:{row.id}:{row.version + 1}:{channel}"
            + (f":{receiver}" if several and channel is Channel.WEBHOOK else ""),
            kind=NoticeKind.INCIDENT,
            action=moved.state,
            channel=channel,
            receiver=receiver,
            audience=FIRE if burns else audience,
            area=row.area,
            alert_id=row.alert_id,
            incident_id=row.id,
            body=body,
            caused_recv_ms=moved.at_ms,
        )
        for channel, receiver, audience in (
            (Channel.FEED, "feed", "officer"),
            *((Channel.WEBHOOK, name, "police") for name in place.webhooks),
            (Channel.MQTT, row.grid, "police"),
        )
    )


def _body(row: IncidentRow, moved: IncidentMoved, place: Place) -> dict[str, object]:
    """Build the incident's body (docs/api.md); the place is the newest that is known."""
    vehicle, now = place.vehicle, place.believed
    fresh = now.t_ms is not None
    return {
        "incident_id": row.id,
        "alert_id": row.alert_id,
        "vehicle": row.vehicle_id,
        "device": row.device_id,
        "label": vehicle.label if vehicle else "",
        "plate": vehicle.plate if vehicle else "",
        "kind": row.kind,
        "level": row.level,
        "state": moved.state,
        "action": moved.state,
        "outcome": moved.outcome,
        "grid": row.grid,
        "area": row.area,
        "onset_ms": row.onset_ms,
        "opened_ms": row.opened_ms,
        "t_ms": now.t_ms,
        "lat_deg": now.lat_deg if fresh else row.lat_deg,
        "lon_deg": now.lon_deg if fresh else row.lon_deg,
        "acc_m": now.acc_m if fresh else row.acc_m,
        "speed_mps": now.speed_mps,
        "course_deg": now.course_deg,
        "source": now.source,
        "moved_m": place.moved_m,
        "reasons": list(row.reasons),
        "case_number": row.case_number,
        "version": row.version + 1,
        "by": moved.by,
    }

"""One step of people's work on an incident, decided. Pure: row in, change or problem out."""

from dataclasses import dataclass

from alerts.fire_words import FIRE
from alerts.lifecycle import IncidentState, Outcome, move
from alerts.model import AlertKind, Channel, Level, Notice, NoticeKind
from api.believed import Believed
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Principal, Role
from api.rows import AuditEntry, IncidentRow
from devices.control import IncidentMoved
from devices.model import Vehicle

UNTAKEN = frozenset({IncidentState.OPEN, IncidentState.ASSIGNED})
"""States in which nobody has it yet."""

HELP = "help"
"""What the log and the notices call it when somebody on the case needs help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a person wants.

    Attributes:
        version: The version they saw; None = whatever it is now.
        at_ms: Wall clock, ms UTC.
        tapped_ms: When it was done on a phone that was offline, by its clock, ms UTC.
    """

    state: IncidentState
    principal: Principal
    at_ms: int
    tapped_ms: int | None = None
    reason: str = ""
    outcome: Outcome | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What it writes, all in one transaction (``api.rows.IncidentChange``)."""

    moved: IncidentMoved
    assignee: str | None
    reason: str
    logged: str
    tapped_ms: int | None
    level: int
    posts: bool = True
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
        logged=new,
        tapped_ms=late_tap(row, step),
        level=row.level,
        notices=_notices(row, moved, _body(row, moved, place) | {"assignee": assignee}, place),
        audit=audit_of(
            who,
            f"incident_{new}"[:32],
            f"incident:{row.id}",
            at_ms=step.at_ms,
            purpose=step.outcome or "",
        ),
    )


def decide_help(row: IncidentRow, step: Step, place: Place) -> Change:
    """Somebody on the case is in danger: level 4, told to all who are told of its steps.

    Never refused, whoever has it and whatever its state, closed too. The state stays, so the
    processor, which goes by states, is not told. ``step.state`` says nothing here.
    """
    who = step.principal
    moved = IncidentMoved(
        at_ms=step.at_ms,
        by=who.name,
        incident_id=row.id,
        alert_id=row.alert_id,
        state=row.state,
        outcome=row.outcome,
    )
    level = max(row.level, Level.DANGER)
    told = {"assignee": row.assignee, "action": HELP, "level": int(level), "reason": step.reason}
    return Change(
        moved=moved,
        assignee=row.assignee,
        reason=step.reason,
        logged=HELP,
        tapped_ms=late_tap(row, step),
        level=int(level),
        posts=False,
        notices=_notices(row, moved, _body(row, moved, place) | told, place),
        audit=audit_of(who, f"incident_{HELP}", f"incident:{row.id}", at_ms=step.at_ms),
    )


def late_tap(row: IncidentRow, step: Step) -> int | None:
    """Give when it was tapped, if that was earlier than it came.

    A time before the incident was opened, or later than now, is of a phone whose clock is wrong.
    """
    tapped_ms = step.tapped_ms
    known = tapped_ms is not None and row.opened_ms <= tapped_ms < step.at_ms
    return tapped_ms if known else None


def _notices(
    row: IncidentRow, moved: IncidentMoved, body: dict[str, object], place: Place
) -> tuple[Notice, ...]:
    """Tell the officers' feed, the grid's MQTT topic, and the systems that have the case."""
    burns = row.kind == AlertKind.FIRE
    several = len(place.webhooks) > 1
    return tuple(
        Notice(
            key=f"incident:{row.id}:{row.version + 1}:{channel}"
            + (f":{receiver}" if several and channel is Channel.WEBHOOK else ""),
            kind=NoticeKind.INCIDENT,
            action=str(body["action"]),
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

"""People's words as labels: which alert was a theft, which was not, and what raised it.

Pure. The alert may have ended before its incident is closed; an alert is labelled once.
"""

from alerts.casebook import Casebook
from alerts.model import Effects, Labelled
from alerts.open_alert import OpenAlert
from alerts.outcomes import Dismissal
from devices.control import AnyControl, DeskVerdict, IncidentMoved, LiftDemotion, OwnerAnswer
from devices.entry import Entry
from devices.model import SYNTHETIC_ID


def take(control: AnyControl, entry: Entry, cases: Casebook, effects: Effects) -> None:
    """Note the outcome that a control gives its alert; take it before the control ends the alert.

    What it brings about (somebody is demoted, or no longer) is told by ``effects``.
    """
    if isinstance(control, LiftDemotion):
        effects.demotions += cases.demotions.lift(
            control.subject, by=control.by, elapsed_ms=entry.elapsed_ms, wall_ms=entry.recv_ms
        )
        return
    outcome = outcome_of(control)
    if outcome is None or not isinstance(control, OwnerAnswer | DeskVerdict | IncidentMoved):
        return
    alert = cases.by_id(control.alert_id)
    if isinstance(control, IncidentMoved):
        ended = cases.unclosed.pop(control.alert_id, None)
        alert = alert or ended
    elif alert is not None and alert.incident is not None:
        return  # people are at work: their closing is the word that counts
    if alert is None or alert.vehicle.id == SYNTHETIC_ID:
        return
    label = _label(alert, outcome, entry, by=control.by)
    effects.labels.append(label)
    effects.demotions += cases.demotions.take(label, entry.elapsed_ms)


def outcome_of(control: AnyControl) -> str | None:
    """The outcome that a control gives its alert, if any."""
    match control:
        case OwnerAnswer(answer="me"):
            return Dismissal.OWNER_ME
        case DeskVerdict(verdict="dismiss"):
            return control.outcome or Dismissal.DESK_DISMISSED
        case IncidentMoved(state="closed"):
            return control.outcome
        case _:
            return None


def _label(alert: OpenAlert, outcome: str, entry: Entry, *, by: str) -> Labelled:
    return Labelled(
        alert_id=alert.alert_id,
        vehicle_id=alert.vehicle.id,
        device_id=alert.device.id,
        kind=alert.kind,
        rule=alert.rule,
        level=alert.level,
        model=alert.device.model,
        site=alert.site,
        area=alert.cause.grid or alert.vehicle.area,
        raised_ms=alert.raised_ms,
        labelled_ms=entry.recv_ms,
        outcome=outcome,
        by=by,
    )

"""A late upload that is over: judged, and told to the owner at most (reliability.md P18).

Level 1 at most, once per vehicle and episode, with its age; nothing that is late opens an incident
without a human. The live anchor, position and evidence stay as they are; only a late word of
the key is followed, because the live lane missed it: an alert since then stands down, and the
vehicle settles where it comes to rest.
"""

from typing import NamedTuple

from alerts import people, report
from alerts.detection.anchor import ARMED
from alerts.detection.evidence import SIGN_OF, reason_of
from alerts.late import Upload, fixes_of, last_place
from alerts.late_judge import Case, Finding, Judge
from alerts.model import AlertKind, Effects, Level, Reason
from alerts.open_alert import Cause
from alerts.past import Spot
from alerts.scope import Scope
from devices.entry import Entry
from devices.model import Device, Vehicle

EPISODE_MS = 1_800_000
"""Late alarms closer together than this in fix time are one episode: as long as an unanswered alert
stays open (``policy.expire_s``)."""


class Saying(NamedTuple):
    """What is to be told of one upload."""

    kind: AlertKind
    onset_ms: int
    cause: Cause
    reasons: list[Reason]
    contradicted: bool = False


def settle(
    upload: Upload, *, tick: Entry, told: dict[str, int], scope: Scope, effects: Effects
) -> None:
    """Judge one upload and say what is to be said.

    ``told`` is when the last episode of each vehicle ended, by fix time; changed here.
    """
    slot = upload.slot
    vehicle = scope.registry.vehicles.get(upload.vehicle_id)
    device = scope.registry.devices.get(upload.device_id)
    if vehicle is None or device is None or not scope.watch.is_on(slot, vehicle.id):
        return
    case = _case(vehicle, upload, scope)
    times = [t_ms for t_ms, _ in case.events] + [fix.t_ms for fix in case.fixes]
    if not times or (upload.requeued and not case.heard):
        return  # out of quarantine, of a device that was nobody's then
    judge = Judge(case, scope.policy)
    cause = _cause(upload, tick, max(times), scope)
    anchors = scope.watch.anchors
    if anchors.mode[slot] == ARMED and judge.keyed_ms > anchors.armed_t[slot]:
        alert = scope.cases.open.get(vehicle.id)
        if alert is not None and alert.cause.t_ms > judge.keyed_ms:
            people.stand_down(alert, cause._replace(by=device.id), scope, effects)
        scope.watch.let_ride(slot, judge.keyed_ms)
    if judge.sos_ms and vehicle.id not in scope.cases.open:
        sos = Saying(
            kind=AlertKind.SOS,
            onset_ms=judge.sos_ms,
            cause=cause._replace(t_ms=judge.sos_ms),
            reasons=[report.human_reason("sos")],
        )
        _tell(vehicle, device, saying=sos, scope=scope, effects=effects)
    finding = judge.finding
    if finding is None:
        return
    ended_ms = told.get(vehicle.id, -EPISODE_MS)
    known = vehicle.id in scope.cases.open or finding.alarm_ms < ended_ms + EPISODE_MS
    if not finding.contradicted:
        told[vehicle.id] = max(ended_ms, *times)
    if not known:
        found = Saying(
            kind=AlertKind.MOVEMENT if finding.displaced else AlertKind.TAMPER,
            onset_ms=finding.onset_ms,
            cause=cause._replace(t_ms=finding.alarm_ms, moved_m=finding.moved_m),
            reasons=_reasons(finding, case.sigma_m),
            contradicted=finding.contradicted,
        )
        _tell(vehicle, device, saying=found, scope=scope, effects=effects)


def _case(vehicle: Vehicle, upload: Upload, scope: Scope) -> Case:
    """What is known around the upload; what is older than the tracker's binding is another's."""
    watch, anchors, slot = scope.watch, scope.watch.anchors, upload.slot
    bound_ms = watch.bound_ms(slot)
    fixes = [fix for fix in fixes_of(upload, anchors) if fix.t_ms >= bound_ms]
    events = [(t_ms, event) for t_ms, event in upload.events if t_ms >= bound_ms]
    times = [fix.t_ms for fix in fixes] + [t_ms for t_ms, _ in events]
    first_ms = min(times, default=0)
    newest_ms = fixes[-1].t_ms if fixes else first_ms
    now = Spot(float(anchors.last_x[slot]), float(anchors.last_y[slot]))
    return Case(
        fixes=fixes,
        events=events,
        words=watch.said_since(slot, first_ms),
        mode=watch.stood(slot, first_ms),
        anchor=watch.anchor(slot),
        armed_t=int(anchors.armed_t[slot]),
        sigma_m=watch.sigma_m(slot, scope.policy),
        by_rule=vehicle.auto_arm,
        heard=bool(anchors.last_t[slot]),
        now=now if anchors.last_t[slot] > newest_ms else None,
        home=_home(vehicle, upload, scope),
    )


def _home(vehicle: Vehicle, upload: Upload, scope: Scope) -> bool:
    """Whether the newest late fix lies inside a fence of its own, or one it is kept in."""
    place = last_place(upload)
    if place is None:
        return False
    _, lat_deg, lon_deg, acc_m = place
    return scope.fences.is_home(vehicle.id, lat_deg, lon_deg, acc_m)


def _cause(upload: Upload, tick: Entry, end_ms: int, scope: Scope) -> Cause:
    """The end of the upload as a cause, at its newest place or the live one if that is newer."""
    recv_ms = tick.recv_ms if upload.requeued else upload.recv_ms
    cause = Cause(t_ms=end_ms, recv_ms=recv_ms, elapsed_ms=tick.elapsed_ms)
    place = last_place(upload)
    if place is None or scope.watch.anchors.last_t[upload.slot] > place[0]:
        cause = scope.watch.place(upload.slot, cause)
    else:
        _, lat_deg, lon_deg, acc_m = place
        cause = cause._replace(lat_deg=lat_deg, lon_deg=lon_deg, acc_m=acc_m)
    return scope.placed(cause)


def _reasons(finding: Finding, sigma_m: float) -> list[Reason]:
    """What late data witness: words and places, but no weight for what happens now."""
    reasons: list[Reason] = []
    if finding.displaced:
        moved_m = finding.moved_m
        reasons.append(report.movement_reason(score=0.0, moved_m=moved_m, sigma_m=sigma_m))
    if finding.event is not None:
        reasons.append(report.weightless(reason_of(SIGN_OF[finding.event])))
    if finding.contradicted:
        reasons.append(report.human_reason("late_contradicted"))
    return reasons


def _tell(
    vehicle: Vehicle, device: Device, *, saying: Saying, scope: Scope, effects: Effects
) -> None:
    """Level 1, or level 0 when it is contradicted or too long ago."""
    cause = saying.cause
    age_s = (cause.recv_ms - cause.t_ms) / 1000
    too_old = age_s > scope.policy.late_max_s
    reasons = [*saying.reasons, report.late_reason(age_s)]
    if too_old:
        reasons.append(report.human_reason("late_too_old"))
    if too_old or saying.contradicted:
        scope.cases.note(
            vehicle,
            device,
            kind=saying.kind,
            onset_ms=saying.onset_ms,
            reasons=reasons,
            cause=cause,
            effects=effects,
        )
        return
    scope.cases.signal(
        vehicle,
        device,
        kind=saying.kind,
        level=Level.SUSPECTED,
        onset_ms=saying.onset_ms,
        reasons=reasons,
        cause=cause,
        what="level",
        effects=effects,
    )

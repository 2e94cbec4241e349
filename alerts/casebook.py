"""The open alerts and what becomes of them: raised, strengthened, answered, ended.

Pure: every method takes its cause (times, place, who) and appends what is to be committed to
``Effects``. An incident opens here and nowhere else (decisions.md, Levels).
"""

from collections.abc import Callable

from alerts import report, telling
from alerts.demotion import Demotions
from alerts.model import (
    AlertChange,
    AlertKind,
    AlertState,
    Effects,
    Group,
    IncidentOpened,
    Level,
    Reason,
)
from alerts.open_alert import Cause, OpenAlert, alert_id_of
from alerts.outcomes import rule_of
from alerts.policy import DispatchPolicy
from devices.model import Device, SiteClass, Vehicle

CLOSING_MS = 90 * 86_400_000
"""An incident open for longer labels nothing. Our choice: a quarter, as precision counts."""
GROWN_M = 50.0
"""A vehicle displaced by less since is at rest: parked receivers leave 50 m 8 times a day at most
(detection.md, measured)."""


GROUPS_MIN = 2
"""Independent groups of witnesses that make level 2 (decisions.md, Levels)."""


class Casebook:
    """Open alerts, at most one per vehicle; signals append to it.

    Attributes:
        class_of: The class of the site where a slot is anchored; None = the vehicle's own counts.
        site_of: The site where a tracker is anchored; None = the one it is registered at.
    """

    def __init__(self, policy: DispatchPolicy) -> None:
        """Start without open alerts."""
        self._policy = policy
        self.open: dict[str, OpenAlert] = {}
        self.noticed_ms: dict[str, int] = {}
        self.class_of: Callable[[int], SiteClass] | None = None
        self.site_of: Callable[[Device], str] | None = None
        self.demotions = Demotions(policy)
        self.unclosed: dict[str, OpenAlert] = {}

    def by_id(self, alert_id: str) -> OpenAlert | None:
        """The open alert of that id."""
        return next((a for a in self.open.values() if a.alert_id == alert_id), None)

    def signal(
        self,
        vehicle: Vehicle,
        device: Device,
        *,
        kind: AlertKind,
        level: Level,
        onset_ms: int,
        reasons: list[Reason],
        cause: Cause,
        what: str,
        effects: Effects,
    ) -> OpenAlert:
        """Raise an alert or strengthen the vehicle's open one; a level never falls.

        What a demoted tracker or rule says stays with the owner (``alerts.demotion``).
        """
        alert = self.open.get(vehicle.id)
        rule = rule_of(kind, reasons) if alert is None else alert.rule
        site = self._site(device, cause) if alert is None else alert.site
        demoted = self.demotions.of(device.id, rule, site, cause.elapsed_ms)
        if demoted is not None and level <= Level.PROBABLE:
            told = report.demoted_reason(
                number=demoted.false_alarms,
                window_days=demoted.window_days,
                is_device=demoted.is_device,
            )
            reasons = [*reasons, told]
            if level is Level.PROBABLE:
                level, what = Level.SUSPECTED, "level"
        if alert is None:
            alert = _new(
                vehicle,
                device,
                kind=kind,
                level=level,
                onset_ms=onset_ms,
                reasons=reasons,
                cause=cause,
            )
            alert.rule, alert.site = rule, site
            self.open[vehicle.id] = alert
            self._change(alert, "raised", effects)
            if level >= Level.PROBABLE:
                self._change(alert, what, effects)
            alert.ready = level is Level.PROBABLE
            alert.ready_ms = cause.elapsed_ms if alert.ready else -1
            if self._may_ask(alert, cause.elapsed_ms):
                self._ask_owner(alert, effects.alerts[-1], cause.elapsed_ms, effects)
        else:
            self._strengthen(alert, level, reasons, cause, what=what, effects=effects)
        if alert.level >= Level.CONFIRMED and alert.incident is None:
            self._open_incident(alert, effects)
        return alert

    def note(
        self,
        vehicle: Vehicle,
        device: Device,
        *,
        kind: AlertKind,
        onset_ms: int,
        reasons: list[Reason],
        cause: Cause,
        effects: Effects,
    ) -> None:
        """Keep an alert at level 0 that nobody is told of (the desk's feed shows it); it is over.

        It takes no other alert's place: what happens to the vehicle next is asked about.
        """
        alert = _new(
            vehicle,
            device,
            kind=kind,
            level=Level.NOTED,
            onset_ms=onset_ms,
            reasons=reasons,
            cause=cause,
        )
        alert.state = AlertState.EXPIRED
        self._change(alert, "noted", effects)

    def _strengthen(
        self,
        alert: OpenAlert,
        level: Level,
        reasons: list[Reason],
        cause: Cause,
        *,
        what: str,
        effects: Effects,
    ) -> None:
        """Append signals. Police-ready is noted once, even when a human confirmed before."""
        alert.live = True
        known = {reason.code for reason in alert.reasons}
        newer = {reason.code: reason for reason in reasons}
        fresh = [reason for reason in reasons if reason.code not in known]
        alert.reasons = [newer.get(old.code, old) for old in alert.reasons] + fresh
        alert.cause = cause
        if fresh or level > alert.level or abs(cause.moved_m - alert.grown_m) > GROWN_M:
            alert.grown_ms, alert.grown_m = cause.elapsed_ms, cause.moved_m
        becomes_ready = level is Level.PROBABLE and not alert.ready
        alert.ready = alert.ready or becomes_ready
        if becomes_ready:
            alert.ready_ms = cause.elapsed_ms
        rises = level > alert.level
        if rises or becomes_ready:
            alert.level = max(alert.level, level)
            if alert.level >= Level.CONFIRMED:
                alert.state = AlertState.CONFIRMED
            change = self._change(alert, what, effects)
            if rises and alert.incident is not None:
                self._tell_incident(alert, change, "updated", effects)

    def moved(self, alert: OpenAlert, cause: Cause, effects: Effects) -> None:
        """Keep an open incident's place fresh: once a minute, at once on a new grid."""
        crossed = cause.grid != alert.grid
        alert.cause = cause
        due = cause.elapsed_ms - alert.updated_ms >= self._policy.update_s * 1000
        if alert.incident is not None and (due or crossed):
            change = self._change(alert, "moved", effects)
            self._tell_incident(alert, change, "updated", effects)

    def told(self, alert: OpenAlert, cause: Cause, receiver: str, effects: Effects) -> None:
        """The owner's notice was delivered."""
        if alert.told_ms < 0:
            alert.told_ms = cause.elapsed_ms
            if alert.state is AlertState.RAISED:
                alert.state = AlertState.VERIFYING
            self._change(alert, "owner_told", effects, by=receiver, cause=cause)

    def confirm(self, alert: OpenAlert, code: str, cause: Cause, effects: Effects) -> None:
        """A human confirmed: level 3, an incident opens."""
        if alert.level >= Level.CONFIRMED:
            return
        alert.reasons.append(report.human_reason(code))
        alert.level, alert.state = Level.CONFIRMED, AlertState.CONFIRMED
        change = self._change(alert, code, effects, by=cause.by, cause=cause)
        if alert.incident is None:
            self._open_incident(alert, effects)
        else:
            self._tell_incident(alert, change, "updated", effects)

    def end(
        self,
        alert: OpenAlert,
        *,
        state: AlertState,
        what: str,
        cause: Cause,
        effects: Effects,
    ) -> None:
        """Dismiss or expire; an open incident is told, people close it."""
        alert.state = state
        if what == "owner_me":
            alert.reasons.append(report.human_reason("owner_me"))
        change = self._change(alert, what, effects, by=cause.by, cause=cause)
        if alert.incident is not None and what != "incident_closed":
            self._tell_incident(alert, change, "stand_down", effects)
            self._await_closing(alert, cause.recv_ms)
        del self.open[alert.vehicle.id]

    def _site(self, device: Device, cause: Cause) -> str:
        """Whose rule it is, for precision: the site it is kept at, else the patrol grid."""
        site = (device.site_id or "") if self.site_of is None else self.site_of(device)
        return site or cause.grid

    def _await_closing(self, alert: OpenAlert, recv_ms: int) -> None:
        """Its incident's outcome labels it (``alerts.labelling``); one that never comes is let go.

        An alert that joined another's incident is not closed by its own id.
        """
        kept = {k: one for k, one in self.unclosed.items() if one.opened_ms > recv_ms - CLOSING_MS}
        self.unclosed = kept | {alert.alert_id: alert}

    def tick(self, elapsed_ms: int, recv_ms: int, effects: Effects) -> list[OpenAlert]:
        """Timers: second contact, silent owner, expiry. Gives the alerts that ended."""
        ended = []
        policy = self._policy
        for alert in list(self.open.values()):
            if alert.level >= Level.CONFIRMED:
                continue
            cause = alert.cause._replace(recv_ms=recv_ms, elapsed_ms=elapsed_ms, by="system")
            since_told = (elapsed_ms - alert.told_ms) / 1000 if alert.told_ms >= 0 else -1.0
            if not alert.asked and self._may_ask(alert, elapsed_ms):
                change = self._change(alert, "owner_asked", effects, cause=cause)
                self._ask_owner(alert, change, elapsed_ms, effects)
            if since_told >= policy.second_contact_s and not alert.second_told:
                self._tell_second(alert, cause, effects)
            if self._may_dispatch_unanswered(alert, elapsed_ms):
                alert.reasons.append(report.human_reason("owner_silent"))
                self._change(alert, "owner_silent", effects, cause=cause)
                self._open_incident(alert, effects)
            back = 0 <= alert.back_ms <= elapsed_ms - policy.return_s * 1000
            stale = elapsed_ms - alert.grown_ms > policy.expire_s * 1000
            if (back or stale) and alert.incident is None:
                what = "returned" if back else "expired"
                self.end(alert, state=AlertState.EXPIRED, what=what, cause=cause, effects=effects)
                ended.append(alert)
        return ended

    def _may_dispatch_unanswered(self, alert: OpenAlert, now_ms: int) -> bool:
        """Level 2 and a silent owner, by the city's policy (decisions.md, Levels).

        He is silent since he was told and it was police-ready: who was told of a shake alone left
        no theft unanswered. A witness that was discounted since is none.
        """
        silent_ms = now_ms - max(alert.told_ms, alert.ready_ms)
        site = alert.vehicle.site_class
        if self.class_of is not None:
            site = self.class_of(alert.device.slot)
        return (
            self._policy.dispatch_without_human
            and alert.incident is None
            and alert.level is Level.PROBABLE
            and alert.second_told
            and silent_ms >= self._policy.silent_owner_s * 1000
            and len(alert.groups - {Group.HUMAN}) >= GROUPS_MIN
            and "police_sharing" in alert.vehicle.consent
            and site not in {SiteClass.CANYON, SiteClass.GARAGE}
        )

    def _change(
        self,
        alert: OpenAlert,
        what: str,
        effects: Effects,
        *,
        by: str = "system",
        cause: Cause | None = None,
    ) -> AlertChange:
        """Record one step of the alert and tell the desk's feed."""
        cause = cause or alert.cause
        place = alert.cause
        alert.version += 1
        change = AlertChange(
            alert_id=alert.alert_id,
            vehicle_id=alert.vehicle.id,
            device_id=alert.device.id,
            kind=alert.kind,
            level=alert.level,
            state=alert.state,
            what=what,
            onset_ms=alert.onset_ms,
            caused_t_ms=cause.t_ms,
            caused_recv_ms=cause.recv_ms,
            reasons=tuple(alert.reasons),
            lat_deg=place.lat_deg,
            lon_deg=place.lon_deg,
            acc_m=place.acc_m,
            moved_m=place.moved_m,
            late_s=alert.late_s,
            grid=place.grid,
            area=place.grid or alert.vehicle.area,
            version=alert.version,
            by=by,
        )
        effects.alerts.append(change)
        effects.notices.append(telling.to_desk(change))
        return change

    def _may_ask(self, alert: OpenAlert, now_ms: int) -> bool:
        """Whether the owner may be asked: once in ``renotify_s`` per vehicle below level 3."""
        last_ms = self.noticed_ms.get(alert.vehicle.id)
        too_soon = last_ms is not None and now_ms - last_ms < self._policy.renotify_s * 1000
        return bool(alert.vehicle.contacts) and (not too_soon or alert.level >= Level.CONFIRMED)

    def _ask_owner(
        self, alert: OpenAlert, change: AlertChange, now_ms: int, effects: Effects
    ) -> None:
        """The first contact."""
        alert.asked = True
        bound_ms = now_ms - self._policy.renotify_s * 1000  # older ones forbid nothing any more
        self.noticed_ms = {v: at_ms for v, at_ms in self.noticed_ms.items() if at_ms > bound_ms}
        self.noticed_ms[alert.vehicle.id] = now_ms
        effects.notices.append(telling.to_owner(alert, change, alert.vehicle.contacts[0]))

    def _tell_second(self, alert: OpenAlert, cause: Cause, effects: Effects) -> None:
        """Every further contact, once."""
        alert.second_told = True
        if alert.vehicle.contacts[1:]:
            change = self._change(alert, "second_contact", effects, cause=cause)
            for contact in alert.vehicle.contacts[1:]:
                effects.notices.append(telling.to_owner(alert, change, contact))

    def _open_incident(self, alert: OpenAlert, effects: Effects) -> None:
        """People's work begins; the last change of the alert is its cause."""
        change = effects.alerts[-1]
        alert.incident = f"inc-{alert.alert_id[:20]}"
        alert.opened_ms = change.caused_recv_ms
        effects.incidents.append(
            IncidentOpened(
                incident_id=alert.incident, alert=change, opened_ms=change.caused_recv_ms
            )
        )
        self._tell_incident(alert, change, "opened", effects)

    def _tell_incident(
        self, alert: OpenAlert, change: AlertChange, action: str, effects: Effects
    ) -> None:
        alert.updated_ms, alert.grid = alert.cause.elapsed_ms, change.grid
        effects.notices += telling.to_police(alert, change, action)


def _new(
    vehicle: Vehicle,
    device: Device,
    *,
    kind: AlertKind,
    level: Level,
    onset_ms: int,
    reasons: list[Reason],
    cause: Cause,
) -> OpenAlert:
    """An alert nobody was told of yet."""
    return OpenAlert(
        alert_id=alert_id_of(kind, vehicle.id, device.slot, onset_ms),
        vehicle=vehicle,
        device=device,
        kind=kind,
        level=level,
        state=AlertState.CONFIRMED if level >= Level.CONFIRMED else AlertState.RAISED,
        onset_ms=onset_ms,
        late_s=max(0.0, (cause.recv_ms - cause.t_ms) / 1000.0),
        reasons=reasons,
        cause=cause,
        version=0,
        grown_ms=cause.elapsed_ms,
        grown_m=cause.moved_m,
        raised_ms=cause.recv_ms,
    )

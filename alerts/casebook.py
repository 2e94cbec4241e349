"""The open alerts and what becomes of them: raised, strengthened, answered, ended.

Pure: every method takes its cause (times, place, who) and appends what is to be committed to
``Effects``. An incident opens here and nowhere else (decisions.md, Levels).
"""

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from alerts import report
from alerts.model import (
    AlertChange,
    AlertKind,
    AlertState,
    Channel,
    Effects,
    Group,
    IncidentOpened,
    Level,
    Notice,
    NoticeKind,
    Reason,
)
from alerts.policy import DispatchPolicy
from devices.model import Device, SiteClass, Vehicle


class Cause(NamedTuple):
    """The entry that made something happen, and where the vehicle is by it."""

    t_ms: int
    recv_ms: int
    elapsed_ms: int
    lat_deg: float | None = None
    lon_deg: float | None = None
    acc_m: float | None = None
    moved_m: float = 0.0
    grid: str = ""
    by: str = "system"


class OpenAlert(msgspec.Struct):
    """One alert that has not ended. Times named ``*_ms`` without ``t`` are the steady clock.

    Attributes:
        told_ms: When the owner's notice was delivered, -1 = not yet.
        second_told: A second contact was told.
        ready: The police level was reached (measured apart from ``level``).
        back_ms: Since when the vehicle is back at its anchor, -1 = it is not.
        grown_ms: When level or evidence last grew.
    """

    alert_id: str
    vehicle: Vehicle
    device: Device
    kind: AlertKind
    level: Level
    state: AlertState
    onset_ms: int
    late_s: float
    reasons: list[Reason]
    cause: Cause
    version: int
    grown_ms: int
    told_ms: int = -1
    second_told: bool = False
    ready: bool = False
    back_ms: int = -1
    incident: str | None = None
    opened_ms: int = 0
    updated_ms: int = 0

    @property
    def groups(self) -> set[Group]:
        """Independent witnesses so far; only what speaks for a theft counts."""
        return {r.group for r in self.reasons if r.nats > 0 or r.code == "movement"}


def alert_id_of(kind: AlertKind, vehicle_id: str, slot: int, onset_ms: int) -> str:
    """The same for every replay (decisions.md 5); 32 hex digits."""
    text = f"{kind}|{vehicle_id}|{slot}|{onset_ms}"
    return blake2b(text.encode(), digest_size=16).hexdigest()


class Casebook:
    """Open alerts, at most one per vehicle; signals append to it."""

    def __init__(self, policy: DispatchPolicy) -> None:
        """Start without open alerts."""
        self._policy = policy
        self.open: dict[str, OpenAlert] = {}
        self.noticed_ms: dict[str, int] = {}

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
        """Raise an alert or strengthen the vehicle's open one; a level never falls."""
        alert = self.open.get(vehicle.id)
        if alert is None:
            alert = OpenAlert(
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
            )
            self.open[vehicle.id] = alert
            self._change(alert, "raised", effects)
            if level >= Level.PROBABLE:
                self._change(alert, what, effects)
            alert.ready = level is Level.PROBABLE
            self._tell_owner(alert, effects)
        else:
            self._strengthen(alert, level, reasons, cause, what=what, effects=effects)
        if alert.level >= Level.CONFIRMED and alert.incident is None:
            self._open_incident(alert, effects)
        return alert

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
        known = {reason.code for reason in alert.reasons}
        newer = {reason.code: reason for reason in reasons}
        alert.reasons = [newer.get(old.code, old) for old in alert.reasons]
        alert.reasons += [reason for reason in reasons if reason.code not in known]
        alert.cause, alert.grown_ms = cause, cause.elapsed_ms
        becomes_ready = level is Level.PROBABLE and not alert.ready
        alert.ready = alert.ready or becomes_ready
        if level > alert.level or becomes_ready:
            alert.level = max(alert.level, level)
            if alert.level >= Level.CONFIRMED:
                alert.state = AlertState.CONFIRMED
            self._change(alert, what, effects)

    def moved(self, alert: OpenAlert, cause: Cause, effects: Effects) -> None:
        """Keep an open incident's place fresh: once a minute, at once on a new grid."""
        crossed = cause.grid != alert.cause.grid
        alert.cause = cause
        due = cause.elapsed_ms - alert.updated_ms >= self._policy.update_s * 1000
        if alert.incident is not None and (due or crossed):
            alert.updated_ms = cause.elapsed_ms
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
        self._change(alert, code, effects, by=cause.by, cause=cause)
        if alert.incident is None:
            self._open_incident(alert, effects)

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
        del self.open[alert.vehicle.id]

    def tick(self, elapsed_ms: int, recv_ms: int, effects: Effects) -> list[OpenAlert]:
        """Timers: second contact, silent owner, expiry. Gives the alerts that ended."""
        ended = []
        policy = self._policy
        for alert in list(self.open.values()):
            if alert.level >= Level.CONFIRMED:
                continue
            cause = alert.cause._replace(recv_ms=recv_ms, elapsed_ms=elapsed_ms, by="system")
            since_told = (elapsed_ms - alert.told_ms) / 1000 if alert.told_ms >= 0 else -1.0
            if since_told >= policy.second_contact_s and not alert.second_told:
                self._tell_second(alert, effects)
            if self._may_dispatch_unanswered(alert, since_told):
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

    def _may_dispatch_unanswered(self, alert: OpenAlert, since_told_s: float) -> bool:
        """Level 2 and a silent owner, by the city's policy (decisions.md, Levels)."""
        return (
            self._policy.dispatch_without_human
            and alert.incident is None
            and alert.level is Level.PROBABLE
            and alert.second_told
            and since_told_s >= self._policy.silent_owner_s
            and "police_sharing" in alert.vehicle.consent
            and alert.vehicle.site_class not in {SiteClass.CANYON, SiteClass.GARAGE}
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
        effects.notices.append(
            Notice(
                key=f"{alert.alert_id}:{alert.version}:feed",
                kind=NoticeKind.ALERT,
                action=what,
                channel=Channel.FEED,
                receiver="feed",
                audience="desk",
                area=change.area,
                alert_id=alert.alert_id,
                incident_id=None,
                body=report.alert_body(change),
                caused_recv_ms=cause.recv_ms,
            )
        )
        return change

    def _tell_owner(self, alert: OpenAlert, effects: Effects) -> None:
        """The first contact, at most once in ``renotify_s`` per vehicle below level 3."""
        last = self.noticed_ms.get(alert.vehicle.id)
        now = alert.cause.elapsed_ms
        too_soon = last is not None and now - last < self._policy.renotify_s * 1000
        if not alert.vehicle.contacts or (too_soon and alert.level < Level.CONFIRMED):
            return
        self.noticed_ms[alert.vehicle.id] = now
        self._notice_to(alert, alert.vehicle.contacts[0], effects)

    def _tell_second(self, alert: OpenAlert, effects: Effects) -> None:
        """Every further contact, once."""
        alert.second_told = True
        for contact in alert.vehicle.contacts[1:]:
            self._notice_to(alert, contact, effects)

    def _notice_to(self, alert: OpenAlert, contact: str, effects: Effects) -> None:
        change = effects.alerts[-1] if effects.alerts else None
        if change is None or change.alert_id != alert.alert_id:
            change = self._change(alert, "second_contact", effects)
        effects.notices.append(
            Notice(
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
        )

    def _open_incident(self, alert: OpenAlert, effects: Effects) -> None:
        """People's work begins; the last change of the alert is its cause."""
        change = effects.alerts[-1]
        alert.incident = f"inc-{alert.alert_id[:20]}"
        alert.opened_ms = change.caused_recv_ms
        alert.updated_ms = alert.cause.elapsed_ms
        effects.incidents.append(
            IncidentOpened(
                incident_id=alert.incident, alert=change, opened_ms=change.caused_recv_ms
            )
        )
        self._tell_incident(alert, change, "opened", effects)

    def _tell_incident(
        self, alert: OpenAlert, change: AlertChange, action: str, effects: Effects
    ) -> None:
        """Officers' feed, the police's own system and MQTT, each with its own key."""
        incident_id = alert.incident or ""
        opened = IncidentOpened(incident_id=incident_id, alert=change, opened_ms=alert.opened_ms)
        body = report.incident_body(opened, alert.vehicle, action, change)
        for channel, receiver, audience in (
            (Channel.FEED, "feed", "officer"),
            (Channel.WEBHOOK, "police", "police"),
            (Channel.MQTT, change.grid, "police"),
        ):
            effects.notices.append(
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
            )

"""Fires: a word of ``devices.fire`` opens an incident at once and is told until somebody has it.

Never grouped and never held back: one alert (kind ``fire``, level 4: a person may be in danger) an
episode, its incident in the same step, and one notice per receiver, whatever else goes on there.
Who has not acknowledged after ``escalate_s`` has the next receiver told. Ticks count steady time.
"""

from collections.abc import Callable

import msgspec

from alerts import fire_words, telling
from alerts.fire_words import FIRE
from alerts.model import (
    AlertChange,
    AlertKind,
    AlertState,
    Channel,
    Effects,
    IncidentOpened,
    Level,
    Notice,
    NoticeKind,
    Reason,
    subject_of,
)
from alerts.open_alert import Cause, alert_id_of
from alerts.scope import Scope
from devices.control import AnyControl, DeskVerdict, IncidentMoved
from devices.entry import Entry
from devices.fire import FireKind, FirePolicy, FireWord
from devices.model import Device, DeviceClass
from devices.registry import Registry

Cameras = Callable[[Cause], list[Reason]]
"""Names the nearest working cameras of a place (``Surroundings.cameras``)."""

_UNTAKEN = frozenset({"open", "assigned"})


class OpenFire(msgspec.Struct):
    """One episode that is told of. ``told_ms`` is the steady clock, ``opened_ms`` the wall's.

    Attributes:
        key: Of its episode.
        area: Of the device, else of its site; where it lies in a patrol grid, that one's counts.
        subject: Its vehicle's id, else what stands for it (``model.subject_of``).
        place: Where, by the newest word.
        told_ms: When its newest cause was told.
        escalated: How many of ``FirePolicy.escalate_to`` were told.
        acknowledged: Somebody has it.
    """

    alert_id: str
    key: str
    device: Device
    subject: str
    place: Cause
    onset_ms: int
    opened_ms: int
    told_ms: int
    causes: int
    ports: tuple[int, ...]
    reasons: list[Reason]
    late_s: float
    area: str = ""
    version: int = 0
    escalated: int = 0
    acknowledged: bool = False

    @property
    def incident_id(self) -> str:
        """Its own; ``stores`` names the open one of its subject where there is one."""
        return f"inc-{self.alert_id[:20]}"


class FiresState(msgspec.Struct):
    """For checkpoints: fires by episode, and the alert that opened each subject's incident."""

    open: dict[str, OpenFire] = {}
    cases: dict[str, str] = {}


class Fires:
    """The fires that are told of."""

    def __init__(self, policy: FirePolicy) -> None:
        """None yet."""
        self._policy = policy
        self._state = FiresState()

    @property
    def waits(self) -> bool:
        """Whether ticks have something to decide."""
        return bool(self._state.open)

    def take(self, word: FireWord, scope: Scope, cameras: Cameras, effects: Effects) -> None:
        """Tell one word of an episode, at once."""
        fire = self._state.open.get(word.event.key)
        if word.event.kind == FireKind.FIRE_OVER:
            if fire is not None:
                fire.reasons = [*fire.reasons, fire_words.over_reason()]
                cause = fire.place._replace(t_ms=word.t_ms, recv_ms=word.event.at_ms)
                self._end(
                    fire,
                    AlertState.EXPIRED,
                    what="fire_over",
                    cause=cause,
                    scope=scope,
                    effects=effects,
                )
            return
        place = _place_of(word, scope)
        if fire is None:
            fire = self._begin(word, place, scope.registry)
            what = "raised"
        else:
            what = "level"
            fire.place, fire.device = place, word.device
            fire.causes |= word.event.causes
            fire.ports = tuple(sorted({*fire.ports, *word.ports}))
        fire.reasons = [*fire_words.reasons_of(word), *cameras(place)]
        fire.told_ms, fire.acknowledged, fire.escalated = word.event.elapsed_ms, False, 0
        change = self._change(fire, AlertState.CONFIRMED, what, place, effects)
        if what == "raised":
            self._state.cases.setdefault(fire.subject, fire.alert_id)
            effects.incidents.append(_opened(fire, change))
        action = "opened" if what == "raised" else "updated"
        receivers = self._policy.receivers
        self._tell(fire, change, action, receivers=receivers, scope=scope, effects=effects)

    def _begin(self, word: FireWord, place: Cause, registry: Registry) -> OpenFire:
        """An episode nobody was told of; one that people closed while it stood begins anew."""
        device = word.device
        site = registry.sites.get(device.site_id or "")
        subject = device.vehicle_id or subject_of(device.slot)
        onset_ms = word.onset_ms if word.fresh else word.t_ms
        fire = self._state.open[word.event.key] = OpenFire(
            alert_id=alert_id_of(AlertKind.FIRE, subject, device.slot, onset_ms),
            key=word.event.key,
            device=device,
            subject=subject,
            place=place,
            onset_ms=onset_ms,
            opened_ms=word.event.at_ms,
            told_ms=word.event.elapsed_ms,
            causes=word.event.causes,
            ports=word.ports,
            reasons=[],
            late_s=word.late_s,
            area=device.area or ("" if site is None else site.area),
        )
        return fire

    def control(self, control: AnyControl, entry: Entry, scope: Scope, effects: Effects) -> None:
        """People acknowledged, closed or dismissed it."""
        if isinstance(control, IncidentMoved):
            self._moved(control, entry, scope, effects)
        elif isinstance(control, DeskVerdict):
            for fire in list(self._state.open.values()):
                if fire.alert_id == control.alert_id:
                    fire.acknowledged = True
                    if control.verdict == "dismiss":
                        self._end(
                            fire,
                            AlertState.DISMISSED,
                            what="desk_dismissed",
                            cause=_now(fire, entry, by=control.by),
                            scope=scope,
                            effects=effects,
                        )

    def _moved(self, moved: IncidentMoved, entry: Entry, scope: Scope, effects: Effects) -> None:
        """An incident holds every fire of its subject: later ones joined it."""
        subjects = [s for s, alert_id in self._state.cases.items() if alert_id == moved.alert_id]
        for fire in [one for one in self._state.open.values() if one.subject in subjects]:
            fire.acknowledged |= moved.state not in _UNTAKEN
            if moved.state == "closed":
                self._end(
                    fire,
                    AlertState.CONFIRMED,
                    what="incident_closed",
                    cause=_now(fire, entry, by=moved.by),
                    scope=scope,
                    effects=effects,
                )
        if moved.state == "closed":
            for subject in subjects:
                del self._state.cases[subject]

    def tick(self, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Tell the next receiver of what nobody acknowledged."""
        policy = self._policy
        for fire in self._state.open.values():
            if fire.acknowledged or fire.escalated >= len(policy.escalate_to):
                continue
            wait_ms = round(policy.escalate_s * 1000 * (fire.escalated + 1))
            if entry.elapsed_ms - fire.told_ms >= wait_ms:
                receiver = policy.escalate_to[fire.escalated]
                fire.escalated += 1
                cause = _now(fire, entry)
                change = self._change(fire, AlertState.CONFIRMED, "escalated", cause, effects)
                self._tell(
                    fire, change, "escalated", receivers=(receiver,), scope=scope, effects=effects
                )

    def _end(
        self,
        fire: OpenFire,
        state: AlertState,
        *,
        what: str,
        cause: Cause,
        scope: Scope,
        effects: Effects,
    ) -> None:
        """Everybody who was told hears it, but of a closing: people told of that themselves."""
        del self._state.open[fire.key]
        change = self._change(fire, state, what, cause, effects)
        if what != "incident_closed":
            told = (*self._policy.receivers, *self._policy.escalate_to[: fire.escalated])
            action = "fire_over" if what == "fire_over" else "stand_down"
            self._tell(fire, change, action, receivers=told, scope=scope, effects=effects)

    def _change(
        self, fire: OpenFire, state: AlertState, what: str, cause: Cause, effects: Effects
    ) -> AlertChange:
        place = fire.place
        fire.version += 1
        change = AlertChange(
            alert_id=fire.alert_id,
            vehicle_id=fire.subject,
            device_id=fire.device.id,
            kind=AlertKind.FIRE,
            level=Level.DANGER,
            state=state,
            what=what,
            onset_ms=fire.onset_ms,
            caused_t_ms=cause.t_ms,
            caused_recv_ms=cause.recv_ms,
            reasons=tuple(fire.reasons),
            lat_deg=place.lat_deg,
            lon_deg=place.lon_deg,
            acc_m=place.acc_m,
            moved_m=0.0,
            late_s=fire.late_s,
            grid=place.grid,
            area=place.grid or fire.area,
            version=fire.version,
            by=cause.by,
        )
        effects.alerts.append(change)
        effects.notices.append(telling.to_desk(change))
        return change

    def _tell(
        self,
        fire: OpenFire,
        change: AlertChange,
        action: str,
        *,
        receivers: tuple[str, ...],
        scope: Scope,
        effects: Effects,
    ) -> None:
        """One notice per receiver, none of them for several fires."""
        registry = scope.registry
        body = fire_words.fire_body(
            _opened(fire, change),
            device=fire.device,
            vehicle=registry.vehicles.get(fire.device.vehicle_id or ""),
            site=registry.sites.get(fire.device.site_id or ""),
            causes=fire.causes,
            ports=fire.ports,
            action=action,
        )
        targets = [(Channel.WEBHOOK, receiver) for receiver in receivers]
        for channel, receiver in (*targets, (Channel.FEED, "feed"), (Channel.MQTT, change.grid)):
            effects.notices.append(
                Notice(
                    key=f"{fire.incident_id}:a{change.version}:{channel}:{receiver}",
                    kind=NoticeKind.INCIDENT,
                    action=action,
                    channel=channel,
                    receiver=receiver,
                    audience=FIRE,
                    area=change.area,
                    alert_id=fire.alert_id,
                    incident_id=fire.incident_id,
                    body=body,
                    caused_recv_ms=change.caused_recv_ms,
                )
            )

    def dump(self) -> FiresState:
        """State for a checkpoint."""
        return self._state

    def load(self, state: FiresState) -> None:
        """Take the state of a checkpoint."""
        self._state = state


def _opened(fire: OpenFire, change: AlertChange) -> IncidentOpened:
    return IncidentOpened(incident_id=fire.incident_id, alert=change, opened_ms=fire.opened_ms)


def _now(fire: OpenFire, entry: Entry, by: str = "system") -> Cause:
    return fire.place._replace(t_ms=entry.recv_ms, recv_ms=entry.recv_ms, by=by)


def _place_of(word: FireWord, scope: Scope) -> Cause:
    """Where it was put up, else where its vehicle is, else its site; with the patrol grid."""
    device, event = word.device, word.event
    cause = Cause(t_ms=word.t_ms, recv_ms=event.at_ms, elapsed_ms=event.elapsed_ms)
    site = scope.registry.sites.get(device.site_id or "")
    if device.lat_deg is not None and device.lon_deg is not None:
        cause = cause._replace(lat_deg=device.lat_deg, lon_deg=device.lon_deg)
    elif device.cls is DeviceClass.TRACKER:
        cause = scope.watch.place(device.slot, cause)
    elif site is not None and (site.lat_deg or site.lon_deg):
        cause = cause._replace(lat_deg=site.lat_deg, lon_deg=site.lon_deg)
    return scope.placed(cause)

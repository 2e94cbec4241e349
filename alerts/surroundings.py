"""What is around a vehicle, bundled for the engine: neighbours, phone, tickets, site, schedule.

Each part has its own page; here stands when each is asked. What touches other vehicles is decided
at ticks alone, so that batches change nothing against one by one.
"""

from datetime import UTC, tzinfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts.cameras import SeenCamera, cameras_near
from alerts.charging import Charging, ChargingState
from alerts.detection.signs import SIGN_OF, Sign
from alerts.detection.statistic import Fixes, Moved
from alerts.groups import Groups, GroupsState
from alerts.identity import Identity, IdentityState
from alerts.model import Effects, Reason
from alerts.open_alert import Cause
from alerts.phones import Phone, Phones
from alerts.schedule import Schedule
from alerts.scope import Scope
from alerts.silence import Hearing, Silence, SilenceState
from alerts.sites import Sites
from alerts.tickets import Ticket, Tickets
from alerts.witness_policy import WitnessPolicy
from devices.admitted import Record
from devices.control import AnyControl, CloseTicket, DeskVerdict, OpenTicket, PhoneAt
from devices.entry import Entry
from devices.model import Device, Vehicle
from devices.readings import Event
from devices.registry import Registry

PRUNE_MS = 60_000


class Deaf:
    """Nobody tells whether devices speak: no silence counts, no camera is named."""

    gone: NDArray[np.int64] = np.zeros(0, np.int64)

    def missed(self, slots: list[int], slack_ms: int) -> list[int]:
        """Nothing that we know of."""
        return [min(slack_ms, 0)] * len(slots)

    def state_of(self, slot: int) -> None:
        """Not that we know."""
        del slot


class SurroundingsState(msgspec.Struct):
    """For checkpoints."""

    groups: GroupsState = msgspec.field(default_factory=GroupsState)
    identity: IdentityState = msgspec.field(default_factory=IdentityState)
    silence: SilenceState = msgspec.field(default_factory=SilenceState)
    charging: ChargingState = msgspec.field(default_factory=ChargingState)
    phones: dict[str, Phone] = {}
    tickets: dict[str, dict[str, Ticket]] = {}
    scheduled: dict[str, bool] = {}
    scheduled_minute: int = -1


class Surroundings:
    """The parts of one engine.

    Attributes:
        hearing: Who knows when devices speak.
    """

    def __init__(self, policy: WitnessPolicy, zone: tzinfo = UTC) -> None:
        """Start with nothing known; ``zone`` is the city's."""
        self._policy, self._zone = policy, zone
        self.hearing: Hearing = Deaf()
        self._sites = Sites(policy.site_m)
        self._pruned_ms = 0
        self.load(SurroundingsState())

    @property
    def waits(self) -> bool:
        """Whether ticks have something to decide."""
        return bool(
            self._groups.waits
            or self._identity.waits
            or self._silence.suspects
            or self._charging.waits
            or self._tickets.open
            or self._phones.fresh
        )

    def follow(self, registry: Registry) -> None:
        """Take over a whole registry."""
        self._sites.follow(registry)
        self._schedule.follow(registry)

    def places_changed(self, registry: Registry) -> None:
        """Take over the places of a registry."""
        self._sites.places_changed(registry)

    def site_of(self, device: Device, lat_deg: float, lon_deg: float) -> str:
        """The site of a place (``Sites.site_of``)."""
        return self._sites.site_of(device, lat_deg, lon_deg)

    def devices(self, devices: list[Device]) -> None:
        """Devices were registered."""
        self._sites.bind(devices)

    def vehicles(self, vehicles: list[Vehicle]) -> None:
        """Vehicles were registered."""
        self._schedule.changed(vehicles)

    # -- what happens -----------------------------------------------------------------------

    def event(self, record: Record, event: Event, scope: Scope) -> None:
        """A live event that ``live_events`` took."""
        device, sign = record.device, SIGN_OF.get(event.type)
        if sign is None or not event.on or not scope.is_of_now(device):
            return
        self._silence.witnessed(device.slot, sign, scope)
        self._groups.witnessed(record, sign, scope)
        if sign is Sign.REMOVED:
            self._identity.opened(device.slot, record.entry.elapsed_ms)
        if sign is Sign.POWER_CUT:
            self._charging.power_cut(device.slot, record.entry.elapsed_ms)

    def station(self, record: Record) -> None:
        """A record of a charger."""
        self._charging.station(record, self._groups)

    def fixes(
        self,
        records: list[Record],
        fixes: Fixes,
        moved: Moved,
        *,
        scope: Scope,
        effects: Effects,
    ) -> None:
        """One round of live fixes, before they are judged."""
        self._groups.fixes(records, fixes, moved, scope)
        self._identity.fixes(records, fixes, moved, scope=scope, effects=effects)
        self._phones.fixes(records, fixes, moved, scope=scope, effects=effects)
        if self._sites.has_chargers:
            self._charging.fixes(records)
        if scope.fences.any:
            self._homes(records, fixes, moved, scope)

    def _homes(self, records: list[Record], fixes: Fixes, moved: Moved, scope: Scope) -> None:
        """Still inside a fence that is its home, or a depot: that moves nobody away."""
        away = moved.scored & (moved.moved_m > scope.policy.owner_min_m)
        evidence = scope.watch.evidence
        for k in np.flatnonzero(away).tolist():
            slot, lat_deg, lon_deg = int(fixes.slot[k]), fixes.lat_deg[k], fixes.lon_deg[k]
            vehicle_id = records[k].device.vehicle_id or ""
            acc_m = float(fixes.acc_m[k])
            if scope.fences.is_home(vehicle_id, float(lat_deg), float(lon_deg), acc_m):
                evidence.witness(slot, Sign.HOME, records[k].entry.elapsed_ms)
            else:
                evidence.hold(slot, Sign.HOME, 0)

    def control(self, control: AnyControl, entry: Entry, scope: Scope, effects: Effects) -> None:
        """What people did about phones, tickets and area incidents."""
        match control:
            case PhoneAt():
                self._phones.take(control, entry, scope, effects)
            case OpenTicket():
                self._tickets.begin(control, entry, scope, effects)
            case CloseTicket():
                self._tickets.end(control, entry, scope, effects)
            case DeskVerdict(verdict="dismiss"):
                self._groups.dismiss(control, entry, scope, effects)
            case _:
                pass

    def tick(self, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Judge what concerns several devices, and let what is over end."""
        self._tickets.tick(entry, scope)
        self._phones.tick(entry.elapsed_ms)
        self._schedule.tick(entry, scope)
        self._charging.tick(entry, scope, effects)
        self._silence.tick(self.hearing, entry, scope, effects)
        fresh = self._groups.fresh_moves
        self._groups.tick(entry, scope, effects)
        if fresh or self._identity.waits:
            self._identity.tick(
                fresh, self._groups.moving, entry=entry, scope=scope, effects=effects
            )
        if entry.elapsed_ms - self._pruned_ms > PRUNE_MS:
            self._pruned_ms = entry.elapsed_ms
            self._silence.prune(entry.recv_ms)
            scope.watch.evidence.prune(entry.elapsed_ms)

    # -- what is asked ----------------------------------------------------------------------

    def is_carried(self, vehicle_id: str) -> bool:
        """Whether its alert is part of another vehicle's, which is open."""
        return vehicle_id in self._identity.carried

    def cameras(self, cause: Cause) -> list[Reason]:
        """The nearest cameras, those that work first, as a pointer for people: no weight."""
        if cause.lat_deg is None or cause.lon_deg is None:
            return []
        near = [
            SeenCamera(camera.id, away_m, *state)
            for away_m, camera in self._sites.cameras(
                cause.lat_deg, cause.lon_deg, self._policy.camera_m
            )
            if (state := self.hearing.state_of(camera.slot)) is not None
        ]
        return cameras_near(near, self._policy.cameras)

    # -- checkpoints ------------------------------------------------------------------------

    def dump(self) -> SurroundingsState:
        """State for a checkpoint."""
        return SurroundingsState(
            groups=self._groups.dump(),
            identity=self._identity.dump(),
            silence=self._silence.dump(),
            charging=self._charging.dump(),
            phones=self._phones.fresh,
            tickets=self._tickets.open,
            scheduled=self._schedule.applied,
            scheduled_minute=self._schedule.minute,
        )

    def load(self, state: SurroundingsState) -> None:
        """Take the state of a checkpoint; ``follow`` its registry afterwards."""
        policy = self._policy
        self._groups = Groups(policy, self._sites, state.groups)
        self._identity = Identity(policy, state.identity)
        self._silence = Silence(policy, state.silence)
        self._charging = Charging(policy, self._sites, state.charging)
        self._phones = Phones(policy, state.phones)
        self._tickets = Tickets(policy, state.tickets)
        self._schedule = Schedule(self._zone, state.scheduled, state.scheduled_minute)

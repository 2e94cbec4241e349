"""The charger as a witness: a vehicle unplugged in the middle of a session, a site without mains.

No field of a session names the vehicle. It is the one armed vehicle of the charger's site whose own
tracker says that it charges no more at that moment; when two fit, neither is taken.
"""

import msgspec

from alerts import tampering
from alerts.detection.anchor import ARMED
from alerts.detection.signs import Sign
from alerts.groups import Groups
from alerts.model import Effects
from alerts.open_alert import Cause
from alerts.scope import Scope
from alerts.sites import Sites
from alerts.witness_policy import WitnessPolicy
from devices.admitted import Record
from devices.entry import Entry
from devices.payloads import Port
from devices.readings import ChargerSession, ChargerStatus, Fix, PortState, SessionKind, StopReason
from devices.words import Flag

GRACE_MS = 10_000
"""A port that became free waits so long for the session's own reason to end. Ours: stations send
the two within seconds."""
NO_MAINS_V = 100.0
"""Below this there is no mains. Ours: health.md warns below 198 V."""
OF_BEFORE = int(Flag.LATE | Flag.FUTURE | Flag.RETAINED | Flag.REQUEUED)
"""A station's word with one of these says nothing of now (decisions.md 10 and 12)."""
_FLOWING = {PortState.CHARGING, PortState.FLOAT, PortState.FINISHING}

PortKey = tuple[int, int]
"""Slot of the station, number of the port."""


class Unplugged(msgspec.Struct, frozen=True):
    """A session that ended without its owner; judged from ``from_ms`` on (steady clock)."""

    slot: int
    port: int
    site_id: str
    at_ms: int
    from_ms: int


class ChargingState(msgspec.Struct):
    """For checkpoints."""

    flowing: list[PortKey] = []
    unplugged: list[Unplugged] = []
    charging: list[int] = []
    lost_ms: dict[int, int] = {}


class Charging:
    """Ports in use, and trackers that say that they charge."""

    def __init__(
        self, policy: WitnessPolicy, sites: Sites, state: ChargingState | None = None
    ) -> None:
        """Start with nothing known, or from a checkpoint."""
        state = state or ChargingState()
        self._policy, self._sites = policy, sites
        self._flowing = dict.fromkeys(state.flowing)
        self._unplugged = {(one.slot, one.port): one for one in state.unplugged}
        self._charging = dict.fromkeys(state.charging)
        self._lost_ms = dict(state.lost_ms)

    @property
    def waits(self) -> bool:
        """Whether ticks have something to judge."""
        return bool(self._unplugged)

    # -- stations ---------------------------------------------------------------------------

    def station(self, record: Record, groups: Groups) -> None:
        """One record of a charger that stands at a site."""
        reading, device, now_ms = record.reading, record.device, record.entry.elapsed_ms
        site_id = device.site_id
        if site_id is None or reading.flags & OF_BEFORE:
            return
        if isinstance(reading, ChargerStatus):
            if reading.mains_v is not None and reading.mains_v < NO_MAINS_V:
                groups.site_went_dark(site_id, now_ms)
            for port in reading.ports:
                self._port(device.slot, port, site_id, now_ms)
        elif isinstance(reading, ChargerSession) and reading.kind is SessionKind.STOP:
            if reading.stop is StopReason.MAINS_LOST:
                groups.site_went_dark(site_id, now_ms)
            if reading.port is not None:
                self._stopped(device.slot, reading.port, reading.stop, site_id, now_ms)

    def _port(self, slot: int, port: Port, site_id: str, now_ms: int) -> None:
        key = (slot, port.n)
        if port.state in _FLOWING:
            self._flowing[key] = None
        elif key in self._flowing:
            del self._flowing[key]
            if port.state is PortState.AVAILABLE:
                gone = Unplugged(slot, port.n, site_id, now_ms, now_ms + GRACE_MS)
                self._unplugged.setdefault(key, gone)

    def _stopped(
        self, slot: int, port: int, stop: StopReason | None, site_id: str, now_ms: int
    ) -> None:
        """The station's own word: unplugged, or ended by its owner, by money or by itself."""
        self._flowing.pop((slot, port), None)
        if stop is StopReason.UNPLUGGED:
            self._unplugged[slot, port] = Unplugged(slot, port, site_id, now_ms, now_ms)
        else:
            self._unplugged.pop((slot, port), None)

    # -- vehicles ---------------------------------------------------------------------------

    def fixes(self, records: list[Record]) -> None:
        """Who charges, and who does no more by its own word."""
        for record in records:
            reading, slot = record.reading, record.device.slot
            if isinstance(reading, Fix) and reading.st.charging is not None:
                if reading.st.charging:
                    self._charging[slot] = None
                    self._lost_ms.pop(slot, None)
                elif slot in self._charging:
                    self.power_cut(slot, record.entry.elapsed_ms)

    def power_cut(self, slot: int, now_ms: int) -> None:
        """A charging vehicle lost its supply."""
        if slot in self._charging:
            del self._charging[slot]
            self._lost_ms[slot] = now_ms

    def tick(self, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Tie unplugged ports to vehicles."""
        within_ms, now_ms = round(self._policy.unplug_s * 1000), entry.elapsed_ms
        for key, gone in sorted(self._unplugged.items()):
            if now_ms - gone.at_ms > within_ms:
                del self._unplugged[key]
            elif now_ms >= gone.from_ms:
                tied = [
                    slot
                    for slot, lost_ms in self._lost_ms.items()
                    if abs(lost_ms - gone.at_ms) <= within_ms and self._stands_at(slot, gone, scope)
                ]
                if len(tied) == 1:
                    del self._unplugged[key]
                    del self._lost_ms[tied[0]]
                    scope.watch.evidence.witness(tied[0], Sign.UNPLUGGED, now_ms)
                    cause = Cause(t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=now_ms)
                    tampering.check_slot(tied[0], cause, scope, effects)
        if self._lost_ms:
            self._lost_ms = {k: ms for k, ms in self._lost_ms.items() if now_ms - ms <= within_ms}

    def _stands_at(self, slot: int, gone: Unplugged, scope: Scope) -> bool:
        """Whether it was parked, and armed, at the station's site."""
        anchors = scope.watch.anchors
        if slot >= len(anchors.mode) or anchors.mode[slot] != ARMED:
            return False
        return self._sites.holds(gone.site_id, *scope.watch.home(slot))

    def dump(self) -> ChargingState:
        """State for a checkpoint."""
        return ChargingState(
            flowing=list(self._flowing),
            unplugged=list(self._unplugged.values()),
            charging=list(self._charging),
            lost_ms=self._lost_ms,
        )

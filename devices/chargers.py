"""Charging stations: ports, sessions, energy and money, from their records. Pure.

Counters are read in ``charger_money``, sessions in ``charger_sessions``; here a port's state is
judged, and what is wrong with a station.
"""

import msgspec

from devices.admitted import Record
from devices.causes import Cause
from devices.charger_money import Counters, Money, take_coins, take_status
from devices.charger_sessions import (
    Sessions,
    SessionView,
    forget_silent,
    take_ports,
    take_session,
)
from devices.model import DeviceClass
from devices.payloads import MAX_PARTS
from devices.readings import ChargerSession, ChargerStatus, CoinReport, Port, PortState

PORT_BLOCKED_S = 3_600
"""A port that prepares for this long without current is blocked. Source: our choice (health.md
names none): stations wait 120 s for a plug (reference/domain.md), so an hour is nobody's haste."""
NO_CURRENT_W = 5.0
"""Less is no current. Source: health.md, "a session with < 5 W"."""
MONEY_SUSPECT_MS = 86_400_000
"""A suspect coin is told for a day, or until the box is counted. Source: health.md reconciles by
the day."""
SWEEP_MS = 60_000
"""Slow rules are looked at once a minute."""
CHARGER_CAUSES = int(Cause.PORT_BLOCKED | Cause.MONEY_SUSPECT)
"""The causes judged here."""

_FLOWING = {PortState.CHARGING, PortState.FLOAT, PortState.FINISHING}


class PortView(msgspec.Struct):
    """One port: what the station says of it, and whether we believe that it is used.

    Attributes:
        state: What the station says, a word of wire.md.
        w: Power, watts; None = not told.
        since_ms: Receive time at which ``state`` took its value, wall ms UTC.
        session: Its session's id as the station says; "" = none.
        err: The fault it tells; "" = none.
        wh: Energy of the running session as the station says.
        waits_ms: Steady clock since which it prepares without current; None = it does not.
        blocked: Whether that is too long, and nothing real has changed since (A-31): the cause
            ``port_blocked`` of its station.
        in_use: It prepares or charges, and is not blocked.
    """

    state: PortState
    w: float | None = None
    since_ms: int = 0
    session: str = ""
    err: str = ""
    wh: float | None = None
    waits_ms: int | None = None
    blocked: bool = False
    in_use: bool = False


class StationState(msgspec.Struct):
    """A station as replay's ``state`` shows it. ``energy_wh`` is counted in this run."""

    ports: dict[int, PortView]
    sessions: dict[str, SessionView]
    energy_wh: int
    money: Money


class Station(msgspec.Struct):
    """What is remembered of one station."""

    ports: dict[int, PortView] = {}
    sessions: Sessions = msgspec.field(default_factory=Sessions)
    counters: Counters = msgspec.field(default_factory=Counters)


class ChargersState(msgspec.Struct):
    """For checkpoints."""

    stations: list[tuple[int, Station]]
    swept_ms: int


class Chargers:
    """All charging stations by slot."""

    def __init__(self) -> None:
        """Start with none."""
        self._stations: dict[int, Station] = {}
        self._touched: set[int] = set()
        self._swept_ms = 0

    def records(self, records: list[Record]) -> None:
        """Take records in journal order; those of other devices are passed over."""
        for record in records:
            if record.device.cls is DeviceClass.CHARGER:
                self._take(record)

    def _take(self, record: Record) -> None:
        entry, device, reading = record
        station = self._stations.get(device.slot)
        if station is None:
            station = self._stations[device.slot] = Station()
        profile = device.profile
        if isinstance(reading, ChargerStatus):
            if take_status(station.counters, reading, profile, entry.elapsed_ms):
                for port in reading.ports:
                    if port.n in station.ports or len(station.ports) < MAX_PARTS:
                        _take_port(station, port, entry.recv_ms, entry.elapsed_ms)
                take_ports(
                    station.sessions,
                    reading.ports,
                    t_ms=reading.t_ms,
                    elapsed_ms=entry.elapsed_ms,
                )
        elif isinstance(reading, ChargerSession):
            take_session(
                station.sessions,
                reading,
                elapsed_ms=entry.elapsed_ms,
                wrap_wh=profile.meter_wrap_wh,
            )
        elif isinstance(reading, CoinReport):
            take_coins(station.counters, reading, profile, entry.elapsed_ms)
        else:
            return
        self._touched.add(device.slot)

    def tick(self, elapsed_ms: int) -> None:
        """Let time pass; once a minute what is too old is let go."""
        if elapsed_ms - self._swept_ms < SWEEP_MS:
            return
        self._swept_ms = elapsed_ms
        for slot, station in self._stations.items():
            forget_silent(station.sessions, elapsed_ms)
            suspect_ms = station.counters.suspect_ms
            if suspect_ms is not None and elapsed_ms - suspect_ms >= MONEY_SUSPECT_MS:
                station.counters.suspect_ms = None
                self._touched.add(slot)

    def state(self, slot: int) -> StationState | None:
        """A station now; None when it never spoke. Not to be changed."""
        station = self._stations.get(slot)
        if station is None:
            return None
        counters, sessions = station.counters, station.sessions
        return StationState(
            ports=station.ports,
            sessions=sessions.by_id,
            energy_wh=counters.energy_wh if counters.metered else sessions.energy_wh,
            money=counters.money,
        )

    def causes(self, slot: int) -> int:
        """``Cause`` bits of a station, of those in ``CHARGER_CAUSES``."""
        station = self._stations.get(slot)
        return 0 if station is None else _causes(station)

    def take_causes(self) -> dict[int, int]:
        """``causes`` of the stations where they may have changed since the last call, by slot."""
        causes = {slot: _causes(self._stations[slot]) for slot in sorted(self._touched)}
        self._touched.clear()
        return causes

    def dump(self) -> ChargersState:
        """State for a checkpoint."""
        return ChargersState(stations=list(self._stations.items()), swept_ms=self._swept_ms)

    def load(self, state: ChargersState) -> None:
        """Take the state of a checkpoint."""
        self._stations = dict(state.stations)
        self._touched = set(self._stations)
        self._swept_ms = state.swept_ms


def _causes(station: Station) -> int:
    bits = 0
    if any(port.blocked for port in station.ports.values()):
        bits |= Cause.PORT_BLOCKED
    if station.counters.suspect_ms is not None:
        bits |= Cause.MONEY_SUSPECT
    return int(bits)


def _take_port(station: Station, port: Port, recv_ms: int, elapsed_ms: int) -> None:
    """Judge one port of the newest status; a reboot that says the same changes nothing."""
    before = station.ports.get(port.n)
    w, wh = port.w or 0.0, port.wh or 0.0
    waits_ms = None if before is None else before.waits_ms
    charged = before is not None and before.wh is not None and wh > before.wh
    flows = w > (0.0 if port.state in _FLOWING else NO_CURRENT_W)
    if port.state is PortState.AVAILABLE or flows or charged:
        waits_ms = None
    elif waits_ms is None and port.state is PortState.PREPARING:
        waits_ms = elapsed_ms
    too_long = waits_ms is not None and elapsed_ms - waits_ms >= PORT_BLOCKED_S * 1000
    was_blocked = before is not None and before.blocked
    blocked = waits_ms is not None and (
        was_blocked or (too_long and port.state is PortState.PREPARING)
    )
    same = before is not None and before.state is port.state
    station.ports[port.n] = PortView(
        state=port.state,
        w=port.w,
        since_ms=before.since_ms if before is not None and same else recv_ms,
        session=port.session or "",
        err=port.err or "",
        wh=port.wh,
        waits_ms=waits_ms,
        blocked=blocked,
        in_use=not blocked and port.state in {PortState.PREPARING, *_FLOWING},
    )

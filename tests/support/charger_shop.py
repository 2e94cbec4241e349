"""One charging station, and how it speaks."""

import msgspec

from devices.causes import Cause
from devices.chargers import Chargers, ChargersState, StationState
from devices.model import DeviceClass, Profile
from devices.readings import (
    AnyReading,
    ChargerSession,
    ChargerStatus,
    Port,
    PortState,
    SessionKind,
)
from support.factories import a_device, a_record, at_ms

CHARGER = a_device(2, id="chg-000002", cls=DeviceClass.CHARGER, vehicle_id=None)
START, UPDATE, STOP = SessionKind.START, SessionKind.UPDATE, SessionKind.STOP
BLOCKED, SUSPECT = int(Cause.PORT_BLOCKED), int(Cause.MONEY_SUSPECT)


class Shop:
    """One station, checkpointed and loaded after every record."""

    def __init__(self, **profile: object) -> None:
        own = msgspec.structs.replace(Profile(), **profile)
        self.device = msgspec.structs.replace(CHARGER, profile=own)
        self.chargers = Chargers()
        self.causes: list[int] = []

    def hear(self, *readings: AnyReading, at_s: float | None = None) -> None:
        """Records in order, received when measured unless told."""
        for reading in readings:
            self.chargers.records([a_record(reading, device=self.device, at_s=at_s)])
            self.look()
            blob = msgspec.msgpack.encode(self.chargers.dump())
            self.chargers = Chargers()
            self.chargers.load(msgspec.msgpack.decode(blob, type=ChargersState))

    def tick(self, elapsed_ms: int) -> None:
        """Let time pass."""
        self.chargers.tick(elapsed_ms)
        self.look()

    def look(self) -> None:
        """Keep what is wrong with it, where that is not what was wrong before."""
        causes = self.chargers.take_causes().get(2)
        if causes is not None and causes != (self.causes[-1] if self.causes else 0):
            self.causes.append(causes)

    @property
    def state(self) -> StationState:
        """As the state line shows it."""
        state = self.chargers.state(2)
        assert state is not None
        return state

    def session(self, key: str) -> tuple[str, int, str]:
        """State, energy and review."""
        session = self.state.sessions[key]
        return session.state, session.energy_wh, session.review

    def money(self) -> tuple[int, int, int]:
        """Counter, credited, suspect."""
        money = self.state.money
        return money.counter_fen, money.credited_fen, money.suspect_fen


def said(kind: SessionKind, at_s: float, session: str = "58", /, **more: object) -> ChargerSession:
    said = ChargerSession(t_ms=at_ms(at_s), kind=kind, session=session, port=1)
    return msgspec.structs.replace(said, **more)


def a_status(
    at_s: float, boot: str = "7", *, seq: int | None = None, **more: object
) -> ChargerStatus:
    number = round(at_s) + 1_000_000 if seq is None else seq
    return msgspec.structs.replace(ChargerStatus(t_ms=at_ms(at_s), boot=boot, seq=number), **more)


def a_port(state: PortState, **more: object) -> tuple[Port, ...]:
    return (msgspec.structs.replace(Port(n=1, state=state), **more),)

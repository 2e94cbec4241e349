"""A charging station: ten ports, sessions that start and stop, a coin box, honest counters.

Figures: docs/wire.md's examples and real piles (one coin buys 240 minutes; float below 15 W).
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec
import numpy as np

from simulators.encode import (
    ChargerStatus,
    Coin,
    CoinBox,
    Counters,
    Payload,
    Port,
    Session,
    encode,
)
from simulators.outgoing import Identity, Outgoing, ToWall

PORTS = 10
COIN_FEN = 100
COIN_S = 240 * 60
"""One coin of 1 yuan buys 240 minutes: default of a real pile."""
BOX_COINS = 800
FLOAT_W = 15
"""Below it a battery counts as full: default of a real pile."""
FULL_AFTER_S = (1.5 * 3600.0, 6.0 * 3600.0)
"""A battery is full after so long, seconds: assumed, drawn evenly."""
_FLAT = 2.0 / 3.0  # of a charge at full power


class Wire(StrEnum):
    """Which charger channels are sent."""

    FIRST = "first"
    """Status, event and state: what the platform's first release decodes."""
    FULL = "full"
    """Sessions and coins as well."""


class PayBy(StrEnum):
    """How a session was paid."""

    COIN = "coin"
    QR = "qr"


@dataclass(slots=True, kw_only=True)
class Charge:
    """One running session on a port."""

    name: str
    pay: PayBy
    paid_fen: int
    start_s: float
    full_s: float
    peak_w: float

    def power_w(self, now_s: float) -> int:
        """Give the power: constant, then falling to nothing over the last third; watts."""
        return round(self.peak_w * min(1.0, 3.0 * (1.0 - self._done(now_s))))

    def energy_wh(self, now_s: float) -> int:
        """Give the energy up to now: the integral of the power, watt hours."""
        done = self._done(now_s)
        tapered = max(done - _FLAT, 0.0)
        full_power = min(done, _FLAT) + tapered - 1.5 * tapered**2
        return round(self.peak_w * full_power * (self.full_s - self.start_s) / 3_600.0)

    def _done(self, now_s: float) -> float:
        return min(1.0, (now_s - self.start_s) / (self.full_s - self.start_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class StationPlan:
    """How busy a station is and what it sends.

    Attributes:
        status_s: Between two status messages, seconds; 60 in real life.
        arrival_gap_s: Mean gap between two customers, seconds.
        broken_port: A port whose relay is stuck, 0 = none.
    """

    status_s: float
    arrival_gap_s: float
    wire: Wire
    broken_port: int = 0


class Charger:
    """One station; an ``Actor``.

    Sessions that run when the simulator starts began before it; the counters hold them.
    """

    def __init__(
        self, identity: Identity, plan: StationPlan, *, to_wall: ToWall, rng: np.random.Generator
    ) -> None:
        self.identity = identity
        self._plan, self._to_wall, self._rng = plan, to_wall, rng
        self._seq = 0
        self._sessions_total = int(rng.integers(2_000, 50_000))
        self._coins_total = self._sessions_total + int(rng.integers(0, 2_000))
        self._qr_fen = COIN_FEN * int(rng.integers(0, 5_000))
        self._finished_wh = self._sessions_total * 235
        self._box_coins = int(rng.integers(0, BOX_COINS // 2))
        self._mains_v = 229.0 + float(rng.normal(0.0, 2.0))
        self._charges: dict[int, Charge] = {}
        for port in range(1, PORTS + 1):
            if port != plan.broken_port and rng.random() < 0.35:  # noqa: PLR2004 - about a third busy
                self._begin(port, start_s=-float(rng.uniform(0.0, 5_000.0)))
        self._status_s = float(rng.uniform(0.0, plan.status_s))
        self._arrival_s = float(rng.exponential(plan.arrival_gap_s))

    @property
    def due_s(self) -> float:
        """The next status, customer or end of a session."""
        return min(self._status_s, self._arrival_s, self._next_end()[0])

    def act(self) -> list[Outgoing]:
        """Do the one thing that is due."""
        now_s = self.due_s
        end_s, port = self._next_end()
        if now_s == end_s:
            return self._stop(port, now_s)
        if now_s == self._arrival_s:
            self._arrival_s += float(self._rng.exponential(self._plan.arrival_gap_s))
            return self._arrive(now_s)
        self._status_s += self._plan.status_s
        return [self._outgoing("status", encode(self._status(now_s)), keep="retained")]

    def _next_end(self) -> tuple[float, int]:
        """When the first session ends, full or out of time, and on which port."""
        ends = [
            (min(charge.full_s, charge.start_s + COIN_S * charge.paid_fen // COIN_FEN), port)
            for port, charge in self._charges.items()
        ]
        return min(ends, default=(math.inf, 0))

    def _begin(self, port: int, *, start_s: float) -> Charge:
        """Take the money and switch the port on."""
        coins = int(self._rng.integers(1, 3))
        pay = PayBy.COIN if self._rng.random() < 0.7 else PayBy.QR  # noqa: PLR2004 - most drop coins
        self._sessions_total += 1
        if pay is PayBy.COIN:
            self._coins_total += coins
            self._box_coins += coins
        else:
            self._qr_fen += coins * COIN_FEN
        charge = Charge(
            name=f"S-{self._sessions_total}",
            pay=pay,
            paid_fen=coins * COIN_FEN,
            start_s=start_s,
            full_s=start_s + float(self._rng.uniform(*FULL_AFTER_S)),
            peak_w=float(self._rng.uniform(90.0, 240.0)),
        )
        self._charges[port] = charge
        return charge

    def _arrive(self, now_s: float) -> list[Outgoing]:
        """A customer plugs in at the first free port, or leaves when there is none."""
        free = [
            port
            for port in range(1, PORTS + 1)
            if port not in self._charges and port != self._plan.broken_port
        ]
        if not free:
            return []
        port = free[0]
        charge = self._begin(port, start_s=now_s)
        coins = charge.paid_fen // COIN_FEN
        messages: list[Payload] = []
        if charge.pay is PayBy.COIN:
            messages.append(
                Coin(
                    id=self.identity.device_id,
                    t=self._to_wall(now_s),
                    kind="insert",
                    n=coins,
                    denom_fen=COIN_FEN,
                    amount_fen=charge.paid_fen,
                    port=port,
                    session=charge.name,
                    ctr=Counters(
                        coins_total=self._coins_total, amount_total_fen=self._amount_total_fen
                    ),
                    box=CoinBox(coins=self._box_coins),
                )
            )
        messages.append(self._session("start", port, charge, now_s))
        return self._full_only(messages)

    def _stop(self, port: int, now_s: float) -> list[Outgoing]:
        charge = self._charges.pop(port)
        self._finished_wh += charge.energy_wh(now_s)
        return self._full_only([self._session("stop", port, charge, now_s)])

    def _session(
        self, kind: Literal["start", "stop"], port: int, charge: Charge, now_s: float
    ) -> Session:
        session = Session(
            id=self.identity.device_id,
            t=self._to_wall(now_s),
            kind=kind,
            session=charge.name,
            port=port,
            pay=charge.pay.value,
            paid_fen=charge.paid_fen,
            start_t=self._to_wall(charge.start_s),
        )
        if kind == "start":
            return session
        return msgspec.structs.replace(
            session,
            energy_wh=charge.energy_wh(now_s),
            seconds=round(now_s - charge.start_s),
            w_max=round(charge.peak_w),
            w_end=charge.power_w(now_s),
            stop="full" if now_s >= charge.full_s else "time_up",
            charged_fen=charge.paid_fen,
            refund_fen=0,
        )

    @property
    def _amount_total_fen(self) -> int:
        return self._coins_total * COIN_FEN + self._qr_fen

    def _status(self, now_s: float) -> ChargerStatus:
        self._seq += 1
        running_wh = sum(charge.energy_wh(now_s) for charge in self._charges.values())
        return ChargerStatus(
            id=self.identity.device_id,
            boot=self.identity.boot,
            seq=self._seq,
            t=self._to_wall(now_s),
            rssi_dbm=int(self._rng.integers(-95, -60)),
            temp_c=28 + len(self._charges),
            mains_v=round(self._mains_v + float(self._rng.normal(0.0, 0.5)), 1),
            door_open=False,
            smoke=False,
            box=CoinBox(
                coins=self._box_coins, amount_fen=self._box_coins * COIN_FEN, cap_coins=BOX_COINS
            ),
            ctr=Counters(
                coins_total=self._coins_total,
                amount_total_fen=self._amount_total_fen,
                energy_total_wh=self._finished_wh + running_wh,
                sessions_total=self._sessions_total,
            ),
            ports=[self._port(port, now_s) for port in range(1, PORTS + 1)],
            next_s=self._plan.status_s,
        )

    def _port(self, port: int, now_s: float) -> Port:
        if port == self._plan.broken_port:
            return Port(n=port, state="faulted", err="relay_stuck", vendor_err="0x09", w=36)
        charge = self._charges.get(port)
        if charge is None:
            return Port(n=port, state="available")
        watts = charge.power_w(now_s)
        return Port(
            n=port,
            state="float" if watts < FLOAT_W else "charging",
            session=charge.name,
            w=watts,
            ma=round(1000.0 * watts / self._mains_v),
            wh=charge.energy_wh(now_s),
            temp_c=30 + watts // 25,
            s=round(now_s - charge.start_s),
        )

    def _full_only(self, payloads: list[Payload]) -> list[Outgoing]:
        """Sessions and coins are sent on the full wire only; the counters hold them anyway."""
        if self._plan.wire is Wire.FIRST:
            return []
        return [
            self._outgoing("coin" if isinstance(payload, Coin) else "session", encode(payload))
            for payload in payloads
        ]

    def _outgoing(
        self, channel: str, payload: bytes, *, keep: Literal["retained", "once"] = "once"
    ) -> Outgoing:
        return Outgoing(
            device_id=self.identity.device_id,
            cls="chg",
            channel=channel,
            payload=payload,
            retain=keep == "retained",
        )

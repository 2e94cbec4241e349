"""A charging station's day: customers, collections, a reboot, a late stop; and its faults."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec
import numpy as np
from typing_extensions import override

from simulators.chargers import COIN_FEN, Charge, Charger, StationPlan
from simulators.encode import ChargerStatus, Coin, CoinBox, Counters, Event, Port, Session, encode
from simulators.faults.links import Span
from simulators.faults.saying import Said, decoded, wall_ms
from simulators.outgoing import Identity, Outgoing, ToWall, boot_id, event_id

UNPLUGGED_SHARE = 0.02
"""Customers who pay and do not plug in; a real pile waits 120 s for a plug (docs/domain.md 2.1)."""
STUCK_W = 36
"""What a stuck relay gives: the example of docs/wire.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadPort:
    """A port that ends every session at once, money given back, from a moment on."""

    port: int
    from_s: float


class CoinStation(Charger):
    """A station that counts coins alone in its amounts, as the example of docs/wire.md does.

    Some customers do not plug in; on a dead port nobody can. Their sessions end at once. Its plan's
    broken port is used by nobody and says that nothing is wrong with it.
    """

    def __init__(
        self,
        identity: Identity,
        plan: StationPlan,
        *,
        to_wall: ToWall,
        rng: np.random.Generator,
        dead: DeadPort | None = None,
    ) -> None:
        super().__init__(identity, plan, to_wall=to_wall, rng=rng)
        self._dead = dead

    @property
    @override
    def _amount_total_fen(self) -> int:
        return self._coins_total * COIN_FEN

    @override
    def _arrive(self, now_s: float) -> list[Outgoing]:
        said = super()._arrive(now_s)
        fresh = [(n, c) for n, c in self._charges.items() if c.start_s == now_s]
        for port, charge in fresh:
            dead = self._dead is not None and port == self._dead.port
            if dead and self._dead is not None and now_s >= self._dead.from_s:
                said.append(self._ended(port, charge, now_s, "fault"))
            elif self._rng.random() < UNPLUGGED_SHARE:
                said.append(self._ended(port, charge, now_s, "not_plugged"))
        return said

    @override
    def _port(self, port: int, now_s: float) -> Port:
        if port == self._plan.broken_port:
            return Port(n=port, state="available", w=0)
        return super()._port(port, now_s)

    def _ended(self, port: int, charge: Charge, now_s: float, why: str) -> Outgoing:
        """The stop of a session that gave nothing; the money goes back to the customer."""
        del self._charges[port]
        stop = Session(
            id=self.identity.device_id,
            t=self._to_wall(now_s + 1.0),
            kind="stop",
            session=charge.name,
            port=port,
            pay=charge.pay.value,
            paid_fen=charge.paid_fen,
            start_t=self._to_wall(charge.start_s),
            energy_wh=0,
            seconds=1,
            w_max=0,
            w_end=0,
            stop=why,
            charged_fen=0,
            refund_fen=charge.paid_fen,
        )
        return Outgoing(
            device_id=self.identity.device_id, cls="chg", channel="session", payload=encode(stop)
        )


def stuck_relay(port: int, spell: Span) -> "Statuses":
    """A free port gives current; the station does not notice."""

    def change(status: ChargerStatus) -> ChargerStatus:
        ports = [
            msgspec.structs.replace(p, w=STUCK_W) if p.n == port and p.state == "available" else p
            for p in status.ports
        ]
        return msgspec.structs.replace(status, ports=ports)

    return Statuses(change, spell)


def smoke(device_id: str, spell: Span) -> tuple["Statuses", list[Said]]:
    """Smoke: an event at once and at the end, and every status between."""
    events = [
        Said(
            at_s, "chg", device_id, "event",
            encode(Event(
                id=device_id, ev_id=event_id(wall_ms(at_s), k), t=wall_ms(at_s),
                type="smoke", on=k == 0, lvl=3,
            )),
        )
        for k, at_s in enumerate(spell)
    ]  # fmt: skip
    return Statuses(lambda status: msgspec.structs.replace(status, smoke=True), spell), events


StatusChange = Callable[[ChargerStatus], ChargerStatus]


class Statuses:
    """A filter that changes a station's statuses in a spell."""

    def __init__(self, change: "StatusChange", spell: Span) -> None:
        """Change what is said from the begin of ``spell`` until before its end."""
        self._change, self._spell = change, spell

    def take(self, said: Said) -> list[Said]:
        """Change a status."""
        if said.channel != "status" or not self._spell[0] <= said.at_s < self._spell[1]:
            return [said]
        return [said._replace(payload=encode(self._change(decoded(said, ChargerStatus))))]

    def rest(self) -> list[Said]:
        """Nothing besides."""
        return []


class Boxes:
    """Collectors empty the box at moments and count; the station's box begins again at 0.

    Args:
        at_s: Moments, ascending.
        short_coins: So many coins are not in the box at the last collection.
    """

    def __init__(self, device_id: str, at_s: Iterable[float], *, short_coins: int = 0) -> None:
        self._device_id, self._at_s, self._short_coins = device_id, list(at_s), short_coins
        self._taken = 0
        self._coins = 0  # the newest count that the station itself knows
        self._ctr: Counters | None = None

    def take(self, said: Said) -> list[Said]:
        """The message as the emptied box says it, after the collection that is due before it."""
        before: list[Said] = []
        if self._at_s and said.at_s >= self._at_s[0] and self._ctr is not None:
            before.append(self._collect(self._at_s.pop(0), self._ctr))
        if said.channel == "status":
            status = decoded(said, ChargerStatus)
            self._coins, self._ctr = status.box.coins, status.ctr
            box = msgspec.structs.replace(status.box, **self._box(status.box.coins))
            return [
                *before,
                said._replace(payload=encode(msgspec.structs.replace(status, box=box))),
            ]
        if said.channel == "coin":
            coin = decoded(said, Coin)
            self._coins, self._ctr = coin.box.coins, coin.ctr
            box = CoinBox(coins=coin.box.coins - self._taken)
            return [*before, said._replace(payload=encode(msgspec.structs.replace(coin, box=box)))]
        return [*before, said]

    def rest(self) -> list[Said]:
        """Nothing besides."""
        return []

    def _box(self, coins: int) -> dict[str, int]:
        left = coins - self._taken
        return {"coins": left, "amount_fen": left * COIN_FEN}

    def _collect(self, at_s: float, ctr: Counters) -> Said:
        there = self._coins - self._taken
        short = 0 if self._at_s else self._short_coins
        self._taken = self._coins
        collect = Coin(
            id=self._device_id,
            t=wall_ms(at_s),
            kind="collect",
            by="collector-7",
            counted_fen=max(there - short, 0) * COIN_FEN,
            ctr=Counters(coins_total=ctr.coins_total, amount_total_fen=ctr.amount_total_fen),
            box=CoinBox(coins=0),
        )
        return Said(at_s, "chg", self._device_id, "coin", encode(collect))


class LostCoins:
    """Reports of coins never come; the counters go on. A real pile tries 3 times (domain.md 2.1).

    Attributes:
        lost: How many coins were not told.
    """

    def __init__(self, spell: Span) -> None:
        """Lose them in this spell."""
        self._spell = spell
        self.lost = 0

    def take(self, said: Said) -> list[Said]:
        """Lose an inserted coin."""
        if said.channel != "coin" or not self._spell[0] <= said.at_s < self._spell[1]:
            return [said]
        coin = decoded(said, Coin)
        if coin.kind != "insert":
            return [said]
        self.lost += coin.n if isinstance(coin.n, int) else 0
        return []

    def rest(self) -> list[Said]:
        """Nothing besides."""
        return []


class Reboot:
    """A station is switched off and on: a new boot whose numbers begin again, counters go on."""

    def __init__(self, device_id: str, at_s: float) -> None:
        """Reboot at this moment."""
        self._at_s, self._first = at_s, math.inf
        self._boot = boot_id(device_id, wall_ms(at_s))

    def take(self, said: Said) -> list[Said]:
        """Statuses after it are those of the new boot."""
        if said.channel != "status" or said.at_s < self._at_s:
            return [said]
        status = decoded(said, ChargerStatus)
        self._first = min(self._first, status.seq)
        seq = status.seq - int(self._first) + 1
        fresh = msgspec.structs.replace(status, boot=self._boot, seq=seq)
        return [said._replace(payload=encode(fresh))]

    def rest(self) -> list[Said]:
        """Nothing besides."""
        return []


class LateStop:
    """The first session that stops in a spell is settled offline and told at the spell's end."""

    def __init__(self, spell: Span) -> None:
        """Keep it for this long."""
        self._spell = spell
        self._kept: Said | None = None

    def take(self, said: Said) -> list[Said]:
        """Keep one stop."""
        inside = self._spell[0] <= said.at_s < self._spell[1]
        if said.channel != "session" or not inside or self._kept is not None:
            return [said]
        session = decoded(said, Session)
        if session.kind != "stop":
            return [said]
        late = msgspec.structs.replace(session, offline=True)
        self._kept = said._replace(at_s=self._spell[1], payload=encode(late))
        return []

    def rest(self) -> list[Said]:
        """The stop, late."""
        return [] if self._kept is None else [self._kept]

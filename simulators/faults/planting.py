"""The twelve faults: who has which, from when, and what staff must see of it."""

from dataclasses import dataclass, field

import msgspec
import numpy as np

from simulators.encode import Battery, Event, Fix, encode
from simulators.faults.answer import Planted
from simulators.faults.cameras import black
from simulators.faults.links import Cut, Span
from simulators.faults.saying import DAY_S, HOUR_S, Adding, Changing, Filter, Said, decoded, wall_ms
from simulators.faults.stations import DeadPort, LostCoins, smoke, stuck_relay
from simulators.faults.town import HALL, Town
from simulators.outgoing import generator

KNOTS_PER_KMH = 1 / 1.852
CLOCK_OFF_S = -300.0
"""A clock that is behind: more than the 60 s that are told, less than the 600 s of history."""
DYING_PCT, DYING_PCT_PER_H = 38.0, 8.0
SHORT_COINS = 40
RELAY_PORT, DEAD_PORT = 10, 1
FLAP_S, FLAP_DOWN_S = 120.0, 70.0
"""Comes and goes every two minutes: ten changes in ten minutes, 3 are ordinary (docs/health.md)."""
WILL_S = 10.0
OUTAGE_WILL_S = (60.0, 100.0)


@dataclass(slots=True)
class Planting:
    """What is planted, and where.

    Attributes:
        frozen: Camera -> since when its picture stands, seconds.
        dead, relays: Station -> its dead port, the port of its stuck relay.
        busy: Stations with many customers.
        short_coins: Station -> coins that are not in its box.
        linked: Devices whose link is planted to fail.
    """

    answers: list[Planted] = field(default_factory=list)
    frozen: dict[str, float] = field(default_factory=dict)
    dead: dict[str, DeadPort] = field(default_factory=dict)
    relays: dict[str, int] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    short_coins: dict[str, int] = field(default_factory=dict)
    linked: frozenset[str] = frozenset()
    _filters: dict[str, list[Filter]] = field(default_factory=dict)

    @property
    def touched(self) -> frozenset[str]:
        """Every device with a fault."""
        return frozenset(name for one in self.answers for name in one.devices)

    def put(self, device_id: str, *filters: Filter) -> None:
        """Something befalls a device."""
        self._filters.setdefault(device_id, []).extend(filters)

    def filters(self, device_id: str) -> list[Filter]:
        """What is planted on a device."""
        return self._filters.get(device_id, [])

    def tell(
        self, fault: str, devices: list[str], spell: Span, causes: str, within_s: float,
        *, events: str = "",
        differences: str = "", also: str = "", also_events: str = "",
    ) -> None:  # fmt: skip
        """Write the answer; words are apart by blanks."""
        self.answers.append(
            Planted(
                fault=fault,
                devices=devices,
                from_t=wall_ms(spell[0]),
                until_t=wall_ms(spell[1]),
                causes=causes.split(),
                events=events.split(),
                differences=differences.split(),
                within_s=within_s,
                also=also.split(),
                also_events=also_events.split(),
            )
        )


def planted_in(town: Town) -> Planting:
    """Draw who has what, all different devices, and when."""
    planted = Planting()
    rng = generator(town.plan.seed, "faults", "planting")
    cameras, stations, wired = (
        [names[int(k)] for k in rng.permutation(len(names))]
        for names in (town.spread, town.stations, town.wired)
    )
    _cameras(planted, town, cameras, rng)
    _stations(planted, town, stations, rng)
    _trackers(planted, town, wired, rng)
    return planted


def _spell(rng: np.random.Generator, first_h: float, last_h: float, lasts_s: float) -> Span:
    begin_s = float(rng.uniform(first_h, last_h)) * HOUR_S
    return begin_s, min(begin_s + lasts_s, DAY_S)


def _cameras(planted: Planting, town: Town, names: list[str], rng: np.random.Generator) -> None:
    frozen, blind, flapping, *_ = names
    beat_s = town.plan.camera_s
    spell = _spell(rng, 8.0, 20.0, DAY_S)
    planted.frozen[frozen] = spell[0]
    planted.tell("frozen camera", [frozen], spell, "frozen", 3.5 * beat_s, also="picture_old")
    spell = _spell(rng, 8.0, 20.0, 2.0 * HOUR_S)
    planted.put(blind, black(generator(town.plan.seed, "faults", "black"), spell))
    planted.tell("black camera", [blind], spell, "black", 900.0 + 3.0 * beat_s)
    spell = _spell(rng, 9.0, 20.0, 1_500.0)
    downs = np.arange(*spell, FLAP_S).tolist()
    link = Cut(
        town.identities[flapping], [(at, at + FLAP_DOWN_S) for at in downs], will_after_s=WILL_S
    )
    planted.put(flapping, link)
    planted.tell(
        "flapping link", [flapping], spell, "flapping", 600.0, events="flapping",
        also_events="flapping_over",
    )  # fmt: skip
    spell = _spell(rng, 9.0, 20.0, 2_100.0)
    for name in town.hall:
        end_s = spell[1] + float(rng.uniform(5.0, 60.0))
        will_s = float(rng.uniform(*OUTAGE_WILL_S))
        planted.put(name, Cut(town.identities[name], [(spell[0], end_s)], will_after_s=will_s))
    planted.tell(
        "switch outage", list(town.hall), spell, "part_of_outage", 600.0,
        events="outage outage_over",
    )  # fmt: skip
    planted.linked = frozenset({flapping})
    assert all(town.site_of[name] == HALL for name in town.hall)  # noqa: S101 - one switch


def _stations(planted: Planting, town: Town, names: list[str], rng: np.random.Generator) -> None:
    dead, relay, short, lost, smoking, *_ = names
    spell = _spell(rng, 8.0, 11.0, DAY_S)
    planted.dead[dead] = DeadPort(port=DEAD_PORT, from_s=spell[0])
    planted.tell("dead port", [dead], spell, "port_dead", 9.0 * HOUR_S)
    spell = _spell(rng, 10.0, 20.0, 3.0 * HOUR_S)
    planted.relays[relay] = RELAY_PORT
    planted.put(relay, stuck_relay(RELAY_PORT, spell))
    planted.tell(
        "stuck relay", [relay], spell, "relay_stuck", 120.0 + 3.0 * town.plan.status_s,
        also="served_not_paid",
    )  # fmt: skip
    planted.short_coins[short] = SHORT_COINS
    spell = (20.5 * HOUR_S, DAY_S)
    planted.tell("coin mismatch", [short], spell, "coins_differ", DAY_S, differences="box_short")
    spell = _spell(rng, 8.0, 12.0, 8.0 * HOUR_S)
    planted.put(lost, LostCoins(spell))
    planted.tell(
        "lost coin reports", [lost], spell, "coins_differ", DAY_S, differences="report_lost"
    )
    planted.busy = {dead, lost}
    spell = _spell(rng, 9.0, 22.0, 480.0)
    statuses, events = smoke(smoking, spell)
    planted.put(smoking, statuses, Adding(events))
    planted.tell("smoke", [smoking], spell, "smoke", 10.0, events="fire", also_events="fire_over")


def _trackers(planted: Planting, town: Town, names: list[str], rng: np.random.Generator) -> None:
    wrong, dying, *_ = names
    spell = _spell(rng, 6.0, 12.0, DAY_S)
    planted.put(wrong, Changing(lambda said: _behind(said, spell[0])))
    planted.tell("clock wrong", [wrong], spell, "clock_off", 3.0 * town.plan.wired_s)
    dies = _spell(rng, 6.0, 12.0, DAY_S)
    planted.put(dying, Changing(lambda said: _drained(said, dies[0])))
    planted.tell(
        "battery dying", [dying], dies, "battery_low battery_critical", 5.0 * HOUR_S,
        also="battery_falling",
    )  # fmt: skip
    rider = town.riders[0]
    planted.put(rider, Changing(_in_knots))
    planted.tell("unit wrong", [rider], (0.0, DAY_S), "unit_suspect", 10.0 * HOUR_S)


def _behind(said: Said, from_s: float) -> Said:
    """Its clock fell behind."""
    if said.at_s < from_s or said.channel not in {"fix", "event"}:
        return said
    message = decoded(said, Fix) if said.channel == "fix" else decoded(said, Event)
    late = msgspec.structs.replace(message, t=message.t + round(CLOCK_OFF_S * 1000.0))
    return said._replace(payload=encode(late))


def _drained(said: Said, from_s: float) -> Said:
    """Its cell is worn out."""
    if said.at_s < from_s or said.channel != "fix":
        return said
    percent = max(2, round(DYING_PCT - DYING_PCT_PER_H * (said.at_s - from_s) / HOUR_S))
    battery = Battery(pct=percent, mv=3_300 + 8 * percent)
    return said._replace(payload=encode(msgspec.structs.replace(decoded(said, Fix), bat=battery)))


def _in_knots(said: Said) -> Said:
    """It says knots and calls them km/h."""
    if said.channel != "fix":
        return said
    fix = decoded(said, Fix)
    speed = fix.pos.spd_kmh
    if not isinstance(speed, float):
        return said
    pos = msgspec.structs.replace(fix.pos, spd_kmh=round(speed * KNOTS_PER_KMH, 1))
    return said._replace(payload=encode(msgspec.structs.replace(fix, pos=pos)))

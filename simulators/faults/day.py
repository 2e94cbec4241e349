"""The day put together: a town lives, ordinary things go wrong, and each fault is planted once."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import msgspec
import numpy as np

from simulators.cameras import Ailment, Camera
from simulators.chargers import StationPlan, Wire
from simulators.duty import Duty, Rhythm
from simulators.encode import State, encode
from simulators.faults import ordinary, planting
from simulators.faults.answer import Planted
from simulators.faults.planting import Planting
from simulators.faults.saying import DAY_S, HOUR_S, Said, said_by, to_wall_of, wall_ms
from simulators.faults.stations import CoinStation
from simulators.faults.town import DayPlan, Town, build_town, line
from simulators.faults.trackers import ParkedTracker, commute
from simulators.gps_noise import GpsNoise, NoiseProfile
from simulators.outgoing import Actor, generator
from simulators.thefts.saying import LATENCY_MAX_S, LATENCY_MEDIAN_S, LATENCY_SPREAD
from simulators.vehicles import Habits, Surroundings, Tracker
from simulators.world import CITY, ORIGIN

ROOT = "pg/v1"
TWICE_SHARE = 0.002
"""So many messages are delivered twice, as QoS 1 may; assumed."""
CLOCK_SD_S = 0.4
"""Devices' own clocks are off by so much; nobody is further off than about a second."""
GATEWAY_S, BUNDLE_S = 240.0, 30.0
"""A gateway says that it is there; and what its children said, at most so late. Assumed."""
OPEN_SKY = NoiseProfile(wander_m=1.6, tau_s=200.0, dof=10, excursions_per_day=0.0)
"""Riders have the best receivers: this day is about devices, not about thefts."""
ARRIVAL_GAP_S, BUSY_GAP_S = 2_400.0, 900.0
"""Between two customers of a station, and of those whose fault shows by customers alone."""
END_S = DAY_S + 900.0
"""Life goes on a little after midnight, so that the day's books can be closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A file for ``parkguard replay`` and what was planted in it."""

    seed: int
    lines: tuple[bytes, ...]
    planted: tuple[Planted, ...]


def build_day(plan: DayPlan) -> Day:
    """Let the town live for a day; the same plan gives the same bytes."""
    town = build_town(plan)
    planted = planting.planted_in(town)
    usual = ordinary.drawn_for(town, planted)
    said: list[tuple[int, bytes]] = []
    for device_id in town.identities:
        if device_id not in town.children:
            filters = [*usual.filters(device_id), *planted.filters(device_id)]
            told = said_by(_actor(town, device_id, planted), filters, until_s=END_S)
            said += _arriving(plan, device_id, told)
    said += _arriving(plan, town.gateway, _through_gateway(town))
    said += [
        (wall_ms(at_s), line("side", recv_t=wall_ms(at_s), **side)) for at_s, side in usual.sides
    ]
    end_t = wall_ms(END_S)
    said.append((end_t, line("side", recv_t=end_t, type="tick")))
    said.sort(key=lambda one: one[0])
    lines = (*town.lines, *(text for _, text in said))
    return Day(seed=plan.seed, lines=lines, planted=tuple(planted.answers))


def _actor(town: Town, device_id: str, planted: Planting) -> Actor:
    """The healthy device, but for what its own module can do wrong."""
    plan, me = town.plan, town.identities[device_id]
    rng = generator(plan.seed, "faults", "device", device_id)
    to_wall = to_wall_of(float(np.clip(CLOCK_SD_S * rng.standard_normal(), -1.0, 1.0)))
    if me.cls == "cam":
        frozen_s = planted.frozen.get(device_id)
        return Camera(
            me, to_wall=to_wall, rng=rng,
            ailment=Ailment.NONE if frozen_s is None else Ailment.FROZEN,
            ails_from_s=frozen_s or 0.0,
        )  # fmt: skip
    if me.cls == "chg":
        gap_s = BUSY_GAP_S if device_id in planted.busy else ARRIVAL_GAP_S
        station = StationPlan(
            status_s=plan.status_s,
            arrival_gap_s=gap_s,
            wire=Wire.FULL,
            broken_port=planted.relays.get(device_id, 0),
        )
        dead = planted.dead.get(device_id)
        return CoinStation(me, station, to_wall=to_wall, rng=rng, dead=dead)
    if device_id in town.riders:
        rides_s = [rng.uniform(7.0, 8.5) * HOUR_S, rng.uniform(17.0, 18.5) * HOUR_S]
        return Tracker(
            me,
            Surroundings(frame=ORIGIN, box=CITY, to_wall=to_wall, report_s=10.0),
            start=town.places[device_id],
            noise=GpsNoise(OPEN_SKY, rng.spawn(1)[0]),
            rng=rng,
            habits=Habits(ride_gap_s=math.inf, shake_gap_s=math.inf, from_s=0.0),
            script=commute(rng, start=town.places[device_id], days_s=rides_s),
            duty=Duty(Rhythm(report_s=10.0, heartbeat_s=plan.wired_s), rng),
        )
    return ParkedTracker(
        me,
        frame=ORIGIN,
        place=town.places[device_id],
        sleeps=device_id in town.sleepers,
        to_wall=to_wall,
        rng=rng,
    )


def _through_gateway(town: Town) -> Iterator[Said]:
    """What the gateway's children say, several in one message, and its own heartbeats."""
    plan, gateway = town.plan, town.gateway
    waiting: list[Said] = []
    for child in town.children:
        waiting += said_by(_actor(town, child, Planting()), (), until_s=END_S)
    for at_s in np.arange(0.0, END_S, GATEWAY_S).tolist():
        state = State(
            id=gateway,
            state="online",
            t=wall_ms(at_s),
            boot=f"gw{plan.seed}",
            reason="heartbeat",
            next_s=GATEWAY_S,
        )
        yield Said(at_s, "gw", gateway, "state", encode(state))
    bundles: dict[int, list[Said]] = {}
    for one in sorted(waiting, key=lambda one: one.at_s):
        bundles.setdefault(int(one.at_s // BUNDLE_S), []).append(one)
    for number, due in bundles.items():
        items = [
            {
                "class": "trk",
                "id": one.device_id,
                "channel": one.channel,
                "msg": msgspec.Raw(one.payload),
            }
            for one in due
        ]
        multi = msgspec.json.encode({"v": 1, "items": items})
        yield Said((number + 1) * BUNDLE_S, "gw", gateway, "multi", multi)


def _arriving(plan: DayPlan, device_id: str, told: Iterable[Said]) -> Iterator[tuple[int, bytes]]:
    """One device's messages as they reach us: in the order of its line, some of them twice."""
    air = generator(plan.seed, "faults", "air", device_id)
    said = sorted(told, key=lambda one: one.at_s)
    delays_s = LATENCY_MEDIAN_S * np.exp(LATENCY_SPREAD * air.standard_normal(len(said)))
    twice = air.random(len(said)) < TWICE_SHARE
    before_t = 0
    for one, delay_s, again in zip(said, np.minimum(delays_s, LATENCY_MAX_S), twice, strict=True):
        recv_t = before_t = max(before_t, wall_ms(one.at_s + float(delay_s)))
        topic = f"{ROOT}/up/{one.cls}/{one.device_id}/{one.channel}"
        write = partial(line, "mqtt", topic=topic, payload=msgspec.Raw(one.payload))
        yield recv_t, write(recv_t=recv_t)
        if again:
            recv_t = before_t = recv_t + 700
            yield recv_t, write(recv_t=recv_t, dup=True)

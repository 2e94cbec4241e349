"""Scenarios 8-12, 27, 29 and 43: those who may, move it."""

import numpy as np

from simulators.thefts.expected import OWNER, READY, Expected
from simulators.thefts.lives import Life, Sign
from simulators.thefts.scene import Scene
from simulators.thefts.signs import (
    key_taken,
    key_turned,
    rolled,
    switched_off,
    switched_on,
    touches,
)
from simulators.thefts.ways import (
    PUSH_MPS,
    Spot,
    a_spot,
    beside,
    end_of,
    joined,
    parked,
    ride,
    shove,
)
from simulators.tracks import Pace, Path

V = "v-1"
STOPS = 60
"""Of a delivery rider a day. Source: docs/detection.md, scenario 27."""
FERRY = Pace(slow_mps=5.0, fast_mps=7.0)
AFTER_S = 150.0
"""How long a scene goes on after the last move."""


def with_phone(scene: Scene) -> None:
    """8: the owner rides without touching his key; his phone is in his pocket."""
    rng = scene.rng("owner")
    at_s = scene.calm(rng)
    path = ride(rng, a_spot(rng), at_s + 20.0, length_m=float(rng.uniform(800.0, 2_000.0)))
    until_s = _ridden(scene, V, path, at_s)
    scene.phone(V, path, from_s=at_s - 15.0, to_s=until_s)
    scene.quiet(V)


def without_phone(scene: Scene) -> None:
    """9: the same with a dead battery in his phone; he says "it's me" on another."""
    rng = scene.rng("owner")
    at_s = scene.calm(rng)
    path = ride(rng, a_spot(rng), at_s + 20.0, length_m=float(rng.uniform(800.0, 2_000.0)))
    _ridden(scene, V, path, at_s)
    scene.answers(V, "me", from_s=path.start_s + float(rng.uniform(40.0, 100.0)))
    scene.right(
        Expected(vehicle=V, at_most=READY, at_least=OWNER, by_s=path.end_s, ends=("owner_me",))
    )


def _ridden(scene: Scene, vehicle: str, path: Path, at_s: float) -> float:
    """Ridden by who may, without a key that tells it; gives when its tracker says the last."""
    until_s = path.end_s + AFTER_S
    before = touches(scene.rng("touches", vehicle), 60.0, at_s)
    signs = (*before, *switched_on(at_s + 10.0), *switched_off(path.end_s + 1.0))
    scene.live(vehicle, Life(path=path, until_s=until_s, signs=signs))
    scene.truth(vehicle, 0.0, until_s, "owner")
    return until_s


def friends(scene: Scene) -> None:
    """10: one friend has a shared key, the other borrows without."""
    rng = scene.rng("friends")
    at_s = scene.calm(rng)
    path = ride(rng, a_spot(rng), at_s + 20.0, length_m=1_200.0)
    until_s = path.end_s + AFTER_S
    signs = (
        *touches(rng, 60.0, at_s),
        *key_taken(at_s + 10.0),
        *key_turned(path.end_s + 1.0),
    )
    scene.live(V, Life(path=path, until_s=until_s, signs=signs))
    scene.truth(V, 0.0, until_s, "owner")
    other = ride(rng, a_spot(rng), at_s + 20.0, length_m=1_200.0)
    _ridden(scene, "v-2", other, at_s)
    scene.answers("v-2", "me", from_s=other.start_s + float(rng.uniform(40.0, 100.0)))
    scene.quiet(V)
    scene.right(Expected(vehicle="v-2", at_most=READY, at_least=OWNER, by_s=other.end_s))


def next_rack(scene: Scene) -> None:
    """11: an attendant pushes it 5-20 m to the next rack."""
    rng = scene.rng("attendant")
    at_s = scene.calm(rng)
    path = shove(
        rng, a_spot(rng), at_s + 5.0, length_m=float(rng.uniform(5.0, 20.0)), speed_mps=PUSH_MPS
    )
    signs = (*touches(rng, 60.0, at_s), *rolled(at_s, path.end_s))
    life = Life(path=path, until_s=path.end_s + scene.whole(1_800.0), signs=signs)
    scene.live(V, life)
    scene.truth(V, 0.0, life.until_s, "authorised")
    scene.right(Expected(vehicle=V, at_most=OWNER))


def sixty_metres(scene: Scene) -> None:
    """12: an attendant moves two of them 60 m; one on a ticket.

    The ticket is one for moving it: an attendant's parking ticket would arm it.
    """
    rng = scene.rng("attendant")
    at_s = scene.calm(rng)
    for vehicle in (V, "v-2"):
        path = shove(rng, a_spot(rng), at_s + 5.0, length_m=60.0, speed_mps=PUSH_MPS)
        signs = (*touches(rng, 60.0, at_s), *rolled(at_s, path.end_s))
        life = Life(path=path, until_s=path.end_s + scene.whole(1_200.0), signs=signs)
        scene.live(vehicle, life)
        scene.truth(vehicle, 0.0, life.until_s, "authorised")
    scene.side(
        at_s - 60.0, "ticket", vehicle=V, ticket="rebalancing", until=scene.ms(at_s + 7_200.0)
    )
    scene.quiet(V)
    scene.right(Expected(vehicle="v-2", at_most=OWNER))


def delivery_rider(scene: Scene) -> None:
    """27: sixty stops a day, his phone with him, no key between."""
    rng = scene.rng("rider")
    stops = max(6, round(STOPS * scene.share))
    path, signs = deliveries(rng, a_spot(rng), stops, from_s=300.0)
    until_s = path.end_s + AFTER_S
    scene.live(V, Life(path=path, until_s=until_s, signs=signs))
    scene.phone(V, path, from_s=250.0, to_s=until_s)
    scene.truth(V, 0.0, until_s, "owner")
    scene.quiet(V)


def deliveries(
    rng: np.random.Generator, start: Spot, stops: int, *, from_s: float
) -> tuple[Path, tuple[Sign, ...]]:
    """Rides of 200-700 m with stops of 100-240 s; the ignition goes off at each."""
    ways, signs, at_s, spot = [], list[Sign](), from_s, start
    for _ in range(stops):
        signs += switched_on(at_s - 8.0)
        way = ride(rng, spot, at_s, length_m=float(rng.uniform(200.0, 700.0)))
        signs += switched_off(way.end_s + 1.0)
        ways.append(way)
        spot, at_s = end_of(way), way.end_s + float(rng.uniform(100.0, 240.0))
    return joined(*ways), tuple(signs)


def ferry(scene: Scene) -> None:
    """29: three vehicles and their owners cross a lake, ignition off, armed by rule."""
    rng = scene.rng("ferry")
    spot = a_spot(rng)
    boards_s = scene.calm(rng)
    sails_s = boards_s + 300.0
    sailing = ride(rng, end_of(parked(spot)), sails_s, pace=FERRY, length_m=2_500.0)
    for k in range(3):
        vehicle = f"v-{k + 1}"
        way = beside(sailing, 3.0 * k, 2.0 * k)
        until_s = way.end_s + AFTER_S
        scene.live(
            vehicle,
            Life(path=way, until_s=until_s, signs=rolled(sails_s, sails_s + 60.0)),
        )
        scene.phone(vehicle, way, from_s=boards_s - 20.0, to_s=until_s)
        scene.truth(vehicle, 0.0, until_s, "owner")
        scene.quiet(vehicle)


def by_jerks(scene: Scene) -> None:
    """43: the owner parks it in six moves within five minutes, ignition off, no phone."""
    rng = scene.rng("owner")
    way_in = ride(rng, a_spot(rng), 30.0, length_m=600.0)
    ways, spot, at_s = [way_in], end_of(way_in), way_in.end_s + 20.0
    signs = [Sign(at_s=0.0, switches={"ign": True}), *switched_off(way_in.end_s + 2.0)]
    for _ in range(6):
        way = shove(rng, spot, at_s, length_m=float(rng.uniform(2.0, 9.0)), speed_mps=PUSH_MPS)
        signs += rolled(at_s, way.end_s)
        ways.append(way)
        spot, at_s = end_of(way), at_s + 50.0
    path = joined(*ways)
    until_s = path.end_s + scene.whole(1_200.0)
    scene.live(V, Life(path=path, until_s=until_s, signs=tuple(signs)))
    scene.truth(V, 0.0, until_s, "owner")
    scene.quiet(V)

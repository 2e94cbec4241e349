"""Scenarios 36-38: trackers that are not where, or who, the registry thinks."""

import numpy as np

from simulators.thefts.expected import OWNER, POLICE, Expected
from simulators.thefts.lives import Life, Sign
from simulators.thefts.scene import Scene
from simulators.thefts.signs import opened, touches
from simulators.thefts.ways import Spot, a_spot, joined, parked, ride, shove
from simulators.tracks import Path

CLONE_M = 8_000.0
CARRIED_M = 900.0


def swapped(scene: Scene) -> None:
    """36: somebody opens two vehicles parked 30-60 m apart and exchanges their trackers."""
    rng = scene.rng("swap")
    at_s = scene.calm(rng)
    first = a_spot(rng)
    second: Spot = first[0] + float(rng.uniform(30.0, 60.0)), first[1]
    for k, (here, there) in enumerate(((first, second), (second, first))):
        path = shove(rng, here, at_s + 30.0, length_m=1.0, speed_mps=1.0)
        path = joined(path, _to(there, at_s + 120.0, here))
        taken = (
            Sign(at_s=at_s + 5.0 * k, event="removed", level=3),
            Sign(at_s=at_s + 160.0 + 5.0 * k, event="power_restored"),
        )
        vehicle = f"v-{k + 1}"
        life = Life(
            path=path,
            until_s=at_s + scene.whole(1_500.0),
            signs=(*touches(rng, 60.0, at_s), *taken),
        )
        scene.live(vehicle, life)
        scene.truth(vehicle, 0.0, life.until_s, "authorised")
        scene.right(Expected(vehicle=vehicle, at_most=OWNER, alerts=(0, 2), unarmed=True))
    scene.conflicts("trk-v-1", "trk-v-2")


def _to(there: Spot, at_s: float, here: Spot) -> Path:
    """Carried straight from one vehicle to the other."""
    return Path(
        at_s=np.array([at_s, at_s + 60.0]),
        east_m=np.array([here[0], there[0]]),
        north_m=np.array([here[1], there[1]]),
    )


def one_bag(scene: Scene) -> None:
    """37: the trackers of two vehicles at one rack are cut off and carried away in one bag."""
    rng = scene.rng("bag")
    at_s = scene.calm(rng)
    rack = a_spot(rng)
    walk = ride(rng, rack, at_s + 90.0, length_m=CARRIED_M)
    for k in range(2):
        vehicle = f"v-{k + 1}"
        taken = opened(at_s + 30.0 * k)
        life = Life(
            path=walk,
            until_s=walk.end_s + 600.0,
            signs=(*touches(rng, 60.0, at_s), taken, Sign(at_s=at_s + 88.0, event="vibration")),
        )
        scene.live(vehicle, life)
        scene.stolen(vehicle, walk, until_s=life.until_s, begins_s=at_s)
        scene.right(
            Expected(
                vehicle=vehicle,
                at_most=POLICE,
                at_least=OWNER,
                by_s=at_s + 30.0 * k + 10.0,
                incidents=(0, 1),
            )
        )
    scene.answers("v-1", "not_me", from_s=at_s + 120.0)
    scene.groups(0, 1)
    scene.incidents(1, 1)


def cloned(scene: Scene) -> None:
    """38: a second device says it is the first, 8 km away; both go on reporting."""
    rng = scene.rng("clone")
    at_s = scene.calm(rng)
    home = a_spot(rng)
    until_s = at_s + scene.whole(1_800.0)
    true = Life(path=parked(home), until_s=until_s, signs=touches(rng, 60.0, at_s))
    scene.live("v-1", true)
    far: Spot = home[0] + CLONE_M, home[1]
    clone = Life(path=parked(far), until_s=until_s, from_s=at_s)
    scene.tell("trk-v-1", clone, boot="clone")
    scene.truth("v-1", 0.0, until_s, "parked")
    scene.right(Expected(vehicle="v-1"))
    scene.conflicts("trk-v-1")

"""Scenarios 23, 24 and 26: what befalls many at once is no theft of each."""

import math

from simulators.thefts.expected import OWNER, Expected
from simulators.thefts.lives import Life, Sign, Slip, Spell
from simulators.thefts.scene import Scene
from simulators.thefts.signs import cut, touches
from simulators.thefts.ways import Spot, a_spot, parked

CHARGING, JAMMED, SPOOFED = 40, 12, 30
JAM_S = 90.0
SPOOF_S = 240.0
AFTER_S = 480.0


def site_power_loss(scene: Scene) -> None:
    """23: a charging site loses its mains; forty vehicles report a power cut within 8 s."""
    rng = scene.rng("site")
    at_s = scene.calm(rng)
    middle = a_spot(rng)
    scene.place("site", "site-1", middle, 60.0)
    for k in range(CHARGING):
        spot: Spot = middle[0] + 1.0 * (k % 20) - 10.0, middle[1] + 3.0 * (k // 20)
        back = Sign(at_s=at_s + 420.0, event="power_restored", switches={"ext_power": True})
        signs = (
            *touches(rng, 60.0, at_s + AFTER_S),
            cut(at_s + float(rng.uniform(0.0, 8.0))),
            back,
        )
        vehicle = f"v-{k + 1}"
        life = Life(path=parked(spot), until_s=at_s + AFTER_S, every_s=30.0, signs=signs)
        scene.live(vehicle, life)
        scene.truth(vehicle, 0.0, life.until_s, "parked")
        scene.right(taken_back(vehicle))
    scene.groups(1, 1)


def taken_back(vehicle: str) -> Expected:
    """Nothing, or an owner's notice before the neighbours spoke that is taken back at once."""
    return Expected(vehicle=vehicle, at_most=OWNER, ends=("merged",))


def passing_jammer(scene: Scene) -> None:
    """24: a jammer drives past a row of twelve; each is deaf for a while within 90 s."""
    rng = scene.rng("jammer")
    at_s = scene.calm(rng)
    corner = a_spot(rng)
    for k in range(JAMMED):
        spot: Spot = corner[0] + 20.0 * k, corner[1]
        hit_s = at_s + (JAM_S - 40.0) * k / JAMMED
        signs = (
            *touches(rng, 60.0, at_s + 420.0),
            Sign(at_s=hit_s + 3.0, event="jamming_gnss", level=3),
        )
        vehicle = f"v-{k + 1}"
        life = Life(
            path=parked(spot),
            until_s=at_s + AFTER_S,
            signs=signs,
            spells=(Spell(from_s=hit_s, to_s=hit_s + 40.0, hears="none"),),
        )
        scene.live(vehicle, life)
        scene.truth(vehicle, 0.0, life.until_s, "parked")
        scene.right(taken_back(vehicle))
    scene.groups(1, 1)


def spoofed(scene: Scene) -> None:
    """26: thirty vehicles jump to one place 3-8 km away and come back after four minutes."""
    rng = scene.rng("spoof")
    at_s = scene.calm(rng)
    corner, angle = a_spot(rng), float(rng.uniform(0.0, 2.0 * math.pi))
    far_m = float(rng.uniform(3_000.0, 8_000.0))
    target: Spot = corner[0] + far_m * math.sin(angle), corner[1] + far_m * math.cos(angle)
    for k in range(SPOOFED):
        spot: Spot = corner[0] + 15.0 * (k % 6), corner[1] + 40.0 * (k // 6)
        begins_s = at_s + float(rng.uniform(0.0, 5.0))
        slip = Slip(
            from_s=begins_s,
            to_s=begins_s + SPOOF_S,
            east_m=target[0] - spot[0],
            north_m=target[1] - spot[1],
            edge_s=0.1,
            hdop=0.8,
            sat=14,
            acc_m=3.0,
        )
        vehicle = f"v-{k + 1}"
        life = Life(
            path=parked(spot),
            until_s=at_s + SPOOF_S + 120.0,
            signs=touches(rng, 60.0, at_s - 60.0),
            slips=(slip,),
        )
        scene.live(vehicle, life)
        scene.truth(vehicle, 0.0, life.until_s, "parked")
        scene.quiet(vehicle)
    scene.groups(1, 1)

"""Scenarios 39 and 40: our own service is away, or begins cold."""

from dataclasses import replace

from simulators.thefts.expected import OWNER, POLICE, Expected, Story
from simulators.thefts.lives import Life, Mapped, Sign
from simulators.thefts.scene import Scene
from simulators.thefts.signs import forced, switched_off, touches
from simulators.thefts.ways import a_spot, parked, ride

V = "v-1"
DOWN_S = 40.0
FLEET = 30
SETTLING_S = 900.0


def killed(scene: Scene, twin: Scene) -> Story:
    """39: everything is killed mid-theft and back after 40 s; the broker held the messages."""
    for one, dies in ((scene, True), (twin, False)):
        rng = one.rng("theft")
        at_s = scene.calm(rng)
        path = ride(rng, a_spot(rng), at_s + 6.0, length_m=1_600.0)
        onset_s = path.onset_s()
        dies_s = onset_s + float(rng.uniform(2.0, 30.0))
        life = Life(
            path=path,
            until_s=path.end_s + 120.0,
            signs=(*touches(rng, 60.0, at_s), *forced(at_s)),
        )
        if dies:
            life = replace(life, arrives_s=_held(dies_s, dies_s + DOWN_S))
            one.side(dies_s, "restart", down_s=DOWN_S)
        one.live(V, life)
        one.stolen(V, path, until_s=life.until_s)
        one.answers(V, "not_me", from_s=onset_s + 150.0)
        one.right(
            Expected(
                vehicle=V,
                at_most=POLICE,
                at_least=OWNER,
                by_s=onset_s + 120.0 + DOWN_S,
                alerts=(1, 1),
                incidents=(1, 1),
            )
        )
    return scene.story(twin=twin.story().lines, delay_s=DOWN_S + 5.0, same_ids=True)


def _held(from_s: float, to_s: float) -> Mapped:
    """What came while we were away comes within a second of our return, in order."""
    return lambda at_s: to_s + (at_s - from_s) / (to_s - from_s) if from_s <= at_s < to_s else at_s


def cold_start(scene: Scene) -> None:
    """40: no snapshot; thirty vehicles are heard for the first time, some of them riding."""
    rng = scene.rng("fleet")
    until_s = scene.whole(SETTLING_S, least_s=420.0)
    for k in range(FLEET):
        vehicle = f"v-{k + 1}"
        signs = touches(rng, 0.0, until_s)
        if k % 5 == 0:
            path = ride(rng, a_spot(rng), -60.0, length_m=float(rng.uniform(900.0, 2_500.0)))
            signs = _riding(path.end_s)
        else:
            path = parked(a_spot(rng))
        noise = "street-b" if k % 3 == 0 else "measured"
        life = Life(path=path, until_s=until_s, noise=noise, signs=signs)
        scene.live(vehicle, life)
        scene.truth(vehicle, 0.0, until_s, "owner" if k % 5 == 0 else "parked")
        scene.quiet(vehicle)


def _riding(until_s: float) -> tuple[Sign, ...]:
    return (Sign(at_s=-60.0, switches={"ign": True}), *switched_off(until_s + 1.0))

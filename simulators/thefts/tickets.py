"""Scenarios 19 and 30: trucks with tickets, and the vehicle that has none."""

from simulators.thefts.expected import OWNER, READY, Expected
from simulators.thefts.lives import Life
from simulators.thefts.scene import Scene
from simulators.thefts.signs import lifted, touches
from simulators.thefts.ways import VAN, a_spot, beside, driven, end_of, joined, ride, shove
from simulators.tracks import Path

ON_TICKETS = 25
LOAD_S = 8.0
"""From one to the next that is lifted into the van; assumed."""
AFTER_S = 900.0


def city_tow(scene: Scene) -> None:
    """19: the city's tow truck; one ticket is in time, the other comes 80 s after the onset."""
    rng = scene.rng("tow")
    at_s = scene.calm(rng)
    late_s = 0.0
    for vehicle in ("v-1", "v-2"):
        path = driven(rng, a_spot(rng), at_s, length_m=1_800.0)
        life = Life(
            path=path,
            until_s=path.end_s + scene.whole(AFTER_S, least_s=120.0),
            signs=(*touches(rng, 60.0, at_s), *lifted(at_s)),
        )
        scene.live(vehicle, life)
        scene.truth(vehicle, 0.0, life.until_s, "authorised")
        late_s = path.onset_s() + 80.0
    until_ms = scene.ms(at_s + 3_600.0)
    scene.side(at_s - 120.0, "ticket", vehicle="v-1", ticket="tow", until=until_ms)
    scene.side(late_s, "ticket", vehicle="v-2", ticket="tow", until=until_ms)
    scene.quiet("v-1")
    scene.right(
        Expected(vehicle="v-2", at_most=READY, at_least=OWNER, by_s=late_s, ends=("ticket",))
    )


def rebalancing(scene: Scene) -> None:
    """30: a rebalancing van takes 25 vehicles on tickets, and one without."""
    rng = scene.rng("van")
    at_s = scene.calm(rng)
    corner = a_spot(rng)
    drive: Path | None = None
    for k in range(ON_TICKETS + 1):
        vehicle, loaded_s = f"v-{k + 1}", at_s + LOAD_S * k
        spot = corner[0] + 1.2 * (k % 13), corner[1] + 2.0 * (k // 13)
        lift = shove(rng, spot, loaded_s, length_m=4.0, speed_mps=4.0 / 12.0)
        if drive is None:
            leaves_s = at_s + LOAD_S * (ON_TICKETS + 1) + 30.0
            drive = ride(rng, end_of(lift), leaves_s, pace=VAN, length_m=1_800.0)
        there = end_of(lift)
        way = beside(drive, there[0] - float(drive.east_m[0]), there[1] - float(drive.north_m[0]))
        path = joined(lift, way)
        life = Life(
            path=path,
            until_s=path.end_s + scene.whole(AFTER_S, least_s=120.0),
            signs=(*touches(rng, 60.0, loaded_s), *lifted(loaded_s, loaded_s=7.0)),
        )
        scene.live(vehicle, life)
        scene.truth(vehicle, 0.0, life.until_s, "authorised")
        if k < ON_TICKETS:
            scene.side(
                at_s - 120.0, "ticket", vehicle=vehicle, ticket="rebalancing",
                until=scene.ms(at_s + 7_200.0),
            )  # fmt: skip
            scene.quiet(vehicle)
    last = f"v-{ON_TICKETS + 1}"
    scene.groups(0, 1)
    scene.right(Expected(vehicle=last, at_most=READY, at_least=OWNER, incidents=(0, 0)))
    if drive is not None:
        scene.answers(last, "me", from_s=drive.start_s + 80.0)

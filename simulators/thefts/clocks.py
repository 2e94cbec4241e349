"""Scenarios 31-35: clocks, doubles, late packets and buffers."""

from collections.abc import Callable
from dataclasses import replace

from simulators.thefts.expected import OWNER, Expected, Story
from simulators.thefts.lives import Life, Mapped, Sign
from simulators.thefts.saying import START_MS
from simulators.thefts.scene import Scene
from simulators.thefts.signs import forced, key_taken, key_turned, touches
from simulators.thefts.stolen import LOOT_M, V, stolen_fast
from simulators.thefts.ways import a_spot, parked, ride

HOUR_S = 3_600.0
ROLLOVER_S = 1_024 * 7 * 86_400.0
GPS_EPOCH_S = 315_964_800.0
"""1980-01-06 00:00 UTC: what a receiver says before it knows better."""
BUFFERED_S = 3 * HOUR_S
LATE_SHARE = 0.05


def jumping_clocks(scene: Scene) -> None:
    """31: four trackers; for ten minutes each one's clock says another time."""
    rng = scene.rng("clocks")
    from_s = scene.calm(rng)
    until_s = from_s + 600.0 + scene.whole(1_800.0)
    wrong: tuple[Mapped, ...] = (
        lambda _at_s: HOUR_S,
        lambda _at_s: -HOUR_S,
        lambda _at_s: -START_MS / 1000.0,
        lambda _at_s: GPS_EPOCH_S - START_MS / 1000.0,
    )
    for k, ahead_s in enumerate(wrong):
        vehicle, at_s = f"v-{k + 1}", from_s + float(rng.uniform(0.0, 300.0))
        scene.live(
            vehicle,
            Life(
                path=parked(a_spot(rng)),
                until_s=until_s,
                signs=touches(rng, 60.0, until_s),
                clock_s=_wrong_for(at_s, at_s + 600.0, ahead_s),
            ),
        )
        scene.truth(vehicle, 0.0, until_s, "parked")
        scene.quiet(vehicle)


def _wrong_for(from_s: float, to_s: float, ahead_s: Mapped) -> Mapped:
    return lambda at_s: ahead_s(at_s) if from_s <= at_s < to_s else 0.0


def rollover(scene: Scene) -> None:
    """32: the receiver's weeks roll over while it is being stolen."""
    _theft(scene, clock=lambda from_s: lambda at_s: -ROLLOVER_S if at_s >= from_s else 0.0)


def local_time(scene: Scene) -> None:
    """33: a tracker that has always sent local time, eight hours ahead, is stolen."""
    _theft(scene, clock=lambda _from_s: lambda _at_s: 8.0 * HOUR_S)


def _theft(scene: Scene, *, clock: Callable[[float], Mapped]) -> None:
    life, onset_s = _ridden(scene)
    scene.live(V, replace(life, clock_s=clock(onset_s)))
    scene.right(stolen_fast(onset_s))


def _ridden(scene: Scene) -> tuple[Life, float]:
    """Parked, forced, ridden away; the owner confirms. Gives the life and the onset, seconds."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    path = ride(rng, a_spot(rng), at_s + 6.0, length_m=LOOT_M)
    life = Life(
        path=path,
        until_s=path.end_s + 120.0,
        signs=(*touches(rng, 60.0, at_s), *forced(at_s)),
    )
    way = scene.stolen(V, path, until_s=life.until_s)
    scene.answers(V, "not_me", from_s=way.onset_s + float(rng.uniform(75.0, 120.0)))
    return life, way.onset_s


def doubled(scene: Scene, twin: Scene) -> Story:
    """34: every packet comes twice, one in twenty 10-60 s late and out of order."""
    for one, is_clean in ((scene, False), (twin, True)):
        life, onset_s = _ridden(one)
        if not is_clean:
            life = replace(life, twice=True, late_share=LATE_SHARE)
        one.live(V, life)
        rng = one.rng("parked")
        still = Life(
            path=parked(a_spot(rng)),
            until_s=life.until_s,
            signs=touches(rng, 60.0, life.until_s),
            twice=not is_clean,
            late_share=0.0 if is_clean else LATE_SHARE,
        )
        one.live("v-2", still)
        one.truth("v-2", 0.0, life.until_s, "parked")
        one.quiet("v-2")
        one.right(stolen_fast(onset_s))
    return scene.story(twin=twin.story().lines, delay_s=60.0)


def buffered(scene: Scene) -> None:
    """35: three hours without a network, then all at once: an owner's ride, and a theft."""
    rng = scene.rng("buffered")
    begins_s = scene.calm(rng)
    ends_s = begins_s + BUFFERED_S
    at_s = begins_s + float(rng.uniform(1_800.0, 5_400.0))
    path = ride(rng, a_spot(rng), at_s + 8.0, length_m=1_800.0)
    scene.live(
        V,
        Life(
            path=path,
            until_s=ends_s + 900.0,
            signs=(*touches(rng, 60.0, at_s), *key_taken(at_s), *key_turned(path.end_s + 1.0)),
            buffered=(begins_s, ends_s),
        ),
    )
    scene.truth(V, 0.0, ends_s + 900.0, "owner")
    scene.quiet(V)
    loot = ride(rng, a_spot(rng), at_s + 8.0, length_m=LOOT_M)
    shaken = Sign(at_s=at_s, event="vibration", level=3, lasts_s=4.0)
    scene.live(
        "v-2",
        Life(
            path=loot,
            until_s=ends_s + 900.0,
            signs=(*touches(rng, 60.0, at_s), shaken),
            buffered=(begins_s, ends_s),
        ),
    )
    scene.stolen("v-2", loot, until_s=ends_s + 900.0)
    scene.right(
        Expected(
            vehicle="v-2",
            at_most=OWNER,
            at_least=OWNER,
            by_s=ends_s + 60.0,
            late_s=600.0,
        )
    )

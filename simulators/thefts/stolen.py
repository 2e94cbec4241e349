"""Scenarios 14-18, 20-22, 25, 28, 41 and 42: it is stolen."""

from simulators.thefts.expected import OWNER, POLICE, Expected
from simulators.thefts.lives import Life, Sign, Spell
from simulators.thefts.owners import deliveries
from simulators.thefts.scene import Scene
from simulators.thefts.signs import (
    cut,
    forced,
    lifted,
    opened,
    rolled,
    switched_off,
    touches,
)
from simulators.thefts.ways import (
    CARRY_MPS,
    WALKER,
    a_spot,
    driven,
    end_of,
    joined,
    parked,
    ride,
    shove,
)
from simulators.tracks import Path

V = "v-1"
LOOT_M = 1_600.0
"""Thieves ride so far before they stop; assumed."""
L1_S, ROLLED_L1_S = 120.0, 90.0
"""The owner must be told so soon after the onset, seconds: our bound where the scenario names
none, and scenario 15's."""


def ridden(scene: Scene) -> None:
    """14: the lock is forced and it is ridden away."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    path = ride(rng, a_spot(rng), at_s + 6.0, length_m=LOOT_M)
    _fast_theft(scene, path, (*touches(rng, 60.0, at_s), *forced(at_s)))


def rolled_away(scene: Scene) -> None:
    """15: it is rolled away on foot."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    path = ride(rng, a_spot(rng), at_s + 2.0, pace=WALKER, length_m=600.0)
    signs = (*touches(rng, 60.0, at_s), *rolled(at_s, path.end_s))
    life = Life(path=path, until_s=path.end_s + 120.0, signs=signs)
    scene.live(V, life)
    way = scene.stolen(V, path, until_s=life.until_s)
    scene.answers(V, "not_me", from_s=way.onset_s + float(rng.uniform(100.0, 140.0)))
    scene.right(
        Expected(
            vehicle=V,
            at_most=POLICE,
            at_least=OWNER,
            by_s=way.onset_s + ROLLED_L1_S,
            incidents=(1, 1),
        )
    )


def carried(scene: Scene) -> None:
    """16: two of them are carried 40 m into a house; one has sensors that tell."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    for vehicle, felt in ((V, True), ("v-2", False)):
        path = shove(rng, a_spot(rng), at_s + 3.0, length_m=40.0, speed_mps=CARRY_MPS)
        signs = lifted(at_s, loaded_s=path.end_s - at_s) if felt else ()
        until_s = path.end_s + scene.whole(1_200.0, least_s=300.0)
        inside = Spell(from_s=path.end_s + 30.0, to_s=until_s, hears="none")
        scene.live(vehicle, Life(path=path, until_s=until_s, signs=signs, spells=(inside,)))
        way = scene.stolen(vehicle, path, until_s=until_s)
        told = Expected(vehicle=vehicle, at_most=OWNER, at_least=OWNER, by_s=way.onset_s + L1_S)
        scene.right(told if felt else Expected(vehicle=vehicle, at_most=OWNER))


def into_a_van(scene: Scene) -> None:
    """17: lifted into a van and driven off, the tracker alive."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    path = driven(rng, a_spot(rng), at_s, length_m=LOOT_M)
    _fast_theft(scene, path, (*touches(rng, 60.0, at_s), *lifted(at_s), cut(at_s + 10.0)))


def towed_by_thieves(scene: Scene) -> None:
    """20: a tow truck that has no ticket: lifted by its front wheel, the battery untouched."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    path = driven(rng, a_spot(rng), at_s, length_m=LOOT_M)
    _fast_theft(scene, path, (*touches(rng, 60.0, at_s), *lifted(at_s, loaded_s=18.0)))


def shielded(scene: Scene) -> None:
    """18: a van with a shielded tracker; it speaks again 40 min later, 5 km away."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    path = driven(rng, a_spot(rng), at_s, length_m=5_000.0)
    dark = Spell(from_s=at_s + 12.0, to_s=at_s + 2_400.0, hears="silent")
    life = Life(
        path=path,
        until_s=at_s + 3_000.0,
        signs=(*touches(rng, 60.0, at_s), *lifted(at_s)),
        spells=(dark,),
    )
    scene.live(V, life)
    scene.stolen(V, path, until_s=life.until_s)
    scene.answers(V, "not_me", from_s=at_s + 240.0, for_s=2_700.0)
    scene.right(
        Expected(
            vehicle=V,
            at_most=POLICE,
            at_least=OWNER,
            by_s=at_s + 12.0 + 120.0,
            incidents=(1, 1),
        )
    )


def battery_pulled(scene: Scene) -> None:
    """21: the owner pulls the battery at the rack; thieves do it at night and roll it away."""
    rng = scene.rng("battery")
    at_s = scene.calm(rng)
    shake = Sign(at_s=at_s - 4.0, event="vibration", level=2, lasts_s=6.0)
    path = parked(a_spot(rng))
    life = Life(
        path=path,
        until_s=at_s + scene.whole(1_800.0),
        signs=(*touches(rng, 60.0, at_s - 60.0), shake, cut(at_s)),
    )
    scene.live(V, life)
    scene.truth(V, 0.0, life.until_s, "owner")
    scene.answers(V, "me", from_s=at_s + float(rng.uniform(40.0, 110.0)))
    scene.right(Expected(vehicle=V, at_most=OWNER, at_least=OWNER, by_s=at_s + 60.0))
    path = ride(rng, a_spot(rng), at_s + 20.0, pace=WALKER, length_m=500.0)
    signs = (*touches(rng, 60.0, at_s), shake, cut(at_s), *rolled(at_s + 20.0, path.end_s))
    life = Life(path=path, until_s=path.end_s + 120.0, signs=signs)
    scene.live("v-2", life)
    way = scene.stolen("v-2", path, until_s=life.until_s)
    scene.answers("v-2", "not_me", from_s=way.onset_s + float(rng.uniform(100.0, 140.0)))
    scene.right(
        Expected(
            vehicle="v-2",
            at_most=POLICE,
            at_least=OWNER,
            by_s=way.onset_s + ROLLED_L1_S,
            incidents=(1, 1),
        )
    )


def tracker_cut(scene: Scene) -> None:
    """22: the case is opened, the power cut, and then silence."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    path = ride(rng, a_spot(rng), at_s + 60.0, length_m=LOOT_M)
    life = Life(
        path=path,
        until_s=at_s + 8.0,
        signs=(*touches(rng, 60.0, at_s), opened(at_s), cut(at_s + 3.0)),
    )
    scene.live(V, life)
    scene.stolen(V, path, until_s=at_s + 900.0, begins_s=at_s)
    scene.answers(V, "not_me", from_s=at_s + float(rng.uniform(60.0, 120.0)))
    scene.tick(at_s + 900.0)
    scene.right(
        Expected(vehicle=V, at_most=POLICE, at_least=OWNER, by_s=at_s + 10.0, incidents=(1, 1))
    )


def jammed(scene: Scene) -> None:
    """25: a jammer on one vehicle, then it moves and only towers tell where."""
    rng = scene.rng("theft")
    at_s = scene.calm(rng)
    path = driven(rng, a_spot(rng), at_s, length_m=LOOT_M)
    until_s = path.end_s + 600.0
    jam = Sign(at_s=at_s - 5.0, event="jamming_gnss", level=3)
    life = Life(
        path=path,
        until_s=until_s,
        signs=(*touches(rng, 60.0, at_s - 60.0), jam, *lifted(at_s)),
        spells=(Spell(from_s=at_s - 6.0, to_s=until_s, hears="cell"),),
    )
    scene.live(V, life)
    way = scene.stolen(V, path, until_s=until_s)
    scene.answers(V, "not_me", from_s=way.onset_s + float(rng.uniform(60.0, 120.0)))
    scene.right(
        Expected(
            vehicle=V,
            at_most=POLICE,
            at_least=OWNER,
            by_s=way.onset_s + L1_S,
            incidents=(1, 1),
        )
    )


def rider_robbed(scene: Scene) -> None:
    """28: a delivery rider is robbed at stop 31; he and his phone stay behind."""
    rng = scene.rng("rider")
    stops = max(6, round(31 * scene.share))
    path, signs = deliveries(rng, a_spot(rng), stops, from_s=300.0)
    left_s = path.end_s
    at_s = left_s + float(rng.uniform(100.0, 160.0))
    loot = ride(rng, end_of(path), at_s + 6.0, length_m=LOOT_M)
    stays = shove(rng, end_of(path), left_s + 10.0, length_m=60.0, speed_mps=1.3)
    life = Life(path=joined(path, loot), until_s=loot.end_s + 120.0, signs=(*signs, *forced(at_s)))
    scene.live(V, life)
    scene.phone(V, joined(path, stays), from_s=250.0, to_s=life.until_s)
    scene.truth(V, 0.0, left_s, "owner")
    way = scene.stolen(V, loot, until_s=life.until_s, parked_s=left_s)
    scene.answers(V, "not_me", from_s=way.onset_s + float(rng.uniform(65.0, 120.0)))
    scene.right(stolen_fast(way.onset_s))


def sparse(scene: Scene) -> None:
    """41: a tracker that reports every 5 min only, and feels nothing, is ridden away."""
    rng = scene.rng("theft")
    at_s = scene.whole(4.0 * 3_600.0) + float(rng.uniform(1_800.0, 2_700.0))
    path = ride(rng, a_spot(rng), at_s + 6.0, length_m=4_000.0)
    life = Life(
        path=path,
        until_s=path.end_s + 900.0,
        every_s=300.0,
    )
    scene.live(V, life)
    way = scene.stolen(V, path, until_s=life.until_s)
    scene.answers(V, "not_me", from_s=way.onset_s + 700.0, for_s=600.0)
    scene.right(
        Expected(
            vehicle=V,
            at_most=POLICE,
            at_least=OWNER,
            by_s=way.onset_s + 2 * life.every_s + 5.0,
            incidents=(1, 1),
        )
    )


def just_parked(scene: Scene) -> None:
    """42: stolen two minutes after it was parked; the owner's phone has gone into a house."""
    rng = scene.rng("theft")
    way_in = ride(rng, a_spot(rng), 20.0, length_m=900.0)
    at_s = way_in.end_s + 120.0
    loot = ride(rng, end_of(way_in), at_s + 6.0, length_m=LOOT_M)
    life = Life(
        path=joined(way_in, loot),
        until_s=loot.end_s + 120.0,
        signs=(
            Sign(at_s=0.0, switches={"ign": True}),
            *switched_off(way_in.end_s + 2.0),
            *forced(at_s),
        ),
    )
    scene.live(V, life)
    stays = shove(rng, end_of(way_in), way_in.end_s + 10.0, length_m=120.0, speed_mps=1.3)
    scene.phone(V, joined(way_in, stays), from_s=0.0, to_s=life.until_s)
    scene.truth(V, 0.0, way_in.end_s, "owner")
    way = scene.stolen(V, loot, until_s=life.until_s, parked_s=way_in.end_s)
    scene.answers(V, "not_me", from_s=way.onset_s + float(rng.uniform(65.0, 120.0)))
    scene.right(
        Expected(
            vehicle=V,
            at_most=POLICE,
            at_least=OWNER,
            by_s=way.onset_s + L1_S,
            incidents=(1, 1),
        )
    )


def _fast_theft(scene: Scene, path: Path, signs: tuple[Sign, ...]) -> None:
    """It is gone; the owner answers after a minute or two."""
    life = Life(path=path, until_s=path.end_s + 120.0, signs=signs)
    scene.live(V, life)
    way = scene.stolen(V, path, until_s=life.until_s)
    rng = scene.rng("answer")
    scene.answers(V, "not_me", from_s=way.onset_s + float(rng.uniform(65.0, 120.0)))
    scene.right(stolen_fast(way.onset_s))


def stolen_fast(onset_s: float) -> Expected:
    """The owner is told, it is police-ready fast, and an incident opens after the ladder."""
    return Expected(
        vehicle=V,
        at_most=POLICE,
        at_least=OWNER,
        by_s=onset_s + L1_S,
        is_fast=True,
        incidents=(1, 1),
    )

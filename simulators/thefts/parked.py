"""Scenarios 1-7, 13 and 44: it stands, and only its receiver moves."""

import math

from simulators.thefts.expected import OWNER, Expected
from simulators.thefts.lives import Life, Sign, Slip, Spell
from simulators.thefts.receivers import ROOFED
from simulators.thefts.scene import Scene
from simulators.thefts.signs import key_taken, key_turned, touches
from simulators.thefts.ways import Spot, a_spot, joined, parked, ride

V = "v-1"
DAY_S = 86_400.0
BROKEN = (
    (b'{"v":1,"seq":%d,"t":%d,"pos":{"lat":91.0,"lon":117.2,"src":"gnss","valid":true}}', "range"),
    (b'{"v":1,"seq":%d,"t":%d,"pos":{"lat":NaN,"lon":117.2,"src":"gnss","valid":true}}', "number"),
    (b'{"v":1,"seq":%d,"t":%d,"pos":{"lat":"3x","lon":117.2,"src":"gnss","valid":true}}', "number"),
    (b'{"v":1,"seq":%d,"t":%d,"pos":{"lat":1e999,"lon":1.0,"src":"gnss"}}', "number"),
    (b'{"v":1,"seq":%d,"t":%d,"pos":{"lat":31.8,"lon":-181,"src":"gnss"}}', "range"),
    (b'{"v":1,"seq":%d,"t":%d,"pos":', "json"),
)
"""Payloads that are refused, and why (docs/wire.md)."""
NULL_ISLAND = (
    b'{"v":1,"seq":%d,"t":%d,"pos":{"lat":0,"lon":0,"src":"gnss","valid":true},"next_s":10}'
)


def open_sky(scene: Scene) -> None:
    """1: a day under open sky."""
    _stand(scene, scene.whole(DAY_S), noise="measured")


def canyon(scene: Scene) -> None:
    """2: a day in a street canyon."""
    _stand(scene, scene.whole(DAY_S), noise="street-b")


def _stand(scene: Scene, until_s: float, *, noise: str) -> None:
    rng = scene.rng("parked")
    path = parked(a_spot(rng))
    scene.live(V, Life(path=path, until_s=until_s, noise=noise, signs=touches(rng, 60.0, until_s)))
    scene.truth(V, 0.0, until_s, "parked")
    scene.right(Expected(vehicle=V, at_most=OWNER, alerts=(0, 99)))


def garage(scene: Scene) -> None:
    """3: nine hours under the ground, cold starts far off, and the owner drives out."""
    rng = scene.rng("garage")
    start = a_spot(rng)
    arrives = ride(rng, start, 20.0, length_m=500.0)
    dark_s, leaves_s = arrives.end_s - 15.0, arrives.end_s + scene.whole(9 * 3_600.0)
    leaves = ride(
        rng, (float(arrives.east_m[-1]), float(arrives.north_m[-1])), leaves_s, length_m=900.0
    )
    until_s = leaves.end_s + 300.0
    colds = (leaves_s - 400.0, leaves_s - 30.0)
    slips = tuple(_cold_start(scene, at_s, k) for k, at_s in enumerate(colds))
    scene.live(
        V,
        Life(
            path=joined(arrives, leaves),
            until_s=until_s,
            signs=(
                Sign(at_s=0.0, switches={"ign": True, "armed": False}),
                *key_turned(arrives.end_s + 2.0),
                *touches(rng, arrives.end_s + 60.0, leaves_s - 30.0),
                *key_taken(leaves_s - 6.0),
                *key_turned(leaves.end_s + 2.0),
            ),
            spells=(
                Spell(from_s=dark_s, to_s=colds[0], hears="none"),
                Spell(from_s=colds[0] + 40.0, to_s=colds[1], hears="none"),
            ),
            slips=slips,
        ),
    )
    scene.truth(V, 0.0, until_s, "owner")
    scene.quiet(V)


def _cold_start(scene: Scene, at_s: float, number: int) -> Slip:
    """The first fixes after the dark: 60-500 m off, and back within a minute."""
    rng = scene.rng("cold", str(number))
    off_m, angle = float(rng.uniform(60.0, 500.0)), float(rng.uniform(0.0, 2.0 * math.pi))
    return Slip(
        from_s=at_s - 40.0,
        to_s=at_s + 60.0,
        east_m=off_m * math.sin(angle),
        north_m=off_m * math.cos(angle),
        edge_s=40.0,
        hdop=6.0,
        sat=4,
        acc_m=60.0,
    )


def garage_slip(scene: Scene) -> None:
    """4: under a roof the position stands 250 m off for five minutes; nothing shakes."""
    rng = scene.rng("parked")
    at_s = scene.calm(rng)
    angle = float(rng.uniform(0.0, 2.0 * math.pi))
    slip = Slip(
        from_s=at_s,
        to_s=at_s + 300.0,
        east_m=250.0 * math.sin(angle),
        north_m=250.0 * math.cos(angle),
        hdop=3.0,
    )
    early = (Sign(at_s=100.0, event="vibration", level=1),)
    life = Life(
        path=parked(a_spot(rng)),
        until_s=at_s + 300.0 + scene.whole(900.0),
        noise=ROOFED,
        signs=early,
        slips=(slip,),
    )
    scene.live(V, life)
    scene.truth(V, 0.0, life.until_s, "parked")
    scene.right(Expected(vehicle=V, at_most=OWNER, alerts=(0, 2)))


def indoors(scene: Scene) -> None:
    """5: parked in a hall: towers and networks 300-1,500 m off."""
    rng = scene.rng("parked")
    in_s, until_s = 900.0, 900.0 + scene.whole(4 * 3_600.0)
    middle_s = 0.5 * (in_s + until_s)
    scene.live(
        V,
        Life(
            path=parked(a_spot(rng)),
            until_s=until_s,
            every_s=30.0,
            signs=touches(rng, 60.0, until_s),
            spells=(
                Spell(from_s=in_s, to_s=middle_s, hears="cell"),
                Spell(from_s=middle_s, to_s=until_s, hears="wifi", off_m=(300.0, 600.0)),
            ),
        ),
    )
    scene.truth(V, 0.0, until_s, "parked")
    scene.quiet(V)


def broken_numbers(scene: Scene) -> None:
    """6: null island, latitude 91, NaN and text where numbers must be."""
    rng = scene.rng("parked")
    until_s = scene.whole(3_600.0, least_s=900.0)
    scene.live(
        V, Life(path=parked(a_spot(rng)), until_s=until_s, signs=touches(rng, 60.0, until_s))
    )
    reasons: dict[str, int] = {}
    for k, at_s in enumerate(sorted(rng.uniform(200.0, until_s, 30).tolist())):
        number, t_ms = 900_000 + k, scene.ms(at_s)
        if k % 5 == 0:
            scene.send(at_s + 0.4, f"trk/trk-{V}/fix", NULL_ISLAND % (number, t_ms))
            continue
        payload, reason = BROKEN[k % len(BROKEN)]
        reasons[reason] = reasons.get(reason, 0) + 1
        scene.send(at_s + 0.4, f"trk/trk-{V}/fix", payload % (number, t_ms), text=False)
    for reason, number in reasons.items():
        scene.must("quarantine", device=f"trk-{V}", reason=reason, value=number)
    scene.truth(V, 0.0, until_s, "parked")
    scene.quiet(V)


def static_hold(scene: Scene) -> None:
    """7: parked noise is exactly zero for hours, then a fix is 12 m off."""
    rng = scene.rng("parked")
    until_s = scene.whole(6 * 3_600.0, least_s=2_400.0)
    wakes_s = sorted(rng.uniform(1_200.0, until_s - 300.0, 3).tolist())
    slips = []
    for at_s in wakes_s:
        angle = float(rng.uniform(0.0, 2.0 * math.pi))
        slips.append(
            Slip(
                from_s=at_s,
                to_s=at_s + 10.0,
                east_m=12.0 * math.sin(angle),
                north_m=12.0 * math.cos(angle),
                edge_s=0.1,
                hdop=1.0,
                sat=12,
                acc_m=3.0,
            )
        )
    scene.live(
        V,
        Life(
            path=parked(a_spot(rng)),
            until_s=until_s,
            signs=touches(rng, 60.0, until_s),
            spells=(Spell(from_s=40.0, to_s=until_s, hears="frozen"),),
            slips=tuple(slips),
        ),
    )
    scene.truth(V, 0.0, until_s, "parked")
    scene.quiet(V)


def knocked_over(scene: Scene) -> None:
    """13: it falls where it stands."""
    rng = scene.rng("parked")
    at_s = scene.calm(rng)
    fall = (
        Sign(at_s=at_s, event="vibration", level=2),
        Sign(at_s=at_s + 1.5, event="fall", level=3),
    )
    life = Life(
        path=parked(a_spot(rng)),
        until_s=at_s + scene.whole(900.0, least_s=300.0),
        signs=(*touches(rng, 60.0, at_s), *fall),
    )
    scene.live(V, life)
    scene.truth(V, 0.0, life.until_s, "parked")
    scene.right(
        Expected(
            vehicle=V, at_most=OWNER, at_least=OWNER, by_s=at_s + 60.0, reasons=("fall", "fell")
        )
    )


def home_fence(scene: Scene) -> None:
    """44: the home fence ends 5 m from where it stands."""
    rng = scene.rng("parked")
    until_s = scene.whole(12 * 3_600.0, least_s=1_800.0)
    spot = a_spot(rng)
    angle = float(rng.uniform(0.0, 2.0 * math.pi))
    radius_m = 60.0
    inside_m = radius_m - 5.0
    middle: Spot = spot[0] - inside_m * math.sin(angle), spot[1] - inside_m * math.cos(angle)
    scene.place("fence", "home", middle, radius_m, type="keep_in", vehicle=V)
    scene.live(V, Life(path=parked(spot), until_s=until_s, signs=touches(rng, 60.0, until_s)))
    scene.must("event", vehicle=V, reason="geofence_exit", value=0)
    scene.must("event", vehicle=V, reason="geofence_enter", value=0)
    scene.truth(V, 0.0, until_s, "parked")
    scene.quiet(V)

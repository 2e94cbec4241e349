"""Stories and the truth about them."""

import math

import msgspec
import numpy as np
import pytest

from simulators.outgoing import generator, wall_from
from simulators.scenarios import (
    Act,
    Kind,
    Story,
    Truth,
    behaviour_json,
    build_story,
    truth_lines,
    truth_of,
)
from simulators.tracks import ONSET_M, Box, LocalFrame, Pace, street_path
from simulators.world import CITY, WorldSize, build_world
from support.sim_parts import SMALL, START_MS, city_messages, payloads


def cast(*, report_s: float = 2.0, seconds: float = 60.0, seed: int = 1) -> dict[Kind, Act]:
    world = build_world(seed, SMALL)
    acts = build_story(Story.THEFTS, world, report_s=report_s, seconds=seconds)
    return {act.kind: act for act in acts}


@pytest.mark.parametrize(("report_s", "seconds"), [(2.0, 60.0), (10.0, 120.0)])
def test_story_leaves_time_for_anchors_and_has_time_to_show(
    report_s: float, seconds: float
) -> None:
    """At least three fixes before anything happens, and every theft leaves 30 m in the run."""
    for act in cast(report_s=report_s, seconds=seconds).values():
        place = act.script.path.place(seconds)
        away_m = math.hypot(place.east_m - act.vehicle.east_m, place.north_m - act.vehicle.north_m)

        assert act.start_s >= max(11.0, 4 * report_s)
        assert away_m > 30.0 or not act.kind.is_theft


def test_story_has_three_kinds_of_theft_and_two_false_ones() -> None:
    """Everybody in it is another vehicle."""
    acts = cast()

    assert sum(kind.is_theft for kind in acts) == 3
    assert set(acts) == set(Kind) - {Kind.REAL_RIDE}
    assert len({act.vehicle.vehicle_id for act in acts.values()}) == 5


@pytest.mark.parametrize(
    ("kind", "slow_mps", "fast_mps"),
    [
        (Kind.RIDDEN_AWAY, 5.0, 7.0),
        (Kind.LIFTED_INTO_VAN, 8.0, 12.0),
        (Kind.ROLLED_AWAY, 1.3, 1.8),
        (Kind.FORGOTTEN_DISARM, 4.0, 7.0),
    ],
)
def test_speed_fits_the_kind(kind: Kind, slow_mps: float, fast_mps: float) -> None:
    """Riders, vans and walkers move at their pace on straight streets."""
    path = cast()[kind].script.path
    speeds_mps = [path.place(float(s)).speed_mps for s in np.arange(path.start_s, path.end_s, 1.0)]
    middle_mps = float(np.median(speeds_mps))

    assert slow_mps <= middle_mps <= fast_mps
    assert max(speeds_mps) <= fast_mps + 1e-6


def test_onset_is_ten_metres_of_true_displacement() -> None:
    """Just before the onset it is within 10 m of its place, just after it is not."""
    for kind in (Kind.RIDDEN_AWAY, Kind.LIFTED_INTO_VAN, Kind.ROLLED_AWAY):
        path = cast()[kind].script.path
        onset_s = path.onset_s()

        for at_s, outside in ((onset_s - 0.2, False), (onset_s + 0.01, True)):
            place = path.place(at_s)
            away_m = math.hypot(place.east_m - path.east_m[0], place.north_m - path.north_m[0])
            assert (away_m > ONSET_M) is outside


def test_signs_of_each_theft_are_sent() -> None:
    """Forced ignition, tilt and power cut, or shaking: what the platform may hear."""
    acts, records = cast(), city_messages()

    said = {
        kind: {e["type"] for e in payloads(records, "event", act.vehicle.device_id)}
        for kind, act in acts.items()
    }

    assert said[Kind.RIDDEN_AWAY] == {"vibration", "illegal_ignition"}
    assert said[Kind.LIFTED_INTO_VAN] == {"vibration", "tilt", "power_cut"}
    assert said[Kind.ROLLED_AWAY] == {"vibration"}
    assert said[Kind.MULTIPATH_BAIT] == set()
    assert said[Kind.FORGOTTEN_DISARM] == {"vibration"}


def test_bait_wanders_far_without_any_sign_of_motion() -> None:
    """60-120 m off for at most 90 s, speed 0, hdop 2-4, and back again."""
    act = cast(seconds=120.0)[Kind.MULTIPATH_BAIT]
    records = city_messages(seconds=120.0)
    fixes = payloads(records, "fix", act.vehicle.device_id)
    first = fixes[0]["pos"]
    frame = LocalFrame(lat_deg=first["lat"], lon_deg=first["lon"])

    away_m = np.array(
        [math.hypot(*frame.to_metres(f["pos"]["lat"], f["pos"]["lon"])) for f in fixes]
    )

    far = [fix for fix, metres in zip(fixes, away_m, strict=True) if metres > 55.0]
    assert 50.0 < away_m.max() < 160.0
    assert far[-1]["t"] - far[0]["t"] <= 90_000
    assert all(fix["pos"]["spd_kmh"] == 0.0 and 2.0 <= fix["pos"]["hdop"] <= 4.0 for fix in far)
    assert not any(fix["st"]["motion"] for fix in fixes)
    assert away_m[-1] < 40.0


def test_truth_file_can_be_scored() -> None:
    """One line per vehicle with onset and answer; the bait has no onset."""
    to_wall = wall_from(START_MS)

    lines = truth_lines(truth_of(act, to_wall) for act in cast().values()).splitlines()

    truths = {t.kind: t for t in (msgspec.json.decode(line, type=Truth) for line in lines)}
    assert len(truths) == 5
    assert truths[Kind.MULTIPATH_BAIT].onset_ms is None
    assert truths[Kind.RIDDEN_AWAY].answer == "not_me"
    assert truths[Kind.FORGOTTEN_DISARM].answer == "me"
    for truth in truths.values():
        assert truth.onset_ms is None or START_MS + 10_000 < truth.start_ms < truth.onset_ms


def test_owners_answer_by_what_befell_them() -> None:
    """Thefts are denied, everything else is "me", the forgetful owner's ride as well."""
    acts = cast()

    told = msgspec.json.decode(behaviour_json(acts.values(), answer_s=7.0))

    assert told["default"] == {"after_s": 7.0, "answer": "me"}
    assert told[acts[Kind.ROLLED_AWAY].vehicle.vehicle_id]["answer"] == "not_me"
    assert told[acts[Kind.FORGOTTEN_DISARM].vehicle.vehicle_id]["answer"] == "me"


def test_too_small_a_city_is_refused() -> None:
    """A story needs five vehicles near the middle, and says so."""
    world = build_world(1, WorldSize(trackers=2))

    with pytest.raises(ValueError, match="needs 5 vehicles"):
        build_story(Story.THEFTS, world, report_s=2.0, seconds=60.0)


def test_streets_never_leave_the_city() -> None:
    """However long the way, it stays in the box and has the wished length."""
    for seed in range(20):
        path = street_path(
            generator(seed, "street"),
            start_s=0.0,
            start=(CITY.half_m - 5.0, -CITY.half_m + 5.0),
            length_m=2_000.0,
            pace=Pace(slow_mps=5.0, fast_mps=5.0),
            box=CITY,
        )

        legs_m = np.hypot(np.diff(path.east_m), np.diff(path.north_m))
        assert all(
            CITY.holds(float(e), float(n)) for e, n in zip(path.east_m, path.north_m, strict=True)
        )
        assert legs_m.sum() == pytest.approx(2_000.0, rel=0.05)


def test_box_too_small_for_a_leg_is_refused() -> None:
    """A street of 80 m needs a box that holds it."""
    with pytest.raises(ValueError, match="does not fit"):
        street_path(
            generator(1),
            start_s=0.0,
            start=(0.0, 0.0),
            length_m=500.0,
            pace=Pace(slow_mps=5.0, fast_mps=5.0),
            box=Box(half_m=30.0),
        )

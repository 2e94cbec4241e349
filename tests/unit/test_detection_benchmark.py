"""The harness counts as the protocol says, and never prints a bare 0."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from alerts.intervals import wilson_95
from alerts.policy import DetectionPolicy
from benchmarks import detection_full
from benchmarks.detection_baselines import Fence, StayPoint, TraccarOld, all_of
from benchmarks.detection_full import Chunk, as_peaks, policy_text
from benchmarks.detection_measure import level_row, nats_of
from benchmarks.detection_parked import Episodes, Peaks, parked
from benchmarks.detection_report import rate
from benchmarks.detection_thefts import Watching, Ways, chased, pushed
from benchmarks.intervals import poisson
from simulators.noise_families import FAMILIES

ONE = np.array([0])


def test_exact_poisson_interval() -> None:
    """As in tables (Garwood): 0 events bound the mean by 3.69, 3 lie between 0.62 and 8.77."""
    assert poisson(0, 1.0)[0] == 0.0
    np.testing.assert_allclose(poisson(0, 1.0)[1], 3.6889, atol=1e-3)
    np.testing.assert_allclose(poisson(3, 1.0), (0.6187, 8.7673), atol=1e-3)
    assert poisson(0, 370_000)[1] == pytest.approx(1e-5, rel=0.01)


def test_wilson_interval() -> None:
    """66 of 66 is no certainty."""
    low, high = wilson_95(66, 66)

    assert low == pytest.approx(0.945, abs=1e-3)
    assert high == pytest.approx(1.0)
    assert wilson_95(0, 0) == (0.0, 1.0)


def test_alarms_within_300_s_are_one_as_strong_as_the_strongest() -> None:
    """Later ones begin another episode once it was back at its anchor."""
    episodes = Episodes(1)
    for now_s, nats in ((0, 5.0), (200, 9.0), (450, 7.0), (900, 8.0)):
        episodes.take(now_s, ONE, np.array([nats]))
    episodes.back(ONE)
    for now_s, nats in ((1_300, 3.0), (1_350, 0.0)):
        episodes.take(now_s, ONE, np.array([nats]))

    assert sorted(episodes.peaks()) == [3.0, 9.0]


def test_peaks_count_for_every_threshold() -> None:
    """Rules without one count at all of them."""
    peaks = Peaks(vehicle_days=2.0, owner=[5.0, 9.0, math.inf], police=[9.0])

    assert [peaks.owner_n(h) for h in (4, 6, 10)] == [3, 2, 1]
    assert (peaks + peaks).police_n(8) == 2


def test_long_run_counts_what_sensors_say_and_refuses_files_that_did_not(tmp_path: Path) -> None:
    """Each line is whole: what is police-ready in it is in the sum."""
    chunk = Chunk(
        family="open",
        number=1_000,
        vehicle_days=2.0,
        owner=[9.0],
        police=[8.2],
        sensed=[10.2],
        told=1,
        ready=[10.1],
        sure=1,
        cpu_s=1.0,
        policy=policy_text(DetectionPolicy()),
    )
    path, old = tmp_path / "new.jsonl", tmp_path / "old.jsonl"
    path.write_bytes(msgspec.json.encode(chunk) + b"\n")
    fields = msgspec.to_builtins(chunk)
    del fields["ready"]
    old.write_bytes(msgspec.json.encode(fields) + b"\n")

    peaks = as_peaks(detection_full.read(path) * 2)

    assert peaks.sensed == [10.2, math.inf] * 2
    assert peaks.ready == [10.1, 10.1]
    assert peaks.owner_n(100) == 2
    with pytest.raises(ValueError, match=r"old\.jsonl was run by another version .*`ready`"):
        detection_full.read(old)


def test_every_sites_threshold_is_within_the_grid_and_none_beyond_is_taken() -> None:
    """At a threshold below the one looked up figures would be better than they are."""
    watch = Watching(1, np.array([100.0]), np.array([105.0]))
    watch.take(120.0, ONE, [np.array([60.0])], np.full(1, 80.0))
    level, nats = watch.level(0), nats_of(DetectionPolicy())

    highest = max(nats(family)[1] for family in FAMILIES)

    assert [level_row(level, 10.0, h)["found"] for h in (32.0, 50.0, 60.0, highest)] == [1, 1, 0, 0]
    with pytest.raises(ValueError, match="121 nats are above the grid"):
        level_row(level, 10.0, 121.0)


def test_alarm_before_the_onset_is_a_miss() -> None:
    """However soon the true one comes: it was told already."""
    watch = Watching(1, np.array([100.0, 100.0]), np.array([105.0, 105.0]))
    watch.take(50.0, np.array([0]), [np.array([9.0])], np.zeros(2))
    watch.take(120.0, np.array([0, 1]), [np.array([9.0, 9.0])], np.full(2, 80.0))

    level = watch.level(0)

    assert level.after_s[3].tolist() == [math.inf, 20.0]
    assert level.in_time(10.0)[3].tolist() == [False, True]


def test_thief_goes_at_his_speed_along_legs() -> None:
    """2 m/s for 300 s from when he leaves: 600 m of way, less as the crow flies."""
    ways = Ways(np.random.default_rng(1), np.full(50, 2.0), np.full(50, 100.0))
    places = [ways.until(now_s).copy() for now_s in range(0, 401, 5)]

    steps_m = np.hypot(*np.diff(np.array(places), axis=0).transpose(1, 0, 2)).sum(axis=0)
    away_m = np.hypot(*places[-1])

    assert np.hypot(*places[20]).max() == 0
    assert 560 < steps_m.min() <= steps_m.max() < 600.001
    assert 400 < away_m.min() < away_m.max() <= 600.001


def test_baselines_alarm_as_they_are_named() -> None:
    """A fence by its radius and count; a stay point after five minutes; speed for 300 s."""
    zero, out = np.zeros(1), np.array([120.0])
    fence, three = Fence(1, 100.0), Fence(1, 100.0, fixes=3)
    stay, old = StayPoint(1), TraccarOld(1)
    for now_s in range(0, 400, 10):
        for one in (fence, three, stay, old):
            assert not one.step(now_s, ONE, zero, zero, zero)[0]

    assert fence.step(400, ONE, out, zero, zero)[0]
    assert stay.step(400, ONE, out, zero, zero)[0]
    assert [bool(three.step(400 + k, ONE, out, zero, zero)[0]) for k in range(3)][-1]
    moving = [bool(old.step(400 + 10 * k, ONE, out, zero, np.array([3.0]))[0]) for k in range(32)]
    assert moving.index(True) == 30
    assert len({baseline.name for baseline in all_of(1)}) == 16


def test_parked_day_is_the_same_for_one_seed() -> None:
    """40 vehicles, six hours at 60 s; a fence of 50 m alarms in it, the police level does not."""
    policy = DetectionPolicy()
    runs = [
        parked(
            "open-harsh",
            vehicles=40,
            hours=6.0,
            every_s=60.0,
            number=7,
            policy=policy,
            also=all_of(40),
        )
        for _ in range(2)
    ]

    assert runs[0] == runs[1]
    assert runs[0].others["fence 50 m, first fix"] > 5
    assert runs[0].police_n(12.0) == 0


def test_ride_is_found_and_a_push_is_not() -> None:
    """Sixty of each, 30 s: all rides at 12 nats, no push of 30 m by police."""
    policy = DetectionPolicy()
    ride = chased("open", "ride", thefts=60, every_s=30.0, number=8, policy=policy)
    push = pushed("open", metres=30.0, pushes=60, every_s=30.0, number=8, policy=policy)

    assert ride.police.found()[5].mean() >= 0.98
    assert not push.police.found().any()
    assert push.owner.found()[4].mean() <= 0.02


def test_zero_is_printed_as_a_bound() -> None:
    """Nothing seen in 100 days says: less than 0.037 a day."""
    text = rate({"n": 0, "per_day": 0.0, "low": 0.0, "high": poisson(0, 100)[1]})

    assert text == "< 3.7e-02"

"""The score against worked examples and published tables."""

import pytest
from rich.console import Console

from alerts.intervals import poisson_95, wilson_95
from parkguard.replay.score_table import score_table
from parkguard.replay.scoring import Score, Tally
from support.factories import at_ms
from support.replay_files import DEVICE, Line, fix, run_of, side, theft

DAY_S = 86_400


def truth(state: str, begin_s: float, end_s: float, onset_s: float | None = None) -> Line:
    """What really happened to v-1."""
    onset = {} if onset_s is None else {"onset": at_ms(onset_s)}
    span = {"from": at_ms(begin_s), "to": at_ms(end_s)}
    return {"kind": "truth", "vehicle": "v-1", "state": state, **span, **onset}


def score_of(*runs: list[Line]) -> Score:
    """All runs in one table."""
    tally = Tally()
    for lines in runs:
        run = run_of(lines)
        tally.add(run.timeline.observed, run.truths)
    return tally.score()


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (0, 0.0, 3.688879),
        (1, 0.025318, 5.571643),
        (5, 1.623486, 11.668332),
        (100, 81.3636, 121.627),
    ],
)
def test_poisson_bounds(count: int, low: float, high: float) -> None:
    """Garwood's table."""
    assert poisson_95(count) == pytest.approx((low, high), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [(0, 10, 0.0, 0.27754), (10, 10, 0.72246, 1.0), (8, 10, 0.490162, 0.943318), (0, 0, 0.0, 1.0)],
)
def test_wilson_bounds(hits: int, tries: int, low: float, high: float) -> None:
    """Published examples; nothing is known without a try."""
    assert wilson_95(hits, tries) == pytest.approx((low, high), abs=1e-4)


def test_theft_that_was_seen_is_a_hit_with_its_delay() -> None:
    """Delay runs from the true onset to the receipt of what raised it."""
    lines = [truth("parked", 0, 195), truth("theft", 195, 400, 202), *theft()]

    score = score_of(lines)

    raised = run_of(theft()).timeline.observed.changes[0].alert.caused_recv_ms
    assert score.thefts == 1
    assert (score.owner_notice.detected, score.owner_notice.false) == (1, 0)
    assert score.owner_notice.delay_s_p50 == pytest.approx((raised - at_ms(202)) / 1000, abs=0.1)
    assert score.police_ready.detected == 1
    assert (score.dispatched.detected, score.dispatched.missed) == (0, 1)
    assert score.vehicle_days == pytest.approx((195 + 7) / DAY_S, abs=1e-6)


def test_ride_of_its_owner_is_a_false_alarm() -> None:
    """Per vehicle-day with bounds."""
    score = score_of([truth("owner", 0, DAY_S), *theft()])

    assert score.vehicle_days == 1.0
    assert (score.owner_notice.false, score.dispatched.false) == (1, 0)
    assert score.owner_notice.false_per_vehicle_day == 1.0
    assert score.owner_notice.false_per_vehicle_day_95 == pytest.approx((0.02532, 5.572), rel=1e-3)
    assert score.dispatched.false_per_vehicle_day_95 == pytest.approx((0.0, 3.689), rel=1e-3)
    assert score.owner_notice.share is None


def test_false_alarm_before_the_onset_is_a_false_alarm_and_a_miss() -> None:
    """Whatever is said of the theft afterwards."""
    lines = [truth("parked", 0, 250), truth("theft", 250, 900, 260), *theft(), side(900, "tick")]

    score = score_of(lines)

    assert score.owner_notice.false == 1
    assert (score.owner_notice.detected, score.owner_notice.missed) == (0, 1)


def test_alarm_on_a_vehicle_without_truth_is_not_scored() -> None:
    """Nothing is known of it."""
    other = truth("parked", 0, DAY_S) | {"vehicle": "v-2"}

    assert score_of([other, *theft()]).owner_notice.false == 0


def test_runs_add_up() -> None:
    """Every file is a city of its own."""
    calm = [truth("parked", 0, DAY_S), DEVICE, fix(0)]
    stolen = [truth("theft", 195, 400, 202), *theft()]

    score = score_of(calm, calm, stolen)

    assert (score.thefts, score.owner_notice.detected) == (1, 1)
    assert score.vehicle_days == pytest.approx(2.0, abs=1e-3)


def test_table_never_prints_a_bare_zero() -> None:
    """None seen is an upper bound."""
    console = Console(width=200, record=True, file=None, quiet=True)
    console.quiet = False
    with console.capture() as captured:
        console.print(score_table(score_of([truth("parked", 0, DAY_S), DEVICE, fix(0)])))

    text = captured.get()
    assert "at most 3.7 (none seen)" in text
    assert "no theft" in text

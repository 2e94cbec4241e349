"""Families of noise: as wide as they say, the same for one seed, and split for good."""

import importlib
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest

from benchmarks import asking, backtest_city, detection_full
from benchmarks.detection_measure import QUICK, WHOLE
from simulators.noise_families import (
    FAMILIES,
    REPORTING,
    REPORTING_SEEDS,
    TUNING,
    TUNING_SEEDS,
    Family,
    Shaping,
    seed_of,
)
from simulators.noise_field import Errors, NoiseField, draw


def _parts(family: Family) -> set[object]:
    """What a family is made of; no outages and no shaping are no parts."""
    made: set[object] = {family.wander, *family.leaps, family.outages, family.shaping}
    return made - {None, Shaping()}


def test_tuning_and_reporting_share_nothing() -> None:
    """Neither names, seeds nor any part: no wander, no process of excursions, no outages."""
    assert not TUNING.keys() & REPORTING.keys()
    assert not set(TUNING_SEEDS) & set(REPORTING_SEEDS)
    assert not [
        (tuned, told, shared)
        for tuned, one in TUNING.items()
        for told, other in REPORTING.items()
        if (shared := _parts(one) & _parts(other))
    ]


@pytest.mark.parametrize(("name", "known"), [("fit_rates", TUNING), ("rates_kept", REPORTING)])
def test_benchmark_draws_only_its_side(name: str, known: dict[str, Family]) -> None:
    """What fits takes tuning families, what tells takes reporting ones."""
    module = importlib.import_module(f"benchmarks.{name}")
    sides = {"TUNING": TUNING, "REPORTING": REPORTING}
    taken = [side for word, side in sides.items() if word in vars(module)]

    assert taken == [known]


@pytest.mark.parametrize(
    "names",
    [
        [family for family, _ in (*WHOLE.parked, *QUICK.parked)],
        [*WHOLE.theft_families, *QUICK.theft_families],
        detection_full.FAMILIES,
        asking.FAMILIES,
        [backtest_city.NOISE],
    ],
    ids=["parked", "thefts", "full", "asking", "backtest"],
)
def test_figures_are_of_reporting_families(names: Sequence[str]) -> None:
    """Every benchmark whose figures stand in the docs."""
    assert set(names) <= REPORTING.keys()


def test_no_two_runs_draw_the_same() -> None:
    """Every family and number has a seed of its own; others are refused."""
    seeds = {seed_of(name, number) for name in FAMILIES for number in range(50)}

    assert len(seeds) == 50 * len(FAMILIES)
    with pytest.raises(ValueError, match="there are 1000"):
        seed_of("measured", 1_000)


@pytest.mark.parametrize("name", FAMILIES)
def test_family_is_the_same_for_one_seed(name: str) -> None:
    """And another for another; every family has a site, a source, and finite numbers."""
    times_s = np.arange(10.0, 1_200.0, 10.0).tolist()
    one, again, other = (
        draw(FAMILIES[name], vehicles=8, times_s=times_s, seed=seed) for seed in (5, 5, 6)
    )

    for field in fields(Errors):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(again, field.name))
    assert not np.array_equal(one.east_m, other.east_m)
    assert np.isfinite(one.east_m).all()
    assert np.isfinite(one.hdop).all()
    assert FAMILIES[name].site in {"open", "street", "canyon", "garage"}
    assert FAMILIES[name].source


def test_measured_family_is_as_the_logs() -> None:
    """11 stationary logs: 49 / 8.4 a day beyond 30 / 50 m, sd 1.3-10.8 m; 100 vehicle-days."""
    field, far = NoiseField(FAMILIES["measured"], 200, seed=1), []
    squares, steps = np.zeros(200), 4_320
    for _ in range(steps):
        errors = field.after(10.0)
        off_m = np.hypot(errors.east_m, errors.north_m)
        squares += off_m**2 / 2
        far.append([off_m > 30, off_m > 50, off_m > 125])
    begins = np.diff(np.array(far).astype(np.int8), axis=0) == 1
    beyond_30, beyond_50, beyond_125 = begins.sum(axis=(0, 2)) / 100

    assert 25 < beyond_30 < 75
    assert 4 < beyond_50 < 13
    assert beyond_125 < 0.1
    sd_m = np.sqrt(squares / steps)
    assert 1.0 < sd_m.min() < 3.0
    assert 6.0 < sd_m.max() < 15.0


def test_interval_changes_nothing_about_the_noise() -> None:
    """It is a function of time: at 10 s and at 60 s as wide, and as correlated a minute apart."""
    figures = {}
    for every_s in (10.0, 60.0):
        field = NoiseField(FAMILIES["long-memory"], 500, seed=3)
        east = np.array([field.after(every_s).east_m for _ in range(round(7_200 / every_s))])
        minute = east[:: round(60 / every_s)]
        figures[every_s] = (east.std(), np.corrcoef(minute[:-1].ravel(), minute[1:].ravel())[0, 1])

    assert figures[10.0][0] == pytest.approx(figures[60.0][0], rel=0.15)
    assert figures[10.0][1] == pytest.approx(figures[60.0][1], abs=0.08)


def test_garage_is_silent_for_hours_then_far_off() -> None:
    """No fix for 10 min to 9 h; then a cold start of 60-500 m, seen up to 30 s later."""
    field = NoiseField(FAMILIES["garage"], 50, seed=2)
    heard_before, first_m = np.ones(50, np.bool_), []
    dark_s, dark_for_s = np.zeros(50), []
    for _ in range(2_880):
        errors = field.after(30.0)
        back = errors.heard & ~heard_before
        first_m += np.hypot(errors.east_m, errors.north_m)[back].tolist()
        dark_for_s += dark_s[back].tolist()
        dark_s = np.where(errors.heard, 0.0, dark_s + 30.0)
        heard_before = errors.heard

    assert min(dark_for_s) >= 600
    assert np.median(dark_for_s) > 3_600
    assert max(dark_for_s) > 6 * 3_600
    assert len(first_m) > 30
    assert np.median(first_m) > 40
    assert max(first_m) > 150


def test_shaped_coordinates_are_shaped() -> None:
    """1 m grid: differences are whole metres; static hold: most fixes repeat the last."""
    times_s = np.arange(10.0, 2_000.0, 10.0).tolist()
    grid = draw(FAMILIES["grid-1m"], vehicles=3, times_s=times_s, seed=1).east_m
    held = draw(FAMILIES["static-hold"], vehicles=3, times_s=times_s, seed=1).east_m

    steps_m = np.diff(grid, axis=0)
    np.testing.assert_allclose(steps_m, np.rint(steps_m), atol=1e-6)
    assert (np.diff(held, axis=0) == 0).mean() > 0.8

"""A false-alarm rate becomes a threshold: looked up in a curve, or said to be beyond it."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.detection.rate_fit import (
    GENTLEST_PER_NAT,
    LEAST_ALARMS,
    Made,
    Parked,
    TooFewAlarmsError,
    fit,
)
from alerts.detection.rates import AlarmLevel, Curve, Point, Rates
from alerts.detection.thresholds import CODE_OF, Thresholds
from alerts.policy import DetectionPolicy
from devices.model import SiteClass
from parkguard.detection_rates import as_text, own_path, packaged_rates, rates_of, thresholds_of
from parkguard.settings import Settings, SettingsError
from parkguard.settings_overrides import overridden
from support.rates import a_curve, exponential_peaks

RATES = st.floats(1e-9, 1.0)


# -- lookup ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "nats", "is_measured"),
    [
        (1.0, 0.0, True),
        (0.1, 0.0, True),
        (0.01, 4.0, True),
        (0.001, 6.0, True),
        (0.0001, 8.0, True),
        (0.00001, 8 + math.log(10) / 0.5, False),
        (0.000001, 8 + math.log(100) / 0.5, False),
    ],
)
def test_lookup_is_as_computed_by_hand(rate: float, nats: float, is_measured: bool) -> None:  # noqa: FBT001 - a table
    """Straight in the logarithm between points, on with the slope beyond the last."""
    curve = a_curve()

    assert curve.nats_of(rate) == pytest.approx(nats, abs=1e-9)
    assert curve.is_measured(rate) is is_measured


def test_rules_without_a_threshold_come_on_top() -> None:
    """They move no threshold, and stand in what is expected."""
    curve = a_curve(other_per_day=0.009)

    assert curve.nats_of(0.01) == pytest.approx(4.0)
    assert curve.per_day_at(4.0) == pytest.approx(0.019)
    assert curve.per_day_at(12.0) == pytest.approx(0.009 + 1e-4 * math.exp(-2))


@given(rate=RATES, other=RATES)
def test_threshold_falls_as_the_rate_rises(rate: float, other: float) -> None:
    """And what it gives is the rate that was asked, or less."""
    curve, low, high = a_curve(), min(rate, other), max(rate, other)

    assert curve.nats_of(high) <= curve.nats_of(low)
    assert curve.per_day_at(curve.nats_of(low)) <= low * (1 + 1e-9)


# -- files ----------------------------------------------------------------------------------


def test_packaged_curves_cover_every_class_and_fall() -> None:
    """Both levels of each, none of them flat; places differ."""
    rates = packaged_rates()
    nats = {}
    for site_class in SiteClass:
        for level in AlarmLevel:
            curve = rates.find(site_class, level)
            assert curve is not None
            asked = [curve.nats_of(rate) for rate in (1e-2, 1e-4, 1e-6)]
            assert asked == sorted(asked)
            assert asked[0] < asked[-1]
            nats[site_class, level] = asked[1]

    police = {nats[site_class, AlarmLevel.POLICE] for site_class in SiteClass}
    assert len(police) >= len(SiteClass) - 1  # indoors is as a garage
    assert nats[SiteClass.OPEN, AlarmLevel.POLICE] == min(police)


def test_file_of_curves_is_what_it_was(tmp_path: Path) -> None:
    """Written for people, read by the process."""
    rates = Rates(curves=(a_curve(), a_curve(level=AlarmLevel.POLICE)))
    settings = Settings(data_dir=tmp_path)
    own_path(settings).write_text(as_text(rates))

    assert rates_of(settings).find(SiteClass.OPEN, AlarmLevel.OWNER) == a_curve()
    assert len(as_text(rates).splitlines()) < 40


def test_own_curve_wins_and_the_others_stay(tmp_path: Path) -> None:
    """Only the class and level that the city fitted."""
    settings = Settings(data_dir=tmp_path)
    before = thresholds_of(settings)
    own = a_curve(site_class=SiteClass.CANYON, level=AlarmLevel.POLICE)
    own_path(settings).write_text(as_text(Rates(curves=(own,))))

    after, canyon = thresholds_of(settings), CODE_OF[SiteClass.CANYON]

    assert after.police[canyon] == own.nats_of(settings.detection.police_rate)
    assert after.owner.tolist() == before.owner.tolist()
    changed = [k for k in range(len(SiteClass)) if after.police[k] != before.police[k]]
    assert changed == [canyon]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"points": []}, "it has no points"),
        ({"points": [[0.0, 0.1, 9], [0.0, 0.01, 9]]}, "nats do not rise"),
        ({"points": [[-1.0, 0.1, 9]]}, "nats do not rise from 0"),
        ({"points": [[0.0, 0.1, 9], [1.0, 0.1, 9]]}, "rates do not fall"),
        ({"points": [[0.0, 0.0, 9]]}, "not above 0"),
        ({"per_nat": 0.0}, "per_nat is above 0"),
        ({"per_nat": 1.5}, "at most 1"),
        ({"other_per_day": -1.0}, "other_per_day"),
        ({"site_class": "moon"}, "moon"),
        ({"nats": 3}, "unknown field"),
    ],
)
def test_curve_that_cannot_be_is_refused(
    change: dict[str, object], why: str, tmp_path: Path
) -> None:
    """With the file's name, what is wrong, and what to do."""
    settings = Settings(data_dir=tmp_path)
    body = msgspec.to_builtins(a_curve()) | change
    own_path(settings).write_bytes(msgspec.json.encode({"v": 1, "curves": [body]}))

    with pytest.raises(SettingsError) as refused:
        thresholds_of(settings)

    assert why in str(refused.value)
    assert str(own_path(settings)) in str(refused.value)
    assert "fit it again (parkguard detection fit), or remove it" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"v":2}', b"\xff"])
def test_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    """Never passed over: the city would run on curves it does not know of."""
    settings = Settings(data_dir=tmp_path)
    own_path(settings).write_bytes(content)

    with pytest.raises(SettingsError, match="cannot be used"):
        rates_of(settings)


def test_curve_twice_is_refused() -> None:
    """Which of them would count?"""
    with pytest.raises(ValueError, match="open owner: there twice"):
        Rates(curves=(a_curve(), a_curve()))


# -- thresholds -----------------------------------------------------------------------------


def test_police_level_is_above_all_evidence() -> None:
    """However much the city accepts: sensors alone never reach it."""
    loose = DetectionPolicy(owner_rate=1.0, police_rate=1.0)

    nats = Thresholds.looked_up(packaged_rates(), loose)

    assert nats.police.min() >= loose.evidence_max


def test_rates_are_looked_up_per_level() -> None:
    """Each by its own setting, as ``--set`` changes it."""
    strict = overridden(Settings(), ["detection.police_rate=1e-7"])

    before, after = thresholds_of(Settings()), thresholds_of(strict)

    assert (after.police > before.police).all()
    assert (after.owner == before.owner).all()


# -- fitting --------------------------------------------------------------------------------

MADE = Made(
    policy=DetectionPolicy(), fitted_on="2026-11-28", data="made up", seed=7, command="none"
)


def _fitted(*seen: Parked) -> Curve:
    return fit(seen, site_class=SiteClass.OPEN, level=AlarmLevel.OWNER, made=MADE)


def test_curve_of_an_exponential_tail_is_found_again() -> None:
    """20,000 peaks that thin out by e^-0.6 per nat, over 1,000 vehicle-days."""
    peaks = exponential_peaks(20_000, per_nat=0.6, seed=3)

    curve = _fitted(Parked(name="a", peaks=peaks, others=5, vehicle_days=1_000.0))

    for rate in (1.0, 0.1):
        assert curve.nats_of(rate) == pytest.approx(math.log(20.0 / rate) / 0.6, abs=0.3)
    assert curve.points[-1].alarms >= LEAST_ALARMS
    assert curve.lowest_per_day < 0.03
    assert 0.3 < curve.per_nat < 1.0  # ten peaks tell it to a third
    assert curve.other_per_day == 0.005
    assert (curve.vehicle_days, curve.seed) == (1_000.0, 7)


def test_worst_family_counts_at_each_threshold() -> None:
    """One gives many weak alarms, the other few strong ones: the curve is above both."""
    weak = Parked(
        name="weak", peaks=exponential_peaks(5_000, per_nat=2.0, seed=1), others=0, vehicle_days=100
    )
    strong = Parked(
        name="strong", peaks=exponential_peaks(200, per_nat=0.3, seed=2), others=2, vehicle_days=100
    )

    both = _fitted(weak, strong)

    for nats in (0.5, 2.0, 4.0, 6.0):
        worst = max((one.peaks > nats).sum() / 100 for one in (weak, strong))
        assert both.per_day_at(nats) - both.other_per_day >= 0.8 * worst
    assert 0.15 < both.per_nat < 0.6  # ten peaks tell it to a third
    assert both.other_per_day == 0.02


def test_too_few_alarms_are_no_curve() -> None:
    """It says how many there were and what would do."""
    few = Parked(
        name="a", peaks=exponential_peaks(9, per_nat=0.6, seed=1), others=0, vehicle_days=3
    )

    with pytest.raises(TooFewAlarmsError, match="9 alarms in 3 vehicle-days; 10 of one"):
        _fitted(few)


def test_long_silence_bounds_the_rate() -> None:
    """Two alarms in 20,000 vehicle-days: at most 7.22 (Garwood) are behind them."""
    rare = Parked(name="a", peaks=np.array([1.0, 2.0]), others=0, vehicle_days=20_000)

    curve = _fitted(rare, Parked(name="b", peaks=np.array([]), others=0, vehicle_days=20_000))

    assert curve.points == (Point(0.0, 3.612e-4, 2),)
    assert curve.per_nat == GENTLEST_PER_NAT
    assert not curve.is_measured(1e-4)


def test_point_is_counted_by_hand() -> None:
    """Above a threshold, not at it; of thresholds with one rate the highest stands for it."""
    peaks = np.repeat([3.0, 5.0], 10)

    curve = _fitted(Parked(name="a", peaks=peaks, others=0, vehicle_days=40))

    assert curve.points == (Point(2.0, 0.5, 20), Point(4.0, 0.25, 10))

"""How far parked fixes leap is learnt per vehicle, and known of a site's class beforehand."""

import numpy as np
import pytest

from alerts.detection.leaps import SITE_M
from alerts.detection.thresholds import CODE_OF
from devices.model import SiteClass
from support.parking import Floats, Lot


def _at(metres: float) -> Floats:
    return np.array([metres])


def _armed(minutes: int = 30) -> Lot:
    lot = Lot(1)
    for _ in range(minutes * 6):
        lot.step(_at(0), _at(0))
    return lot


def test_excursion_that_comes_back_is_remembered() -> None:
    """As far as it went; while it is out nothing is learnt: it may be a theft."""
    lot = _armed()
    for east_m in (40, 70, 90):
        lot.step(_at(east_m), _at(0))
    out_m = float(lot.arrays.leap_m[0])

    lot.step(_at(1), _at(0))

    assert out_m == 0
    assert lot.arrays.leap_m[0] == pytest.approx(90, abs=1)


def test_one_that_leapt_must_go_farther_to_be_believed() -> None:
    """The next 95 m tell its owner nothing by themselves; 125 m do."""
    lot = _armed()
    for east_m in (40, 70, 90, 0, 0, 0):
        lot.step(_at(east_m), _at(0))
    told = {}

    for east_m in (45, 95, 125, 160):
        moved = lot.step(_at(east_m), _at(0))
        told[east_m] = bool(moved.owner_shape[0] and moved.alone[0])

    assert told == {45: False, 95: False, 125: True, 160: True}


def test_what_was_learnt_fades() -> None:
    """With its time constant, over fixes and over silence."""
    lot = _armed()
    for east_m in (40, 70, 90, 0):
        lot.step(_at(east_m), _at(0))

    for _ in range(10):
        lot.step(_at(0), _at(0), after_s=lot.policy.leap_tau_s / 10)

    assert lot.arrays.leap_m[0] == pytest.approx(90 * 0.9**10, rel=0.02)


def test_memory_outlives_a_disarm_but_not_another_vehicle() -> None:
    """It is of the receiver and of its places, not of one parking."""
    lot = _armed()
    for east_m in (40, 70, 90, 0):
        lot.step(_at(east_m), _at(0))

    lot.arrays.unsettle(0, 1)
    kept_m = float(lot.arrays.leap_m[0])
    lot.arrays.clear(0)

    assert kept_m > 80
    assert lot.arrays.leap_m[0] == 0


@pytest.mark.parametrize(
    ("site_class", "from_m"),
    [(SiteClass.OPEN, 100), (SiteClass.STREET, 115), (SiteClass.CANYON, 150)],
)
def test_class_of_the_site_sets_the_least_distance(site_class: SiteClass, from_m: float) -> None:
    """Owner by position alone, and police, are told beyond what such sites do to fixes."""
    lot = _armed()
    lot.arrays.site_m[:] = SITE_M[CODE_OF[site_class]]
    tracks = {"alone": np.inf, "police": np.inf}

    for east_m in range(22, 300, 5):
        moved = lot.step(_at(east_m), _at(0))
        if moved.alone[0]:
            tracks["alone"] = min(tracks["alone"], east_m)
        if moved.police_shape[0]:
            tracks["police"] = min(tracks["police"], east_m)

    assert tracks == {"alone": from_m + 2, "police": from_m + 2}


def test_police_reach_stays_below_what_must_be_found() -> None:
    """However far it leapt, 2 m/s is police level before 150 m."""
    lot = _armed()
    lot.arrays.leap_m[0] = 500
    police_m = [
        east_m for east_m in range(20, 200, 20) if lot.step(_at(east_m), _at(0)).police_shape[0]
    ]

    assert police_m[0] == 140


def test_noise_about_a_stuck_offset_is_no_new_farthest() -> None:
    """A leap of 100 m that stays there within 4 m gives one farthest point, not three."""
    lot = _armed()

    shapes = [
        bool(lot.step(_at(100 + wobble), _at(0)).owner_shape[0])
        for wobble in (0, 1, 2, 3, 4, 4, 3, 4)
    ]

    assert not any(shapes)


def test_short_steps_add_up_to_a_new_farthest() -> None:
    """Reported every 2 s, a walker makes a new farthest point every few fixes."""
    lot = _armed()

    shapes = [
        bool(lot.step(_at(1.4 * 2 * k), _at(0), after_s=2).police_shape[0]) for k in range(40)
    ]

    assert shapes.index(True) * 2.8 <= 110

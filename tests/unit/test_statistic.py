"""The movement statistic: silent on parked noise, fast on thefts, armed where it stands."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from alerts.detection import statistic
from alerts.detection.anchor import ARMED, DISARMED, SETTLING
from alerts.detection.statistic import CLIP_HIGH, QUIET
from support.parking import NOWHERE, Floats, Lot, Noise, armed_lot, metres

# -- what must not alarm --------------------------------------------------------------------


def test_parked_noise_of_64_vehicle_days_raises_nothing() -> None:
    """Correlated, heavy-tailed noise at 15 s for 24 h; police never, owner in no vehicle here."""
    lot, noise = Lot(64), Noise(64, seed=20_251_125)
    owner = police = 0

    for _ in range(5_760):
        moved = lot.step(*noise.after(15), after_s=15)
        owner += int(lot.owner(moved).sum())
        police += int(lot.police(moved).sum())

    assert (owner, police) == (0, 0)
    assert (lot.arrays.mode == ARMED).all()


@given(
    east_m=st.floats(-1e5, 1e5),
    north_m=st.floats(-1e5, 1e5),
    after_s=st.floats(1, 10_000),
)
def test_no_single_fix_alarms(east_m: float, north_m: float, after_s: float) -> None:
    """However far and however late it comes: its nats are clipped, the counts say one."""
    lot = armed_lot(hour=0.1)

    moved = lot.step(metres(east_m), metres(north_m), after_s=after_s)

    assert moved.score[0] <= CLIP_HIGH
    assert not moved.owner_shape[0]
    assert not moved.police_shape[0]
    assert not moved.slow[0]


@given(steps=st.lists(st.floats(-400, 400), max_size=15), east_m=st.floats(-9, 9))
def test_fix_at_the_anchor_leaves_the_score_at_two_at_most(
    steps: list[float], east_m: float
) -> None:
    """Whatever came before."""
    lot = armed_lot(hour=0.1)
    for step_m in steps:
        lot.step(metres(step_m), metres(0))
    a = lot.arrays

    moved = lot.step(a.anchor_x[:1] + east_m, a.anchor_y[:1])

    assert moved.at_anchor[0]
    assert moved.score[0] <= QUIET


def test_push_of_25_m_tells_nobody() -> None:
    """To the next rack and there it stays: neither police nor owner."""
    lot, noise = Lot(50), Noise(50, seed=5)
    lot.park(noise, 3_600)
    told = np.zeros(50, bool)

    for k in range(180):
        east, north = noise.after(10)
        moved = lot.step(east + min(25, 10 * (k + 1)), north)
        told |= lot.owner(moved) | lot.police(moved)

    assert not told.any()


@pytest.mark.parametrize("excursion_m", [110, 588])
def test_multipath_excursion_reaches_no_police(excursion_m: float) -> None:
    """Out for two minutes at one place, and back: measured on real receivers."""
    lot, noise = Lot(20), Noise(20, seed=6)
    lot.park(noise, 3_600)
    police = np.zeros(20, bool)

    for k in range(30):
        east, north = noise.after(10)
        moved = lot.step(east + (excursion_m if 3 <= k < 15 else 0), north)
        police |= lot.police(moved)

    assert not police.any()


# -- what must be found ---------------------------------------------------------------------


class _Chase:
    """Vehicles that leave at once, each in its own direction; when is who told?"""

    def __init__(self, lot: Lot, noise: Noise, speed_mps: Floats, *, every_s: float) -> None:
        size = len(lot.slots)
        angle = np.linspace(0, 2 * np.pi, size, endpoint=False)
        self.owner_s = np.full(size, np.inf)
        self.police_s = np.full(size, np.inf)
        self.speed_mps = speed_mps
        for k in range(1, round(300 / every_s) + 1):
            gone_m = speed_mps * every_s * k
            east, north = noise.after(every_s)
            moved = lot.step(
                east + gone_m * np.cos(angle), north + gone_m * np.sin(angle), after_s=every_s
            )
            self.owner_s[lot.owner(moved) & np.isinf(self.owner_s)] = every_s * k
            self.police_s[lot.police(moved) & np.isinf(self.police_s)] = every_s * k

    @property
    def found(self) -> NDArray[np.bool_]:
        """Whether police level came within 60 s of passing 30 m, or before 150 m."""
        since_30_m = self.police_s - 30 / self.speed_mps
        return (since_30_m <= 60) | (self.police_s * self.speed_mps <= 150)


def test_ride_away_is_found_in_time_at_10_s() -> None:
    """4 to 8 m/s, 50 vehicles: within 60 s of passing 30 m or before 150 m."""
    lot, noise = Lot(50), Noise(50, seed=3)
    lot.park(noise, 3_600)

    chase = _Chase(lot, noise, np.linspace(4, 8, 50), every_s=10)

    assert chase.found.mean() >= 0.98
    assert np.median(chase.police_s) <= 40


@pytest.mark.parametrize("every_s", [2.0, 5.0])
def test_faster_reports_find_sooner(every_s: float) -> None:
    """Asked for a report every few seconds, the tracker tells in less distance."""
    lot, noise = Lot(50), Noise(50, seed=4)
    lot.park(noise, 900, every_s=every_s)

    chase = _Chase(lot, noise, np.linspace(4, 8, 50), every_s=every_s)

    assert chase.found.mean() >= 0.98
    assert np.median(chase.police_s) <= 30


@pytest.mark.parametrize("every_s", [2.0, 10.0])
def test_walk_is_told_to_the_owner_within_two_minutes(every_s: float) -> None:
    """Rolled away at 1.3 m/s (a fair receiver): half within 80 s, nine of ten within 90 s.

    Without a witness the owner is told from 100 m on: 77 s.
    """
    lot, noise = Lot(50), Noise(50, seed=8, sd_m=(1.3, 6.0))
    lot.park(noise, 1_800, every_s=every_s)

    chase = _Chase(lot, noise, np.full(50, 1.3), every_s=every_s)

    assert np.median(chase.owner_s) <= 80
    assert np.percentile(chase.owner_s, 90) <= 90
    assert chase.owner_s.max() <= 120


def test_slow_rule_finds_what_crept_away() -> None:
    """Outside 60 m for more than 5 minutes without ever looking like a ride: owner only."""
    lot = armed_lot()
    lot.owner_nats = lot.police_nats = 1e9

    slow = [bool(lot.step(metres(120), metres(0)).slow[0]) for _ in range(40)]

    assert slow.index(True) * 10 in range(300, 330)
    assert all(slow[slow.index(True) :])


# -- the gate, settling and arming ----------------------------------------------------------


def test_teleport_is_held_until_a_second_fix_agrees() -> None:
    """5 km in 10 s is not scored; a second fix there is, and it went nowhere until then."""
    lot = armed_lot()

    first = lot.step(metres(5_000), metres(0))
    second = lot.step(metres(5_030), metres(0))

    assert not first.scored[0]
    assert first.score[0] == 0
    assert second.scored[0]


def test_teleport_and_back_leaves_nothing() -> None:
    """One wild fix is forgotten by the next good one; the next wild one is held again."""
    lot = armed_lot()
    lot.step(metres(5_000), metres(0))
    back = lot.step(metres(0), metres(0))

    again = lot.step(metres(5_000), metres(0))

    assert back.at_anchor[0]
    assert not again.scored[0]


def test_two_disagreeing_teleports_are_both_held() -> None:
    """Wild fixes in different places do not vouch for each other."""
    lot = armed_lot()

    held = [not lot.step(metres(east), metres(0)).scored[0] for east in (9_000, -9_000, 30_000)]

    assert held == [True, True, True]


def test_reappearing_far_away_after_a_long_silence_is_no_teleport() -> None:
    """5 km in 40 min is a possible speed: the van with a shielded tracker."""
    lot = armed_lot()

    moved = lot.step(metres(5_000), metres(0), after_s=2_400)

    assert moved.scored[0]


def test_vehicle_arms_after_standing_still_for_a_minute() -> None:
    """Three agreeing fixes and 60 s, ignition off."""
    lot = Lot(1)

    armed = [bool(lot.step(NOWHERE, NOWHERE).armed_now[0]) for _ in range(10)]

    assert armed.index(True) == 6
    assert armed.count(True) == 1


WANDERS_M = (0, 0, 0, 8, 20, 27, 28, 18, 4, 0)
"""A receiver's wander after a rider left (scenario 28, seed 10), every 10 s."""


@pytest.mark.parametrize(
    ("ignition", "speed_mps", "site_m", "arms"),
    [
        (0, 0.4, 0, True),
        (0, 1.3, 0, False),
        (0, np.nan, 0, False),
        (-1, 0.4, 0, False),
        (1, 0.4, 0, False),
        (0, 0.4, 115, False),
    ],
)
def test_wandering_receiver_arms_when_ignition_and_doppler_say_parked(
    *, ignition: int, speed_mps: float, site_m: float, arms: bool
) -> None:
    """28 m about a vehicle that stands; pushed, of unknown state or in a street it waits."""
    lot, armed = Lot(1), []
    lot.arrays.site_m[0] = site_m

    for east_m in WANDERS_M:
        lot.now_s += 10
        fixes = replace(
            lot.fixes(metres(east_m), NOWHERE),
            ignition=np.full(1, ignition),
            speed_mps=metres(speed_mps),
        )
        armed.append(bool(statistic.step(lot.arrays, fixes, lot.policy).armed_now[0]))

    assert any(armed) is arms


@pytest.mark.parametrize("metres_a_fix", [5, 6, 8])
def test_cold_start_that_creeps_in_arms_where_it_ends(metres_a_fix: float) -> None:
    """Scenario 40, seed 11: from 200 m off; armed on its way it would be gone from its anchor."""
    lot, ways_m = Lot(1), []

    for k in range(100):
        lot.now_s += 10
        fixes = lot.fixes(metres(min(200.0, metres_a_fix * k)), NOWHERE)
        parked = replace(fixes, speed_mps=metres(0.3))
        if statistic.step(lot.arrays, parked, lot.policy).armed_now[0]:
            ways_m.append(metres_a_fix * k)

    assert len(ways_m) == 1
    assert ways_m[0] >= 200
    assert abs(float(lot.arrays.anchor_x[0]) - 200) < 20


def test_running_engine_does_not_arm() -> None:
    """At a red light for two minutes."""
    lot = Lot(1)

    for _ in range(20):
        lot.now_s += 10
        on = replace(lot.fixes(NOWHERE, NOWHERE), ignition=np.ones(1, np.int64))
        statistic.step(lot.arrays, on, lot.policy)

    assert lot.arrays.mode[0] == SETTLING


def test_moving_vehicle_does_not_arm() -> None:
    """Fixes that disagree start the cluster anew."""
    lot = Lot(1)

    for k in range(60):
        lot.step(metres(40.0 * k), metres(0))

    assert lot.arrays.mode[0] == SETTLING


def test_wish_arms_as_soon_as_settled() -> None:
    """Armed by someone: three fixes suffice, no minute of stillness."""
    lot = Lot(1)
    lot.arrays.wish[0] = 1

    armed = [bool(lot.step(NOWHERE, NOWHERE).armed_now[0]) for _ in range(5)]

    assert armed.index(True) == 2


def test_disarmed_vehicle_is_never_scored() -> None:
    """It may go where it likes."""
    lot = armed_lot()
    lot.arrays.unsettle(0, DISARMED)

    scored = [bool(lot.step(metres(60.0 * k), metres(0)).scored[0]) for k in range(20)]

    assert not any(scored)
    assert lot.arrays.mode[0] == DISARMED


def test_anchor_follows_slow_drift_but_not_one_excursion() -> None:
    """The pull of a far fix is bounded."""
    lot = armed_lot()

    lot.step(metres(100), metres(0))

    assert abs(float(lot.arrays.anchor_x[0])) < 1


def test_noise_is_learnt_per_vehicle() -> None:
    """A receiver with 2 m and one with 10 m, same minute, same place."""
    lot, quiet, loud = Lot(2), Noise(1, seed=1, sd_m=(2, 2)), Noise(1, seed=2, sd_m=(10, 10))
    for _ in range(1_000):
        (east1, north1), (east2, north2) = quiet.after(10), loud.after(10)
        lot.step(np.append(east1, east2), np.append(north1, north2))

    moved = lot.step(np.zeros(2), np.zeros(2))

    assert moved.sigma_m[0] < 5 < moved.sigma_m[1]


def test_static_hold_then_fixes_12_m_off_are_nothing() -> None:
    """Parked noise of exactly zero for three hours does not make the next fixes a theft."""
    lot = armed_lot(hour=3)

    told = [lot.owner(lot.step(metres(12), metres(0)))[0] for _ in range(60)]

    assert not any(told)
    assert lot.arrays.score[0] <= QUIET

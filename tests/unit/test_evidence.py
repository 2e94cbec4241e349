"""Evidence expires, is clipped, and names itself in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.detection.evidence import (
    SHAKING,
    SIGN_OF,
    UNSHAKEN_AFTER_MS,
    WEIGHTS,
    EvidenceArrays,
    Sign,
    reason_of,
)
from alerts.detection.signs import EXCUSES
from alerts.model import Group
from alerts.policy import DetectionPolicy
from devices.readings import EventType
from support.rates import thresholds

POLICY = DetectionPolicy()
SLOT = np.array([0])


def _total(evidence: EvidenceArrays, now_ms: int) -> float:
    total = evidence.total(SLOT, np.array([now_ms]), POLICY.evidence_min, POLICY.evidence_max)
    return float(total[0])


def _seen(
    evidence: EvidenceArrays,
    now_ms: int,
    *,
    fast: int = 0,
    standing: int = 0,
    away: int = 0,
) -> None:
    masks = (np.array([bool(mask)]) for mask in (fast, standing, away))
    evidence.from_fixes(SLOT, np.array([now_ms]), *masks)


@pytest.mark.parametrize(
    ("sign", "nats", "lives_s"),
    [
        (Sign.VIBRATION, 2, 60),
        (Sign.WAKE, 2, 60),
        (Sign.TILT, 2, 120),
        (Sign.TOW, 2, 120),
        (Sign.ILLEGAL_IGNITION, 3, 600),
        (Sign.POWER_CUT, 3, 300),
        (Sign.REMOVED, 6, 600),
        (Sign.JAMMING, 3, 600),
        (Sign.DOPPLER, 4, 30),
        (Sign.STANDING, -3, 30),
    ],
)
def test_sign_counts_until_it_expires(sign: Sign, nats: float, lives_s: float) -> None:
    """The table of the detection page, with its lives; evidence that stays would alarm daily."""
    evidence = EvidenceArrays.empty(1)
    evidence.witness(0, sign, 1_000)
    end_ms = 1_000 + round(lives_s * 1000)

    assert [_total(evidence, now_ms) for now_ms in (1_000, end_ms - 1, end_ms)] == [nats, nats, 0]


@given(signs=st.lists(st.sampled_from(Sign)), now_ms=st.integers(1, 10**12))
def test_sum_is_clipped(signs: list[Sign], now_ms: int) -> None:
    """All sensors together stay in [-15, +6]: below the police threshold without displacement."""
    evidence = EvidenceArrays.empty(1)
    for sign in signs:
        evidence.hold(0, sign, now_ms + 1)

    total = _total(evidence, now_ms)

    exact = sum(WEIGHTS[sign].nats for sign in set(signs))
    assert total == min(max(exact, -15), 6)
    assert total < thresholds().police.min()
    assert sorted(evidence.alive(0, now_ms)) == sorted(set(signs))


def test_repetition_of_a_sign_counts_once() -> None:
    """Ten shocks are one witness, and the last one lives longest."""
    evidence = EvidenceArrays.empty(1)

    for k in range(10):
        evidence.witness(0, Sign.VIBRATION, k * 10_000)

    assert _total(evidence, 90_000) == 2
    assert _total(evidence, 149_999) == 2
    assert _total(evidence, 150_000) == 0


def test_missed_reports_are_summed() -> None:
    """Half a nat each, six at most; the count is that of the newest silence."""
    evidence = EvidenceArrays.empty(1)
    totals = []
    for missed in (1, 4, 60, 2):
        evidence.silence(0, missed, 1_000)
        totals.append(_total(evidence, 1_000))

    assert totals == [0.5, 2, 3, 1]
    assert evidence.counted(0, 1_000) == {Sign.SILENT: 1}


def test_discounted_sign_counts_nothing_and_says_why() -> None:
    """A power cut of a whole site; what else speaks still counts, and the next one does, later."""
    evidence = EvidenceArrays.empty(2)
    for slot in (0, 1):
        evidence.witness(slot, Sign.POWER_CUT, 0)
        evidence.witness(slot, Sign.VIBRATION, 0)

    evidence.discount(0, Sign.POWER_CUT, "site_power_loss", 300_000)
    totals = evidence.total(np.array([0, 1]), np.array([1, 1]), -15, 6)
    evidence.prune(300_000)
    evidence.witness(0, Sign.POWER_CUT, 300_000)

    assert totals.tolist() == [2, 5]
    assert evidence.discounts == {}
    assert _total(evidence, 300_001) == 3


@pytest.mark.parametrize("sign", EXCUSES)
def test_excuse_outlives_an_arming(sign: Sign) -> None:
    """A ticket, a phone, the neighbours: what is said of the surroundings stays; shakes do not."""
    evidence = EvidenceArrays.empty(1)
    evidence.hold(0, sign, 100)
    evidence.witness(0, Sign.VIBRATION, 0)

    evidence.forget(0)

    assert evidence.alive(0, 1) == [sign]
    assert evidence.excused(SLOT, np.array([1])).tolist() == [True]
    assert evidence.excused(SLOT, np.array([100])).tolist() == [False]
    evidence.clear(0)
    assert evidence.alive(0, 1) == []


def test_forgotten_sign_ends_at_once() -> None:
    """Power came back; the shake stays."""
    evidence = EvidenceArrays.empty(1)
    evidence.witness(0, Sign.POWER_CUT, 0)
    evidence.witness(0, Sign.VIBRATION, 0)

    evidence.forget(0, Sign.POWER_CUT)
    power = _total(evidence, 1)
    evidence.forget(0)

    assert (power, _total(evidence, 1)) == (2, 0)


def test_calm_of_a_working_sensor_speaks_against_motion() -> None:
    """Multipath does not shake; but only a sensor that felt something before can deny."""
    never, proven = EvidenceArrays.empty(1), EvidenceArrays.empty(1)
    proven.witness(0, Sign.VIBRATION, 0)
    later_ms = UNSHAKEN_AFTER_MS + 1

    for evidence in (never, proven):
        _seen(evidence, later_ms, away=1)

    assert (_total(never, later_ms), _total(proven, later_ms)) == (0, -3)


def test_calm_says_nothing_soon_after_a_shake_or_at_speed() -> None:
    """A shock alarm repeats at most every few minutes; Doppler motion is stronger than calm."""
    evidence = EvidenceArrays.empty(1)
    evidence.witness(0, Sign.VIBRATION, 0)

    _seen(evidence, UNSHAKEN_AFTER_MS, away=1)
    soon = _total(evidence, UNSHAKEN_AFTER_MS)
    _seen(evidence, UNSHAKEN_AFTER_MS + 1, away=1, fast=1)

    assert (soon, _total(evidence, UNSHAKEN_AFTER_MS + 1)) == (0, 4)


def test_fixes_witness_motion_and_standing() -> None:
    """Doppler above 2 m/s on two fixes: +4; speed zero while it 'moves': -3; 30 s each."""
    evidence = EvidenceArrays.empty(1)

    _seen(evidence, 1_000, fast=1)
    fast = _total(evidence, 1_000)
    _seen(evidence, 40_000, standing=1)

    assert (fast, _total(evidence, 40_000)) == (4, -3)


def test_growth_keeps_what_was_witnessed() -> None:
    """A new tracker does not make the others forget."""
    evidence = EvidenceArrays.empty(1)
    evidence.witness(0, Sign.TILT, 5)

    grown = evidence.grown(100)

    assert _total(grown, 6) == 2
    assert grown.alive(99, 6) == []


@pytest.mark.parametrize("sign", list(Sign))
def test_sign_is_a_reason_in_two_languages(sign: Sign) -> None:
    """Police messages carry the reasons in words."""
    reason = reason_of(sign)

    assert reason.code == sign.name.lower()
    assert reason.nats == WEIGHTS[sign].nats
    assert reason.text_en
    assert reason.text_zh
    of_people = sign in {Sign.PHONE_NEAR, Sign.PHONE_FAR, Sign.TICKET}
    assert (reason.group is Group.HUMAN) == of_people


def test_shaking_signs_come_from_the_motion_sensor() -> None:
    """They prove that it works."""
    assert {WEIGHTS[sign].group for sign in SHAKING} == {Group.INERTIAL}


def test_ordinary_events_are_no_evidence() -> None:
    """Low battery, sleep and their like speak of no theft."""
    ordinary = {EventType.LOW_BATTERY, EventType.SLEEP, EventType.POWER_ON, EventType.ARM}

    assert not ordinary & SIGN_OF.keys()

"""What was witnessed and does not count stands in the reasons, says why, and weighs nothing."""

import pytest

from alerts.detection.evidence import WEIGHTS, EvidenceArrays, Sign
from alerts.detection.witnessed import WHY, reason_of_witness, witnessed
from alerts.model import Group, Level
from alerts.report import movement_reason, odds_of
from devices.readings import EventType
from support.scene import Scene

NOW_MS = 1_000_000


def _shaken(ago_s: float) -> EvidenceArrays:
    evidence = EvidenceArrays.empty(2)
    evidence.witness(1, Sign.VIBRATION, NOW_MS - round(ago_s * 1000))
    return evidence


def test_shake_that_is_over_is_told_and_weighs_nothing() -> None:
    """At the alert it stands with 0 nats and its age; it is no second witness for the police."""
    scene = Scene()
    scene.park()
    scene.event(EventType.VIBRATION)
    scene.park(90)
    scene.ride(120)

    shake = next(r for r in scene.effects.alerts[0].reasons if r.code == "vibration")
    assert (shake.nats, shake.group) == (0.0, Group.INERTIAL)
    assert "it was shaken; no longer counted: it counts for 60 s, which ended" in shake.text_en
    assert "不再计入:有效期60秒" in shake.text_zh
    assert max(change.level for change in scene.effects.alerts) == Level.SUSPECTED
    assert scene.effects.incidents == []


def test_shake_that_counted_is_not_taken_back() -> None:
    """It counted when the alert was raised: its reason stays as it was told."""
    scene = Scene()

    scene.steal(150)
    scene.desk_says("confirm")

    told = [
        reason.nats
        for change in scene.effects.alerts
        for reason in change.reasons
        if reason.code == "vibration"
    ]
    assert set(told) == {2.0}


@pytest.mark.parametrize(
    ("ago_s", "counted", "why"), [(0.0, 2.0, ""), (59.0, 2.0, ""), (60.0, 0.0, "expired")]
)
def test_sign_counts_as_long_as_it_lives(ago_s: float, counted: float, why: str) -> None:
    """Up to its last second, and not in the one after."""
    (seen,) = witnessed(_shaken(ago_s), 1, NOW_MS)

    assert (seen.sign, seen.counted, seen.why) == (Sign.VIBRATION, counted, why)
    assert seen.ends_s == 60.0 - ago_s


def test_what_is_long_over_is_not_told() -> None:
    """Ten minutes after its end nobody asks any more; a denial says nothing once it is over."""
    evidence = _shaken(660.0)
    evidence.witness(1, Sign.STANDING, NOW_MS - 31_000)

    assert witnessed(evidence, 1, NOW_MS) == []


@pytest.mark.parametrize("why", WHY)
def test_discount_says_why_in_both_languages(why: str) -> None:
    """What it would have counted, what it counts, and the reason."""
    (seen,) = witnessed(_shaken(10.0), 1, NOW_MS, {Sign.VIBRATION: (0.0, why)})

    reason = reason_of_witness(seen)

    assert (reason.nats, seen.why) == (0.0, why)
    assert f"counts +0 instead of +2: {WHY[why][0]}" in reason.text_en
    assert WHY[why][1] in reason.text_zh


def test_full_witness_is_told_as_before() -> None:
    """Its weight, its group and its words."""
    (seen,) = witnessed(_shaken(10.0), 1, NOW_MS)

    reason = reason_of_witness(seen)

    weight = WEIGHTS[Sign.VIBRATION]
    assert (reason.nats, reason.group, reason.text_en) == (weight.nats, weight.group, weight.en)


@pytest.mark.parametrize(
    ("nats", "odds"), [(0.0, 1), (-3.0, 1), (2.5, 10), (8.0, 3_000), (12.0, 200_000)]
)
def test_odds_have_one_digit(nats: float, odds: int) -> None:
    """e to the nats, as people say numbers."""
    assert odds_of(nats) == odds


def test_movement_says_how_it_stands_against_noise() -> None:
    """In words; never more than a million, because the models are not known any better."""
    weak = movement_reason(score=0.4, moved_m=40.0, sigma_m=6.0)
    sure = movement_reason(score=40.0, moved_m=400.0, sigma_m=6.0)

    assert "excursions" not in weak.text_en
    assert "more than 1,000,000 times better than a receiver's error, excursions" in sure.text_en
    assert "1,000,000倍以上" in sure.text_zh

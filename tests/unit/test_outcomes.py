"""What counts as a theft, which rule raised an alert, and how shares are told."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest

from alerts.lifecycle import Outcome
from alerts.model import AlertKind, Group, Reason
from alerts.outcomes import BLAMED, VERDICTS, Dismissal, Verdict, rule_of, verdict_of
from alerts.precision import By, precision_of
from parkguard.cli_precision import share_words
from support.factories import T0_MS

DAY_MS = 86_400_000
MONDAY_MS = T0_MS - T0_MS % DAY_MS - DAY_MS
"""2025-11-24 00:00 UTC, a Monday of week 48; in Shanghai it is 08:00."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One labelled alert."""

    outcome: str
    rule: str = "movement:movement"
    site: str = ""
    model: str = "GT-1"
    raised_ms: int = T0_MS


def _reason(code: str, nats: float) -> Reason:
    return Reason(code=code, group=Group.POSITION, nats=nats, text_en=code, text_zh=code)


def test_every_outcome_counts_as_something() -> None:
    """Thefts are true; tests, fires and unknown ones are not counted; else it was no theft."""
    uncounted = {"fire", "test", "unknown"}
    words = {word.value for word in (*Outcome, *Dismissal)}

    assert VERDICTS.keys() == words
    assert {word for word in words if VERDICTS[word] is Verdict.TRUE} == {
        word for word in words if word.startswith("theft_")
    }
    assert {word for word in words if VERDICTS[word] is Verdict.NOT_COUNTED} == uncounted
    assert all(VERDICTS[word] is Verdict.FALSE for word in BLAMED)
    assert verdict_of("of another version") is Verdict.NOT_COUNTED


@pytest.mark.parametrize(
    ("reasons", "rule"),
    [
        ([("movement", 9.1), ("vibration", 2)], "movement:movement"),
        ([("movement", 1.0), ("vibration", 2)], "movement:vibration"),
        ([("movement", 3.0), ("slow_move", 0)], "movement:slow_move"),
        ([("movement", 9.0), ("slow_move", 0), ("late", 0)], "movement:late"),
        ([("sos", 0)], "movement:sos"),
        ([], "movement:unknown"),
    ],
)
def test_rule_is_what_raised_the_alert(reasons: list[tuple[str, float]], rule: str) -> None:
    """A rule of its own before the strongest witness."""
    assert rule_of(AlertKind.MOVEMENT, [_reason(*each) for each in reasons]) == rule


def test_precision_by_hand() -> None:
    """3 thefts of 4 that count; the test alarm says nothing."""
    labels = [
        *[Said(outcome="theft_recovered")] * 3,
        Said(outcome="gps_drift"),
        Said(outcome="test"),
        *[Said(outcome="owner_me", model="GT-2")] * 2,
    ]

    first, second = precision_of(labels, [By.MODEL])
    (whole,) = precision_of(labels, [])

    assert (first.key, first.true, first.false, first.precision) == (("GT-2",), 0, 2, 0.0)
    assert (second.key, second.true, second.false, second.not_counted) == (("GT-1",), 3, 1, 1)
    assert (second.precision, second.low, second.high) == pytest.approx(
        (0.75, 0.3006, 0.9544), abs=1e-4
    )
    assert second.outcomes == {"gps_drift": 1, "test": 1, "theft_recovered": 3}
    assert (whole.key, whole.true, whole.false) == ((), 3, 3)


def test_weeks_begin_on_monday_in_the_city() -> None:
    """20:00 on Sunday UTC is Monday 04:00 in Shanghai."""
    at = Said(outcome="test", raised_ms=MONDAY_MS - 4 * 3_600_000)

    (city,) = precision_of([at], [By.WEEK], ZoneInfo("Asia/Shanghai"))
    (utc,) = precision_of([at], [By.WEEK])

    assert (city.key, utc.key) == (("2025-W48",), ("2025-W47",))


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (["gps_drift"] * 5, "at most 43 % (none was a theft)"),
        (["theft_recovered"] * 5, "at least 57 % (all were thefts)"),
        (["theft_recovered", "gps_drift"], "50 % (9 to 91 %)"),
        (["unknown"], "nothing counts"),
    ],
)
def test_no_share_is_a_bare_nought_or_hundred(outcomes: list[str], words: str) -> None:
    """Five false alarms do not prove that there will never be a theft."""
    (line,) = precision_of([Said(outcome=outcome) for outcome in outcomes], [])

    assert share_words(line) == words

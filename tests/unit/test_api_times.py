"""Instants in requests: what is read, what is refused, and how."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.times import HINT, format_time, parse_time_ms

SUMMER_MS = 1_764_059_400_000  # 2025-11-25T08:30:00Z

SAME = [
    "1764059400000",
    "2025-11-25T08:30:00Z",
    "2025-11-25t08:30:00z",
    "2025-11-25T08:30:00",
    "2025-11-25 08:30:00",
    "2025-11-25T08:30",
    "20251125T083000Z",
    "2025-11-25T16:30:00+08:00",
    "2025-11-25T16:30:00+0800",
    "2025-11-25T09:30:00 01:00",
    "2025-11-25 09:30:00 01:00",
    "2025-11-25T09:30 0100",
    "2025-11-25T04:00:00-04:30",
    " 2025-11-25T08:30:00.000Z ",
]

WRONG = [
    "",
    "yesterday",
    "2025-13-01T00:00:00Z",
    "2025-11-25T25:00:00Z",
    "0001-01-01T00:00:00+23:00",
    "9999-12-31T23:59:59-23:00",
    "1764059400",
    "1764059400000000",
    "-1764059400000",
    "99999999999999999999999999999999999999",
    "1e400",
    "NaN",
    "2025-11-25T08:30:00\x00",
    "1969-12-31",
]


@pytest.mark.parametrize("text", SAME)
def test_every_usual_form_is_the_same_instant(text: str) -> None:
    """A naive time is UTC, and a plus that became a blank is put back."""
    assert parse_time_ms(text) == SUMMER_MS


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_time_is_refused_with_a_hint(text: str) -> None:
    """Seconds and microseconds are refused, never guessed."""
    with pytest.raises(ValueError, match="give ISO 8601") as refusal:
        parse_time_ms(text)

    assert HINT in str(refusal.value)


def test_a_date_alone_is_its_midnight_in_utc() -> None:
    """For periods of whole days."""
    assert parse_time_ms("2025-11-25") == SUMMER_MS - (8 * 60 + 30) * 60_000


@given(st.text() | st.integers().map(str) | st.datetimes().map(str))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but ValueError escapes."""
    try:
        parse_time_ms(text)
    except ValueError:
        return


@given(st.integers(min_value=100_000_000_000, max_value=4_102_444_800_000))
def test_what_we_write_we_read(t_ms: int) -> None:
    """Answers can be used in requests."""
    assert parse_time_ms(format_time(t_ms)) == t_ms

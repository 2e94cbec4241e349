"""Times: units by magnitude, rolled weeks, learnt offsets, ahead and past (decisions.md 12)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.clocks import (
    FUTURE_MS,
    LATE_MS,
    LEARN_AFTER,
    PLAIN_CLOCK,
    ROLLOVER_MS,
    ROLLOVER_SLACK_MS,
    STEADY_MS,
    ZONE_MS,
    ZONE_SLACK_MS,
    ClockState,
    judge_time,
    learn,
)
from devices.errors import WireError, WireReason
from devices.model import DeviceClass
from devices.readings import Flag
from devices.topics import Topic
from devices.wire import decode
from support.golden import RECV_MS

T_MS = RECV_MS - 1_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("written", "t_ms", "flags"),
    [
        (T_MS // 1000, T_MS, Flag.TIME_SCALED),
        (T_MS, T_MS, 0),
        (T_MS * 1000, T_MS, Flag.TIME_SCALED),
        (T_MS * 1_000_000, T_MS, Flag.TIME_SCALED),
        (RECV_MS, RECV_MS, 0),
        (RECV_MS + FUTURE_MS, RECV_MS + FUTURE_MS, 0),
        (RECV_MS + FUTURE_MS + 1, RECV_MS + FUTURE_MS + 1, Flag.FUTURE),
        (RECV_MS + HOUR_MS, RECV_MS + HOUR_MS, Flag.FUTURE),
        (RECV_MS + 10 * 365 * DAY_MS, RECV_MS + 10 * 365 * DAY_MS, Flag.FUTURE),
        (RECV_MS - LATE_MS, RECV_MS - LATE_MS, 0),
        (RECV_MS - LATE_MS - 1, RECV_MS - LATE_MS - 1, Flag.LATE),
        (RECV_MS - 30 * DAY_MS, RECV_MS - 30 * DAY_MS, Flag.LATE),
        (946_684_800_000, 946_684_800_000, Flag.LATE),  # 2000-01-01: the clock of a cold start
        (T_MS - ROLLOVER_MS, T_MS, Flag.WEEK_ROLLOVER),
        (T_MS - 2 * ROLLOVER_MS, T_MS, Flag.WEEK_ROLLOVER),
        (T_MS + ROLLOVER_MS, T_MS, Flag.WEEK_ROLLOVER),
        ((T_MS - ROLLOVER_MS) // 1000, T_MS, Flag.WEEK_ROLLOVER | Flag.TIME_SCALED),
        (T_MS - ROLLOVER_MS - DAY_MS, T_MS - DAY_MS, Flag.WEEK_ROLLOVER | Flag.LATE),
        (T_MS - ROLLOVER_MS + DAY_MS, T_MS + DAY_MS, Flag.WEEK_ROLLOVER | Flag.FUTURE),
        (
            RECV_MS - ROLLOVER_MS - ROLLOVER_SLACK_MS,
            RECV_MS - ROLLOVER_SLACK_MS,
            Flag.WEEK_ROLLOVER | Flag.LATE,
        ),
        (
            RECV_MS - ROLLOVER_MS - ROLLOVER_SLACK_MS - 1,
            RECV_MS - ROLLOVER_MS - ROLLOVER_SLACK_MS - 1,
            Flag.LATE,
        ),
    ],
)
def test_time_is_read_and_its_faults_are_named(written: int, t_ms: int, flags: int) -> None:
    """120 s ahead still counts, ten minutes ago is still live, whole epochs are snapped (A-07)."""
    assert judge_time(written, RECV_MS) == (t_ms, flags)


@pytest.mark.parametrize(
    "written",
    [
        0,
        1,
        5_000,
        315_532_800,  # 1980-01-01, no rollover of anything
        631_152_000_000,  # 1990
        4_102_444_800,  # 2100
        2**63 - 1,
        T_MS * 10,
        T_MS // 10,
    ],
)
def test_number_that_is_no_time_is_refused(written: int) -> None:
    """No unit gives a year from 2000 to 2099."""
    with pytest.raises(WireError) as refused:
        judge_time(written, RECV_MS)

    assert refused.value.reason is WireReason.TIME


@given(value=st.integers(0, 2**63 - 1), offset=st.integers(-56, 56))
def test_any_number_is_a_time_or_no_time(value: int, offset: int) -> None:
    """A moment within the calendar, or ``time``; nothing else."""
    try:
        t_ms, flags = judge_time(value, RECV_MS, offset * ZONE_MS)
    except WireError as exc:
        assert exc.reason is WireReason.TIME  # noqa: PT017 - both ways are right
    else:
        assert 946_684_800_000 <= t_ms < 4_102_444_800_000 + ROLLOVER_MS
        assert not (flags & Flag.FUTURE and flags & Flag.LATE)
        assert bool(flags & Flag.TIME_LEARNT) == (offset != 0)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (b"1764032462", 1_764_032_462),
        (b"%d" % (T_MS - ROLLOVER_MS), T_MS - ROLLOVER_MS),
        (b"1764032462000", None),
        (b'"1764032462000"', None),
        (b'"1764032462"', 1_764_032_462),
    ],
)
@pytest.mark.parametrize("channel", ["fix", "info"])
def test_time_that_was_changed_is_kept_as_it_was_said(
    written: bytes, kept: int | None, channel: str
) -> None:
    """Three times per record: what it said, what it became, when it came."""
    topic = Topic(DeviceClass.TRACKER, "trk-1", channel)

    (reading,) = decode(topic, b'{"boot":"a","seq":1,"t":%b}' % written, recv_ms=RECV_MS).readings

    assert reading.t_ms == T_MS
    assert (json.loads(reading.ext)["t"] if reading.ext else None) == kept
    assert bool(reading.flags & Flag.COERCED) == written.startswith(b'"')


@pytest.mark.parametrize(
    "written",
    [
        b'"2025-11-25T01:00:00Z"',
        b'"2025-11-25T01:00:00+08:00"',
        b'"2025-11-25T24:00:00"',
        b'"2025-12-31T23:59:60Z"',
        b'"251125090000"',  # BCD of GMT+8
        b'"soon"',
        b'""',
        b"1764032462.5",
        b'"1764032462.5"',
        b"-1764032462000",
        b"true",
        b"{}",
    ],
)
def test_time_in_other_words_is_refused(written: bytes) -> None:
    """Only a number of whole units since 1970 says when (reliability.md 46)."""
    with pytest.raises(WireError) as refused:
        decode(Topic(DeviceClass.TRACKER, "trk-1", "fix"), b'{"t":%b}' % written, recv_ms=RECV_MS)

    assert refused.value.reason is WireReason.TIME


def test_no_time_is_the_receive_time_and_says_so() -> None:
    """Reliability.md 41."""
    (fix,) = decode(Topic(DeviceClass.TRACKER, "trk-1", "fix"), b"{}", recv_ms=RECV_MS).readings

    assert (fix.t_ms, fix.flags) == (RECV_MS, Flag.NO_TIME | Flag.NO_FIX)


# -- learnt offsets -------------------------------------------------------------------------


def _taught(
    ahead_ms: list[int], *, every_ms: int = 10_000, flags: int = 0, clock: ClockState = PLAIN_CLOCK
) -> ClockState:
    """What is known after live messages whose clock is so far ahead, one every 10 s."""
    for k, ahead in enumerate(ahead_ms):
        recv_ms = RECV_MS + every_ms * k
        clock = learn(clock, recv_ms + ahead - clock.offset_ms, recv_ms, flags)
    return clock


@pytest.mark.parametrize("zones", [-56, -32, -1, 1, 2, 22, 32, 56])
def test_steady_offset_is_learnt_after_three_messages(zones: int) -> None:
    """A clock that shows another zone's time: Nepal has 45 minutes (A-09)."""
    ahead = zones * ZONE_MS + 2_000

    assert _taught([ahead] * (LEARN_AFTER - 1)).offset_ms == 0
    assert _taught([ahead] * LEARN_AFTER).offset_ms == zones * ZONE_MS


@pytest.mark.parametrize(
    "ahead_ms",
    [
        [0] * 9,
        [3 * MINUTE_MS] * 9,
        [8 * HOUR_MS + ZONE_SLACK_MS + 1] * 9,
        [57 * ZONE_MS] * 9,
        [8 * HOUR_MS, 8 * HOUR_MS, 0] * 3,
        [8 * HOUR_MS, 7 * HOUR_MS] * 5,
        [8 * HOUR_MS - 9_000 * k for k in range(9)],
    ],
    ids=["good", "no zone", "not near one", "too wide", "interrupted", "two zones", "drifting"],
)
def test_other_differences_teach_nothing(ahead_ms: list[int]) -> None:
    """Only the same multiple of 15 minutes, three times running."""
    assert _taught(ahead_ms).offset_ms == 0


def test_flushed_buffer_teaches_nothing() -> None:
    """A hundred records of an hour ago that come at once, or a few a second."""
    for every_ms in (0, 20, 200, 1_000):
        clock = PLAIN_CLOCK
        for k in range(100):
            recv_ms = RECV_MS + every_ms * k
            clock = learn(clock, RECV_MS - HOUR_MS + 10_000 * k, recv_ms, int(Flag.LATE))
            assert clock.offset_ms == 0


@pytest.mark.parametrize("flag", [Flag.NO_TIME, Flag.BACKFILL, Flag.RETAINED, Flag.REQUEUED])
def test_untimely_record_teaches_nothing(flag: Flag) -> None:
    """What was buffered, retained, held or has no time says nothing of the clock."""
    assert _taught([8 * HOUR_MS] * 9, flags=int(flag)).offset_ms == 0


def test_messages_that_come_at_once_teach_nothing() -> None:
    """Three live ones are apart in time."""
    assert _taught([8 * HOUR_MS] * 9, every_ms=STEADY_MS // 9).offset_ms == 0


@pytest.mark.parametrize("then_ms", [0, -HOUR_MS, 5 * HOUR_MS])
def test_offset_that_changed_is_learnt_anew(then_ms: int) -> None:
    """The tracker was set right, or travelled: three messages later that is known."""
    clock = _taught([8 * HOUR_MS] * LEARN_AFTER)

    assert _taught([then_ms] * (LEARN_AFTER - 1), clock=clock).offset_ms == 8 * HOUR_MS
    assert _taught([then_ms] * LEARN_AFTER, clock=clock) == ClockState(offset_ms=then_ms)


def test_one_odd_message_unlearns_nothing() -> None:
    """A single good time among wrong ones."""
    clock = _taught([8 * HOUR_MS] * LEARN_AFTER)

    assert _taught([0, 8 * HOUR_MS, 0, 8 * HOUR_MS, 0], clock=clock).offset_ms == 8 * HOUR_MS


def test_learnt_offset_is_taken_off_and_flagged() -> None:
    """8 h ahead and known for it: the record counts."""
    flagged = judge_time(T_MS + 8 * HOUR_MS, RECV_MS, 8 * HOUR_MS)

    assert flagged == (T_MS, Flag.TIME_LEARNT)

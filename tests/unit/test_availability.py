"""Seconds in each state from the changes of devices' health: against a slow count, and by rule."""

import itertools
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from devices.availability import (
    ADMIN_CODE,
    Changes,
    Ledger,
    State,
    lines,
    spend,
)
from devices.causes import Cause
from devices.model import AdminState
from devices.presence import Presence

ACTIVE, MAINTENANCE, RETIRED = (ADMIN_CODE[state] for state in AdminState)
HOUR_MS = 3_600_000
Row = tuple[int, int, int, int, int]
"""slot, at_ms, presence, causes, admin."""

ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(-50, 150),
        st.integers(0, 4),
        st.sampled_from([0, int(Cause.SILENT), int(Cause.FROZEN), int(Cause.PART_OF_OUTAGE)]),
        st.integers(0, 2),
    ),
    max_size=25,
)


def changes_of(rows: Sequence[Row]) -> Changes:
    """Rows in the order of the journal, as columns by slot."""
    table = np.array(sorted(rows, key=lambda row: row[0]), np.int64).reshape(-1, 5)
    return Changes(
        slot=table[:, 0],
        at_ms=table[:, 1],
        presence=table[:, 2].astype(np.uint8),
        causes=table[:, 3],
        admin=table[:, 4].astype(np.uint8),
    )


def counted_slowly(rows: list[Row], begin_ms: int, end_ms: int) -> dict[int, dict[object, int]]:
    """What each device was at every single millisecond, by the rules of the docstring."""
    found: dict[int, dict[object, int]] = {}
    for slot in {row[0] for row in rows}:
        mine = [row for row in rows if row[0] == slot]
        sums = found.setdefault(slot, {})
        for t_ms in range(begin_ms, end_ms):
            held = None
            latest = -1_000_000
            for row in mine:  # in journal order; what came later is not over before it began
                latest = max(latest, row[1])
                if latest <= t_ms:
                    held = row
            if held is None:
                continue
            state: State = State(Presence(held[2]))
            state = State.MAINTENANCE if held[4] == MAINTENANCE else state
            state = State.RETIRED if held[4] == RETIRED else state
            sums[state] = sums.get(state, 0) + 1
            if held[3] == Cause.FROZEN and state in {State.ONLINE, State.LATE, State.SLEEPING}:
                sums["degraded"] = sums.get("degraded", 0) + 1
    return found


@given(ROWS)
def test_every_millisecond_is_counted_once_and_rightly(rows: list[Row]) -> None:
    """Whatever the order of the clock, as a count by hand has it."""
    spent = spend(changes_of(rows), 0, 100)

    wanted = counted_slowly(rows, 0, 100)
    got = {
        slot: {State(k): int(ms) for k, ms in enumerate(row) if ms}
        | ({"degraded": int(degraded)} if degraded else {})
        for slot, row, degraded in zip(
            spent.slots.tolist(), spent.ms, spent.degraded_ms, strict=True
        )
    }
    assert got == wanted


@given(ROWS, st.lists(st.integers(1, 99), max_size=3, unique=True))
def test_a_period_in_pieces_is_the_period(rows: list[Row], cuts: list[int]) -> None:
    """Read by the day or at once: the same, as long as the clock goes forward."""
    rows = sorted(rows, key=lambda row: row[1])
    slots = np.arange(1, 4)
    ledger = Ledger(slots, changes_of(_newest(rows, 0)), 0)
    edges = [0, *sorted(cuts), 100]
    for begin_ms, end_ms in itertools.pairwise(edges):
        ledger.add(changes_of([row for row in rows if begin_ms <= row[1] < end_ms]), end_ms)

    whole = spend(changes_of([row for row in rows if row[0] and row[1] < 100]), 0, 100)

    spent = ledger.spent()
    place = np.searchsorted(slots, whole.slots)
    assert (spent.ms[place] == whole.ms).all()
    assert (spent.degraded_ms[place] == whole.degraded_ms).all()
    assert spent.ms.sum() == whole.ms.sum()


def _newest(rows: list[Row], before_ms: int) -> list[Row]:
    return list({row[0]: row for row in rows if row[1] < before_ms}.values())


def test_maintenance_and_the_time_before_are_not_counted() -> None:
    """A day: registered at 4 h, heard at 6 h, in maintenance from 12 h to 18 h, then offline."""
    rows = [
        (7, 4 * HOUR_MS, Presence.UNKNOWN, int(Cause.NEVER_HEARD), ACTIVE),
        (7, 6 * HOUR_MS, Presence.ONLINE, 0, ACTIVE),
        (7, 12 * HOUR_MS, Presence.OFFLINE, int(Cause.SILENT), MAINTENANCE),
        (7, 18 * HOUR_MS, Presence.OFFLINE, int(Cause.SILENT), ACTIVE),
    ]

    [line] = lines(spend(changes_of(rows), 0, 24 * HOUR_MS), ["cam-7"])

    assert line.counted_ms == (2 + 6 + 6) * HOUR_MS
    assert line.available == 6 / 14
    assert line.degraded == 0
    assert line.ms[State.MAINTENANCE] == 6 * HOUR_MS


def test_a_sleeper_and_one_that_is_late_are_available() -> None:
    """A promise that is kept is no fault; late is still there."""
    rows = [
        (1, 0, Presence.SLEEPING, 0, ACTIVE),
        (1, 10, Presence.LATE, int(Cause.PROMISE_BROKEN), ACTIVE),
        (1, 20, Presence.ONLINE, int(Cause.BATTERY_LOW), ACTIVE),
        (1, 30, Presence.OFFLINE, int(Cause.BATTERY_LOW | Cause.SILENT), ACTIVE),
    ]

    [line] = lines(spend(changes_of(rows), 0, 40), ["trk-1"])

    assert (line.available, line.degraded) == (0.75, 0.25)


def test_groups_come_worst_first_and_name_their_worst() -> None:
    """Shares are of all the time together; who has none stands last."""
    rows = [
        (1, 0, Presence.ONLINE, 0, ACTIVE),
        (2, 0, Presence.ONLINE, 0, ACTIVE),
        (2, 50, Presence.OFFLINE, 0, ACTIVE),
        (3, 0, Presence.OFFLINE, 0, ACTIVE),
        (4, 0, Presence.ONLINE, 0, RETIRED),
    ]

    found = lines(spend(changes_of(rows), 0, 100), ["a", "a", "b", "c"])

    assert [(line.key, line.available) for line in found] == [("b", 0.0), ("a", 0.75), ("c", None)]
    assert [(line.devices, line.worst_slot, line.worst) for line in found] == [
        (1, 3, 0.0),
        (2, 2, 0.5),
        (0, None, None),
    ]


def test_nothing_is_nothing() -> None:
    """No change, no device."""
    assert lines(spend(changes_of([]), 0, 100), []) == []

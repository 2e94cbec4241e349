"""Feed numbers are gapless and in outbox id order."""

import json

from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.feed import numbered
from support.delivery_rows import T0_MS, a_notice


@given(st.lists(st.integers(1, 10**9), unique=True, max_size=50), st.integers(0, 10**9))
def test_numbers_go_on_without_a_hole(ids: list[int], after: int) -> None:
    """Holes in the ids leave none in the feed."""
    rows = numbered([a_notice(id=i) for i in ids], after=after, now_ms=T0_MS)

    assert [row.number for row in rows] == list(range(after + 1, after + 1 + len(ids)))
    assert [row.notice.id for row in rows] == sorted(ids)


def test_late_row_carries_its_age_and_a_fresh_one_is_left_alone() -> None:
    """A stream that was down for an hour says so."""
    fresh, late = numbered(
        [a_notice(id=1, body='{ "x": 1}'), a_notice(id=2, created_ms=T0_MS - 3_600_000)],
        after=0,
        now_ms=T0_MS,
    )

    assert fresh.body == '{ "x": 1}'
    assert json.loads(late.body)["age_s"] == 3600.0

"""Retries wait with full jitter, grant a receiver's wish and end at the deadline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.backoff import MAX_RETRY_AFTER_S, Backoff, next_due_ms
from alerts.delivery.model import DeliveryError, DeliveryReason
from support.delivery_rows import T0_MS, a_notice

BUSY = DeliveryError(DeliveryReason.BUSY, "status 429", retry_after_s=30.0)
AWAY = DeliveryError(DeliveryReason.UNREACHABLE, "ConnectError")


@pytest.mark.parametrize(("failed", "ceiling_s"), [(1, 1), (2, 2), (5, 16), (11, 600), (999, 600)])
def test_ceiling_doubles_up_to_ten_minutes(failed: int, ceiling_s: float) -> None:
    """1 s, 2 s, 4 s ... 600 s (reliability.md 5.3)."""
    assert Backoff().wait_s(failed, retry_after_s=None, draw=lambda: 1.0) == ceiling_s


@given(failed=st.integers(1, 10_000), drawn=st.floats(0, 1, exclude_max=True))
def test_wait_is_anything_below_the_ceiling(failed: int, drawn: float) -> None:
    """Full jitter: from nought up, so that many who lost the same receiver come back spread."""
    assert 0 <= Backoff().wait_s(failed, retry_after_s=None, draw=lambda: drawn) < 600.001


def test_wish_of_the_receiver_is_waited_for_in_full() -> None:
    """Retry-After 30 means not before 30 s, and not all at 30 s."""
    assert Backoff().wait_s(1, retry_after_s=30.0, draw=lambda: 0.5) == 30.5


def test_absurd_wish_is_cut() -> None:
    """A receiver that asks for a week is asked again within the hour."""
    wait_s = Backoff().wait_s(1, retry_after_s=604_800.0, draw=lambda: 0.0)

    assert wait_s == MAX_RETRY_AFTER_S


def test_a_fire_waits_ten_seconds_at_most() -> None:
    """Whatever the receiver asks for."""
    notice = a_notice(audience="fire", attempts=20)

    due_ms = next_due_ms(notice, BUSY, now_ms=T0_MS, backoff=Backoff(), draw=lambda: 0.9)

    assert due_ms == T0_MS + 10_000


def test_last_attempt_is_made_at_the_deadline() -> None:
    """A wait never crosses the deadline."""
    notice = a_notice(deadline_ms=T0_MS + 10_000, attempts=20)

    due_ms = next_due_ms(notice, BUSY, now_ms=T0_MS, backoff=Backoff(), draw=lambda: 0.5)

    assert due_ms == T0_MS + 10_000


def test_failure_past_the_deadline_is_the_last_word() -> None:
    """Nothing is tried for ever."""
    notice = a_notice(deadline_ms=T0_MS)

    assert next_due_ms(notice, AWAY, now_ms=T0_MS, backoff=Backoff(), draw=lambda: 0.5) is None


@pytest.mark.parametrize("reason", [r for r in DeliveryReason if not r.may_pass])
def test_lasting_reason_is_never_tried_again(reason: DeliveryReason) -> None:
    """What cannot pass is shown at once."""
    error = DeliveryError(reason, "x")

    assert next_due_ms(a_notice(), error, now_ms=0, backoff=Backoff(), draw=lambda: 0.5) is None

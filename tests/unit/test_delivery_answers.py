"""An answer is accepted, rejected or one named error; 4xx is not the end (reliability.md P15)."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.delivery.answers import parse, parse_retry_after
from alerts.delivery.model import (
    Accepted,
    DeliveryError,
    DeliveryReason,
    End,
    Rejected,
    RejectReason,
)
from support.delivery_rows import T0_MS

R = DeliveryReason

STATUSES = [
    (201, R.BAD_ANSWER), (202, R.BAD_ANSWER), (204, R.BAD_ANSWER),
    (301, R.REDIRECTED), (302, R.REDIRECTED), (304, R.REDIRECTED),
    (307, R.REDIRECTED), (308, R.REDIRECTED),
    (400, R.REFUSED), (401, R.REFUSED), (403, R.REFUSED), (404, R.REFUSED),
    (408, R.BUSY), (409, R.REFUSED), (410, R.REFUSED), (422, R.REFUSED),
    (425, R.BUSY), (429, R.BUSY),
    (500, R.SERVER_FAULT), (502, R.SERVER_FAULT), (503, R.SERVER_FAULT), (504, R.SERVER_FAULT),
    (599, R.SERVER_FAULT),
]  # fmt: skip


def fails(status: int, body: bytes = b"", *, retry_after: str | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        parse(status, body, retry_after=retry_after, now_ms=T0_MS)
    return caught.value


@pytest.mark.parametrize(("status", "reason"), STATUSES)
def test_status_has_its_reason(status: int, reason: DeliveryReason) -> None:
    """Every class of status is told apart."""
    assert fails(status, b'{"status":"accepted"}').reason is reason


def test_passing_statuses_are_those_of_the_promise() -> None:
    """408, 425, 429 and 5xx pass; other 4xx and redirects do not."""
    passing = {status for status, reason in STATUSES if status >= 300 and reason.may_pass}

    assert passing == {408, 425, 429, 500, 502, 503, 504, 599}


def test_answered_refusals_end_rejected_and_the_rest_undelivered() -> None:
    """Only who was asked can refuse."""
    assert {r for r in R if r.end is End.REJECTED} == {R.REFUSED, R.REDIRECTED}


def test_case_number_is_taken() -> None:
    """The police's own number goes into the incident."""
    said = b'{"status":"accepted","case":"17","more":[1]}'

    assert parse(200, said, retry_after=None, now_ms=T0_MS) == Accepted(case="17")


def test_gateway_accepts_without_case() -> None:
    """The owner gateway has no numbers."""
    said = b'{"status":"accepted"}'

    assert parse(200, said, retry_after=None, now_ms=T0_MS) == Accepted(case=None)


@pytest.mark.parametrize("reason", RejectReason)
def test_every_reject_reason_is_understood(reason: RejectReason) -> None:
    """duplicate, bad_location, too_old, not_ours, other."""
    said = f'{{"status":"rejected","reason":"{reason}"}}'.encode()

    assert parse(200, said, retry_after=None, now_ms=T0_MS) == Rejected(reason=reason)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"ok", b"null", b"[]", b"{}", b"\xff\xfe", b'{"status":"maybe"}', b"[" * 5000,
        b'{"status":"accepted","case":17}', b'{"status":"accepted","case":""}',
        b'{"status":"accepted","case":"' + b"9" * 65 + b'"}',
        b'{"status":"accepted","case":"1\\u0000"}',
        b'{"status":"rejected","reason":"tired"}', b"<html>welcome to our WiFi</html>",
    ],
)  # fmt: skip
def test_unclear_answer_is_no_receipt(body: bytes) -> None:
    """What says neither is asked again: the receiver collapses, a captive portal does not know."""
    error = fails(200, body)

    assert error.reason is R.BAD_ANSWER
    assert error.reason.may_pass


@given(st.integers(100, 599), st.binary() | st.text().map(str.encode))
@example(200, b'{"status":"accepted","case":"\xed\xa0\x80"}')
def test_nothing_but_delivery_error_escapes(status: int, body: bytes) -> None:
    """Any bytes are an answer or one named error."""
    with suppress(DeliveryError):
        parse(status, body, retry_after=None, now_ms=T0_MS)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        (" 0 ", 0.0),
        ("Mon, 21 Sep 2026 14:14:00 GMT", 40.0),
        ("Mon, 21 Sep 2020 14:14:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("\uff19", None),
        ("9" * 400, 999_999_999.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    """RFC 9110 10.2.3; what cannot be read is no wish."""
    assert parse_retry_after(text, now_ms=T0_MS) == seconds


def test_wish_comes_with_the_error() -> None:
    """The dispatcher waits, not the parser."""
    assert fails(503, retry_after="120").retry_after_s == 120.0

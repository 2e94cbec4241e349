"""Answers of a webhook: status, headers and body in; a receipt or one named error out. Pure."""

from email.utils import parsedate_to_datetime
from typing import Literal

import msgspec

from alerts.delivery.model import (
    Accepted,
    DeliveryError,
    DeliveryReason,
    Receipt,
    Rejected,
    RejectReason,
)

_CASE_MAX = 64  # width of incidents.case_number
_BUSY = frozenset({408, 425, 429})  # reliability.md P15


class _Answer(msgspec.Struct):
    status: Literal["accepted", "rejected"]
    case: str | None = None
    reason: RejectReason | None = None


_decoder = msgspec.json.Decoder(_Answer)


def parse(status: int, body: bytes, *, retry_after: str | None, now_ms: int) -> Receipt:
    """Read one answer.

    Args:
        status: HTTP status of the final response.
        body: The answer's body, already limited in size.
        retry_after: ``Retry-After`` header as it came, or None.
        now_ms: Wall clock, ms UTC, for a ``Retry-After`` that names a date.

    Raises:
        DeliveryError: Anything but a clear ``accepted`` or ``rejected``; nothing else escapes.
    """
    if status == 200:  # noqa: PLR2004 - the one status that carries an answer
        return _parse_body(body)
    detail = f"status {status}"
    if status in _BUSY or status >= 500:  # noqa: PLR2004 - RFC 9110, 15.6
        reason = DeliveryReason.BUSY if status in _BUSY else DeliveryReason.SERVER_FAULT
        raise DeliveryError(
            reason, detail, retry_after_s=parse_retry_after(retry_after, now_ms=now_ms)
        )
    if status >= 400:  # noqa: PLR2004 - RFC 9110, 15.5
        raise DeliveryError(DeliveryReason.REFUSED, detail)
    if status >= 300:  # noqa: PLR2004 - RFC 9110, 15.4
        raise DeliveryError(DeliveryReason.REDIRECTED, detail)
    raise DeliveryError(DeliveryReason.BAD_ANSWER, detail + " says neither accepted nor rejected")


def _parse_body(body: bytes) -> Receipt:
    """Read the JSON of a 200."""
    try:
        answer = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise DeliveryError(DeliveryReason.BAD_ANSWER, f"status 200: {exc}"[:200]) from exc
    if answer.status == "rejected":
        return Rejected(reason=answer.reason or RejectReason.OTHER)
    if answer.case is not None and not (
        1 <= len(answer.case) <= _CASE_MAX and answer.case.isprintable()
    ):
        raise DeliveryError(
            DeliveryReason.BAD_ANSWER, f"case must be 1 to {_CASE_MAX} printable characters"
        )
    return Accepted(case=answer.case)


def parse_retry_after(text: str | None, *, now_ms: int) -> float | None:
    """Read ``Retry-After`` (seconds or an HTTP date, RFC 9110 10.2.3); None when unreadable."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
        return max(0.0, date.timestamp() - now_ms / 1000)
    except (ValueError, OverflowError):
        return None

"""Taps of a phone that may be sent twice: the header that tells one from another."""

from typing import Annotated

from fastapi import Header

from api.roles import Principal
from api.rows import Tap

KEY_PATTERN = r"^[A-Za-z0-9_-]{16,64}$"

TapKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="Of this one tap, made by the phone (a UUID): the same key with the same step "
        "by the same person again is answered as at first, and does nothing",
        examples=["0d1f7a52-9b0e-4c36-9a55-0f3d1b1f2a77"],
    ),
]
"""The header with which a phone may send a tap again."""


def tap_of(principal: Principal, key: str | None, what: str, *, at_ms: int) -> Tap | None:
    """Give the tap of a request; None without a key."""
    return None if key is None else Tap(by=principal.name, key=key, what=what, at_ms=at_ms)

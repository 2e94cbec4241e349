"""Opaque cursors: where the next page starts. They carry sort keys only, never rights."""

import base64
import binascii
import json

MAX_CHARS = 400
"""A longer cursor was not made here."""

_MAX_INT = 2**63 - 1

Key = tuple[int | str, ...]


class BadCursor(Exception):
    """The cursor was not made by this route."""


def encode_cursor(*key: int | str) -> str:
    """Write the sort key of a page's last row as text for addresses."""
    raw = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(text: str | None, *shape: type[int] | type[str]) -> Key | None:
    """Read a cursor back; None for the first page.

    Args:
        text: As the client gave it.
        shape: The type of each part of the key.

    Raises:
        BadCursor: Anything that ``encode_cursor`` with this shape does not write.
    """
    if text is None:
        return None
    try:
        if len(text) > MAX_CHARS:
            raise BadCursor
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as exc:
        raise BadCursor from exc
    if not isinstance(key, list) or [type(part) for part in key] != list(shape):
        raise BadCursor
    if any(isinstance(part, int) and abs(part) > _MAX_INT for part in key):
        raise BadCursor
    return tuple(key)

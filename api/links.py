"""The owner's signed link: who was asked about which alert, and until when it opens. Pure.

A token is ``pgl_`` and base64url of: end (5 bytes, seconds), alert id, 0, contact, code (16 bytes).
The code is HMAC-SHA256 of all before it, cut to 128 bits (RFC 2104, 5: half of it is enough).
Nothing of a token is stored: who has it is believed until it ends or the key is replaced.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "pgl_"
"""Every link's token starts so; it is none of ``api.tokens``."""

MAX_CHARS = 400
"""A longer one is none of ours and is not even read: ids and contacts have at most 32 and 74."""

_CONTEXT = b"parkguard owner link 1\0"
"""Goes into every code: a code of this key made for anything else opens nothing."""
_END_BYTES = 5
_CODE_BYTES = 16


class LinkReason(StrEnum):
    """Why a token opens nothing."""

    GARBLED = "garbled"
    BAD_SIGNATURE = "bad_signature"
    ENDED = "ended"


class LinkRefused(Exception):
    """A token that opens nothing; it is not repeated in the message."""

    def __init__(self, reason: LinkReason) -> None:
        """Keep the reason."""
        super().__init__(f"the link was refused: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a token says.

    Attributes:
        contact: Who was asked: the receiver's name after ``owner:``.
        expires_s: It opens nothing from then on, seconds UTC.
    """

    alert_id: str
    contact: str
    expires_s: int


def make_link(key: bytes, link: Link) -> str:
    """Give the token of a link: the same one for the same link."""
    said = (
        link.expires_s.to_bytes(_END_BYTES, "big")
        + link.alert_id.encode()
        + b"\0"
        + link.contact.encode()
    )
    return PREFIX + _text(said + _code(key, said))


def read_link(keys: Sequence[bytes], token: str, *, now_ms: int) -> Link:
    """Read a token that one of the keys signed.

    Args:
        keys: The key that signs, and one before it while its links are still out.
        token: As it came.
        now_ms: Wall clock, ms UTC.

    Raises:
        LinkRefused: It opens nothing.
    """
    raw = _bytes(token)
    said, code = raw[:-_CODE_BYTES], raw[-_CODE_BYTES:]
    matches = [hmac.compare_digest(_code(key, said), code) for key in keys]
    if not any(matches):
        raise LinkRefused(LinkReason.BAD_SIGNATURE)
    alert_id, _, contact = said[_END_BYTES:].partition(b"\0")
    expires_s = int.from_bytes(said[:_END_BYTES], "big")
    if now_ms >= expires_s * 1000:
        raise LinkRefused(LinkReason.ENDED)
    return Link(alert_id=alert_id.decode(), contact=contact.decode(), expires_s=expires_s)


def _code(key: bytes, said: bytes) -> bytes:
    return hmac.new(key, _CONTEXT + said, hashlib.sha256).digest()[:_CODE_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(token: str) -> bytes:
    """Give the bytes of a token; each has one spelling.

    Raises:
        LinkRefused: Not one of ours by its form.
    """
    text = token.removeprefix(PREFIX)
    if not token.startswith(PREFIX) or len(token) > MAX_CHARS or not text.isascii():
        raise LinkRefused(LinkReason.GARBLED)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as exc:
        raise LinkRefused(LinkReason.GARBLED) from exc
    if len(raw) <= _END_BYTES + _CODE_BYTES or _text(raw) != text:
        raise LinkRefused(LinkReason.GARBLED)
    return raw

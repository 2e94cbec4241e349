"""Bearer tokens: random text for the holder, a hash at rest for us."""

import hashlib
import secrets
from typing import NamedTuple

PREFIX = "pgt_"
"""Every token starts so: scanners for leaked secrets find it by this."""

SESSION_PREFIX = "pgs_"
"""... and every session of a person: it comes in a cookie only, a token in a header only."""

TOKEN_BYTES = 32
"""256 random bits: nothing to guess, so a plain SHA-256 at rest is enough (no slow hash)."""

MAX_CHARS = 200
"""A longer credential is no token of ours and is not even hashed."""


class NewToken(NamedTuple):
    """A token made just now.

    Attributes:
        plain: For its holder, shown once; never stored, never logged.
        hash: What ``tokens.hash`` keeps: SHA-256 in hex.
    """

    plain: str
    hash: str


def new_token(prefix: str = PREFIX) -> NewToken:
    """Make a token and its hash."""
    plain = prefix + secrets.token_urlsafe(TOKEN_BYTES)
    return NewToken(plain, hash_token(plain))


def hash_token(plain: str) -> str:
    """Give the SHA-256 of a token, hex, 64 characters."""
    return hashlib.sha256(plain.encode("utf-8", "surrogateescape")).hexdigest()


def new_token_id() -> str:
    """Make a public id of a token: names it in lists and logs, opens nothing."""
    return "tok_" + secrets.token_hex(8)

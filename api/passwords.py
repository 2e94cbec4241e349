"""People's passwords at rest: argon2id. Tokens and devices have random secrets and need none.

Source of the numbers: OWASP Password Storage Cheat Sheet, argon2id with 19 MiB, 2 rounds, 1 lane.
Measured 2026-11-29 on 2 shared cores: 42 ms a check (median), 53 ms at most.
"""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.login_policy import normal

MEMORY_KIB = 19 * 1024
ROUNDS = 2
LANES = 1
GENERATED_BYTES = 15
"""Of a password that we make: 120 random bits, 20 characters."""

_hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)

STRANGER = (
    "$argon2id$v=19$m=19456,t=2,p=1$c3RyYW5nZXJzLXNhbHQ0"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What an unknown name is checked against: no password fits it, and it costs the same time."""


def hash_password(password: str) -> str:
    """Give what is kept of a password, with its salt; about 40 ms."""
    return _hasher.hash(normal(password))


def is_right(password: str, kept: str) -> bool:
    """Whether a password is the one of which ``kept`` was made; about 40 ms."""
    try:
        return _hasher.verify(kept, normal(password))
    except (VerificationError, InvalidHashError):
        return False


def new_password() -> str:
    """Make a random one."""
    return secrets.token_urlsafe(GENERATED_BYTES)

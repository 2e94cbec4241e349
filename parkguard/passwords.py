"""Passwords of broker users: mosquitto's ``$7$`` lines (PBKDF2-HMAC-SHA512).

Source of the numbers: mosquitto 2.0's ``mosquitto_passwd`` (101 rounds, 12-byte salt, 64-byte
hash, base64). So few rounds are enough only because every password is 256 random bits.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

SECRET_BYTES = 32
"""Length of a new secret before base64. Source: reliability.md 5.4 (256-bit passwords)."""

_ROUNDS = 101
_SALT_BYTES = 12
_HASH_BYTES = 64
_FIELDS = 5


def new_secret() -> str:
    """Give a fresh random secret of 43 URL-safe characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """Give ``$7$101$salt$hash`` for a mosquitto password file; about 60 µs.

    Args:
        password: In clear.
        salt: 12 bytes; None = random.
    """
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS, _HASH_BYTES)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def verify_password(password: str, hashed: str) -> bool:
    """Whether ``password`` belongs to ``hashed``; False for anything that is no ``$7$`` line."""
    parts = hashed.split("$")
    if len(parts) != _FIELDS or parts[0] or parts[1] != "7" or parts[2] != str(_ROUNDS):
        return False
    try:
        salt = base64.b64decode(parts[3], validate=True)
        digest = base64.b64decode(parts[4], validate=True)
    except binascii.Error:
        return False
    found = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS, _HASH_BYTES)
    return hmac.compare_digest(found, digest)

"""Instants in requests and answers: any usual text in, epoch milliseconds UTC inside."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

MIN_MS = 100_000_000_000
"""1973-03-03. Smaller numbers are seconds given by mistake: refused, never guessed."""

MAX_MS = 4_102_444_800_000
"""2100-01-01. Larger numbers are micro- or nanoseconds given by mistake."""

HINT = (
    "give ISO 8601 such as 2025-11-25T08:30:00Z or 2025-11-25T16:30:00+08:00 "
    "(without an offset it is UTC), or epoch milliseconds such as 1764059400000"
)

_DIGITS = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_LOST_PLUS = re.compile(r"(.*[0-9][T ][0-9]{2}[0-9:.,]*) ([0-9]{2}:?[0-9]{2})", re.ASCII)


def parse_time_ms(value: object) -> int:
    """Read one instant, ms UTC.

    A naive time is UTC. A ``+`` of an offset that an unescaped address turned into a blank is
    put back.

    Raises:
        ValueError: With a hint; nothing else escapes.
    """
    text = str(value).strip()
    if _DIGITS.fullmatch(text):
        number = int(text)
        if not MIN_MS <= number <= MAX_MS:
            raise ValueError(f"{number} is not epoch milliseconds of 1973 to 2100; {HINT}")
        return number
    if not (text.isascii() and text.isprintable()):  # fromisoformat takes a trailing NUL
        raise ValueError(f"not a time; {HINT}")
    lost = _LOST_PLUS.fullmatch(text)
    if lost:
        text = f"{lost[1]}+{lost[2]}"
    try:
        instant = datetime.fromisoformat(text.upper())
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        number = round(instant.timestamp() * 1000)
    except (ValueError, OverflowError) as exc:
        raise ValueError(f"not a time; {HINT}") from exc
    if not MIN_MS <= number <= MAX_MS:
        raise ValueError(f"not between 1973 and 2100; {HINT}")
    return number


def format_time(t_ms: int) -> str:
    """Write an instant as RFC 3339, UTC, milliseconds: ``2025-11-25T08:30:00.000Z``."""
    text = datetime.fromtimestamp(t_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def format_known_time(t_ms: int) -> str | None:
    """Write an instant, or None where 0 says that it is not known."""
    return format_time(t_ms) if t_ms > 0 else None


TimeMs = Annotated[
    int,
    BeforeValidator(parse_time_ms),
    WithJsonSchema(
        {"type": "string", "description": HINT, "examples": ["2025-11-25T08:30:00+08:00"]}
    ),
]
"""A query parameter that takes a time as text and arrives as ms UTC."""

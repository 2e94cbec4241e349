"""Structure-aware mutation: a message is read, wounded at a random place, and written again.

Flipping bytes seldom leaves JSON or MessagePack behind; these wounds always do, so that fuzzing
gets past the parser to what judges values.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import msgpack

WILD: list[Any] = [
    None, True, False, 0, 1, -1, 2, 1.5, -0.0, 1e308, float("nan"), float("inf"), 2**31, 2**53,
    2**63, 2**64 - 1, -(2**63), 1_764_032_462, 1_764_032_462_000, 91, 181, "", "1", "1.5", "1,5",
    "-0", "٣", "NaN", "true", "\0", "\ud800", "gcj02", "bd09", "x" * 300, "trk-9", [], {}, [[]],
    [1], {"a": 1}, {"": None}, "stop", "full", "online", "lost", "faulted",
]  # fmt: skip
"""What is put in a value's place: every kind of value, limits, and words of the wire."""


def _places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    for key, part in parts:
        yield (*path, key)
        yield from _places(part, (*path, key))


def _wound(message: Any, random: Random) -> None:  # noqa: ANN401 - any JSON value
    places = list(_places(message))
    if not places:
        return
    *path, last = random.choice(places)
    part = message
    for key in path:
        part = part[key]
    match random.randrange(6):
        case 0:
            del part[last]
        case 1:
            part[last] = str(part[last])
        case 2 if isinstance(part, dict):
            part[random.choice(["own", "v", "id", "t", "§flags", "a\0"])] = random.choice(WILD)
        case 3:
            part[last] = [part[last]] * random.randrange(1, 4)
        case _:
            part[last] = random.choice(WILD)


def wounded(payload: bytes, random: Random) -> bytes | None:
    """The message with one to three wounds, in either format; None when it is no message."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        try:
            message = msgpack.unpackb(payload, strict_map_key=False)
        except (ValueError, TypeError, RecursionError):
            return None
    try:
        for _ in range(random.randrange(1, 4)):
            _wound(message, random)
        if random.random() < 0.5:
            return json.dumps(message).encode()
        packed: bytes = msgpack.packb(message, unicode_errors="surrogatepass")
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return packed

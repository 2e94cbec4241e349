"""Hostile connections to an MQTT broker, the same ones for the same seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from support.mqtt_packets import PING, connect, packet, publish, subscribe, text

BAD_TOPICS = (
    *(b"", b"#", b"+/x", b"up/#", b"$SYS/x", b"a\0b", b"\xff\xfe", b"\xed\xa0\x80"),
    *(b"/" * 300, b"x" * 60_000),
)
HALVES = 100
"""QoS 2 messages of one connection, none of them finished."""
FILTERS = 500
"""Subscriptions in one packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """One connection.

    Attributes:
        kind: What is wrong with it.
        said: Its bytes, in the pieces they are sent in.
    """

    kind: str
    said: tuple[bytes, ...]


def hostile(seed: int, count: int, *, user: str, password: str) -> Iterator[Hostile]:
    """So many connections, every kind in turn; some by a device with its right password."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    for number in range(count):
        kind, make = _KINDS[number % len(_KINDS)]
        yield Hostile(kind=kind, said=make(dice, user, password))


def _junk(dice: random.Random, _user: str, _password: str) -> tuple[bytes, ...]:
    return (dice.randbytes(dice.randrange(1, 400)),)


def _other_level(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    return (connect(user, password, level=dice.choice((0, 1, 2, 6, 7, 127, 255))),)


def _no_mqtt(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    name = dice.choice((b"MQTT ", b"mqtt", b"MQIsdp", b"HTTP", b"", b"M" * 70))
    return (connect(user, password, name=name),)


def _lie_about_length(dice: random.Random, _user: str, _password: str) -> tuple[bytes, ...]:
    length = dice.choice((b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff\x01", b"\x80\x80\x80\x80\x80"))
    return (bytes([dice.choice((0x10, 0x30, 0x82))]) + length + dice.randbytes(200),)


def _two_connects(_dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    return (connect(user, password) * 2,)


def _half(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    whole = connect(user, password) + publish(f"pg/v1/up/trk/{user}/x", b"y" * 100) + PING
    return (whole[: dice.randrange(1, len(whole) - 2)],)


def _byte_by_byte(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    whole = connect(user, password)
    return tuple(whole[at : at + 1] for at in range(dice.randrange(5, len(whole))))


def _bad_will(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    whole = connect(user, password, will=("WILL", b"w"), flags=dice.choice((0xC2, 0xE2, 0xDA)))
    body = whole[whole.index(b"\x00\x04MQTT") :].replace(
        text("WILL"), text(dice.choice(BAD_TOPICS)), 1
    )
    return (packet(0x10, body),)


def _bad_topic(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    body = text(dice.choice(BAD_TOPICS)) + b"\0\1x"
    return (connect(user, password), packet(0x32, body))


def _bad_packet(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    return (connect(user, password), packet(dice.randrange(256), dice.randbytes(dice.randrange(9))))


def _bad_flags(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    return (connect(user, password, flags=dice.randrange(256)),)


def _halves(_dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    topic = f"pg/v1/up/trk/{user}/x"
    said = (publish(topic, b"z" * 500, qos=2, mid=mid) for mid in range(1, HALVES + 1))
    return (connect(user, password) + b"".join(said),)


def _many_filters(dice: random.Random, user: str, password: str) -> tuple[bytes, ...]:
    start = dice.randrange(1000)
    filters = (f"pg/v1/dn/trk/{user}/{start + number}" for number in range(FILTERS))
    return (connect(user, password), subscribe(*filters))


_Maker = Callable[[random.Random, str, str], tuple[bytes, ...]]

_KINDS: tuple[tuple[str, _Maker], ...] = (
    ("junk", _junk),
    ("other level", _other_level),
    ("no mqtt", _no_mqtt),
    ("lie about length", _lie_about_length),
    ("two connects", _two_connects),
    ("half", _half),
    ("byte by byte", _byte_by_byte),
    ("bad will", _bad_will),
    ("bad topic", _bad_topic),
    ("bad packet", _bad_packet),
    ("bad flags", _bad_flags),
    ("qos 2 halves", _halves),
    ("many filters", _many_filters),
)
KINDS = tuple(kind for kind, _ in _KINDS)

CUT_OFF = frozenset({"other level", "no mqtt", "lie about length", "two connects", "qos 2 halves"})
"""Kinds after which mosquitto has to end the connection by itself (3.1.1 and ``max_qos 1``)."""

"""The bytes of MQTT 3.1.1 that a subscriber at QoS 1 sends and receives. No I/O.

``read_packets`` cuts what came from the socket into publications and the broker's answers, many at
once: a general client takes 60 µs of CPU a message for it, this 3 (docs/benchmarks.md).
"""

from collections.abc import Sequence
from typing import NamedTuple

from ingest.ports import Envelope

CONNACK, PUBLISH, PUBACK, SUBACK = 0x20, 0x30, 0x40, 0x90
PINGREQ, DISCONNECT = b"\xc0\x00", b"\xe0\x00"
REFUSED = 0x80
"""In SUBACK: this filter was not granted."""
_LENGTH_BYTES = 4
"""At most so many bytes say how long a packet is. Source: MQTT 3.1.1, 2.2.3."""
_CONNACK_WORDS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not take our client id",
    3: "it is not available",
    4: "bad user name or password",
    5: "not authorised",
}


class MalformedPacket(Exception):
    """The broker sent what MQTT 3.1.1 does not allow: the connection cannot be read on."""


class Answer(NamedTuple):
    """A packet of the broker's that is no publication: its first byte without flags, its body."""

    kind: int
    body: bytes


class Cut(NamedTuple):
    """What ``read_packets`` found.

    Attributes:
        end: Where in the bytes it ended.
        more: It ended at a publication that was not wanted any more.
    """

    publications: list[Envelope]
    answers: list[Answer]
    end: int
    more: bool


def read_packets(data: bytes, *, session: int, most: int) -> Cut:
    """Cut whole packets, until ``most`` publications are found.

    Args:
        data: What came, from the beginning of a packet on.
        session: Number of the connection, for the envelopes.
        most: Publications wanted; what follows them is left in ``data``.

    Raises:
        MalformedPacket: Not MQTT 3.1.1.
    """
    found: list[Envelope] = []
    answers: list[Answer] = []
    at, end = 0, len(data)
    while end - at >= 2:  # noqa: PLR2004 - the shortest packet
        first, length, body = data[at], data[at + 1], at + 2
        if length & 0x80:
            length, body = _length(data, at + 1)
            if not body:
                break
        after = body + length
        if after > end:
            break
        if first & 0xF0 == PUBLISH:
            if len(found) >= most:
                return Cut(found, answers, at, more=True)
            found.append(_publication(data, first, body, after, session))
        else:
            answers.append(Answer(first & 0xF0, data[body:after]))
        at = after
    return Cut(found, answers, at, more=False)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Remaining length of more than a byte, and where the body begins; 0 = not all is there."""
    length = shift = 0
    for k, byte in enumerate(data[at : at + _LENGTH_BYTES]):
        length |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return length, at + k + 1
        shift += 7
    if len(data) - at >= _LENGTH_BYTES:
        raise MalformedPacket("a remaining length of more than four bytes")
    return 0, 0


def _publication(data: bytes, first: int, body: int, after: int, session: int) -> Envelope:
    qos = first >> 1 & 3
    begin = body + 2
    end = begin + (data[body] << 8 | data[body + 1])
    payload = end + 2 if qos else end
    if payload > after or qos > 1:
        raise MalformedPacket("a publication that is no QoS 0 or 1, or shorter than its topic")
    mid = data[end] << 8 | data[end + 1] if qos else 0
    topic = data[begin:end].decode(errors="replace")
    return Envelope(topic, data[payload:after], bool(first & 1), bool(first & 8), qos, mid, session)


def refusal_of(connack: bytes) -> str:
    """Why the broker does not let us in, "" when it does."""
    code = connack[1]
    return _CONNACK_WORDS.get(code, f"code {code}") if code else ""


def connect_packet(*, user: str, password: str, keepalive_s: int) -> bytes:
    """CONNECT with a session that lasts; the client id is the user name."""
    flags = 0xC0  # user name and password, no clean session
    body = _text("MQTT") + bytes((4, flags)) + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, body + _text(user) + _text(user) + _text(password))


def subscribe_packet(mid: int, filters: Sequence[str]) -> bytes:
    """SUBSCRIBE at QoS 1."""
    return _packet(
        0x82, mid.to_bytes(2, "big") + b"".join(_text(each) + b"\x01" for each in filters)
    )


def publish_packet(topic: str, payload: bytes) -> bytes:
    """PUBLISH at QoS 0."""
    return _packet(PUBLISH, _text(topic) + payload)


def puback_packets(mids: Sequence[int]) -> bytes:
    """PUBACK of each."""
    return b"".join([b"@\x02" + mid.to_bytes(2, "big") for mid in mids])


def _packet(first: int, body: bytes) -> bytes:
    length, head = len(body), bytearray((first,))
    while True:
        byte, length = length & 0x7F, length >> 7
        head.append(byte | 0x80 if length else byte)
        if not length:
            return bytes(head) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded

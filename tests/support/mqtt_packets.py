"""MQTT 3.1.1 packets as bytes, and a bare socket to send them: for what no client library sends.

with raw_link(host, port, connect("trk-1", "its word"), publish("up/x", b"1", mid=7)) as link:
    assert ends(link)
"""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

DISCONNECT = b"\xe0\x00"
PING = b"\xc0\x00"
WAIT_S = 10.0
"""A broker that says nothing for so long counts as silent, seconds."""


def text(value: str | bytes) -> bytes:
    """A string with its length before it."""
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def packet(first: int, body: bytes) -> bytes:
    """First byte, remaining length, body."""
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)[0], left % 128
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([first]) + bytes(length) + body


def connect(
    user: str,
    password: str,
    *,
    will: tuple[str, bytes] | None = None,
    flags: int = 0xC2,
    name: bytes = b"MQTT",
    level: int = 4,
    keepalive_s: int = 60,
) -> bytes:
    """CONNECT with client id = user; ``flags`` say user, password, clean (and will's retain)."""
    flags |= 0x0C if will else 0
    parts = [user, *(will or ()), user, password]
    head = text(name) + bytes([level, flags]) + keepalive_s.to_bytes(2, "big")
    return packet(0x10, head + b"".join(text(part) for part in parts))


def publish(
    topic: str, payload: bytes, *, qos: int = 1, mid: int = 1, retain: int = 0, dup: int = 0
) -> bytes:
    """PUBLISH."""
    number = mid.to_bytes(2, "big") if qos else b""
    return packet(0x30 | dup << 3 | qos << 1 | retain, text(topic) + number + payload)


def subscribe(*filters: str, mid: int = 1) -> bytes:
    """SUBSCRIBE at QoS 1."""
    return packet(0x82, mid.to_bytes(2, "big") + b"".join(text(each) + b"\1" for each in filters))


@contextmanager
def raw_link(host: str, port: int, *packets: bytes) -> Iterator[socket.socket]:
    """A connection over which these bytes were sent."""
    with closing(socket.create_connection((host, port), timeout=WAIT_S)) as link:
        link.sendall(b"".join(packets))
        yield link


def ends(link: socket.socket) -> bool:
    """Whether the broker ends the connection within ``WAIT_S``."""
    try:
        while link.recv(4096):
            continue
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True

"""The embedded broker's front door: silence, junk, floods and too many connections."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from parkguard.broker_embedded_config import FrontLimits
from support.broker import Embedded, wait_until
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker

BIKE, WORD = "trk-000001", "a-long-enough-word-1"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with Embedded(
        tmp_path_factory.mktemp("embedded"),
        {BIKE: WORD},
        limits=FrontLimits(max_connections=5, connect_s=0.5, max_packet_bytes=1000),
    ) as running:
        yield running


@contextmanager
def raw(broker: Embedded, first: bytes = b"") -> Iterator[socket.socket]:
    with closing(socket.create_connection((broker.host, broker.port), timeout=5)) as link:
        link.sendall(first)
        yield link


def is_cut(link: socket.socket) -> bool:
    """Whether the broker closes the connection within the socket's time."""
    try:
        while link.recv(100):
            continue
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def login(broker: Embedded) -> MqttClient:
    return MqttClient(broker.host, broker.port, user=BIKE, password=WORD)


def bike_works(broker: Embedded) -> bool:
    client = login(broker).connect()
    refused = client.refused
    client.close()
    return not refused


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"\x10",
        b"\x10\x20\x00\x04MQTT",
        b"\x30\x02\x00\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x10\xff\xff\xff\xff\xff\xff",
        b"\x10\xff\xff\xff\x7f" + b"a" * 500,
        bytes(range(256)),
        b"\x10\x0c\x00\x04MQTT\x06\x02\x00\x3c\x00\x00",
        b"\x10\x0e\x00\x04MQTT\x04\x80\x00\x3c\x00\x00\xff\xff",
    ],
)
def test_silence_and_junk_are_cut_off(broker: Embedded, first: bytes) -> None:
    """Nothing, half a CONNECT, another packet, another protocol, a lie about the length."""
    with raw(broker, first) as link:
        began_s = time.monotonic()

        assert is_cut(link)

        assert time.monotonic() - began_s < 3
    assert bike_works(broker)


def test_connections_beyond_the_limit_are_closed(broker: Embedded) -> None:
    """The broker stays there for those that hold one, and for newcomers when one goes."""
    held = [socket.create_connection((broker.host, broker.port), timeout=5) for _ in range(5)]
    with raw(broker) as sixth:
        assert is_cut(sixth)
    for link in held:
        link.close()

    wait_until(lambda: bike_works(broker))


def test_a_packet_beyond_the_limit_ends_the_connection(broker: Embedded) -> None:
    """It is not read into memory first."""
    bike = login(broker).connect()
    small, big = b"x" * 500, b"x" * 5000

    bike.publish(f"pg/v1/up/trk/{BIKE}/fix", small)
    bike.send(f"pg/v1/up/trk/{BIKE}/fix", big)

    wait_until(lambda: bike.losses, what="the connection to be cut")
    bike.close()
    assert bike_works(broker)


def test_a_client_that_falls_silent_is_cut_off(broker: Embedded) -> None:
    """After one and a half times its keep-alive (MQTT 3.1.1, 3.1.2.10); its will is said."""
    name, word = BIKE.encode(), WORD.encode()
    body = b"\x00\x04MQTT\x04\xc2\x00\x01" + b"".join(
        len(text).to_bytes(2, "big") + text for text in (name, name, word)
    )
    with raw(broker, bytes([0x10, len(body)]) + body) as link:
        assert link.recv(4) == b"\x20\x02\x00\x00"
        began_s = time.monotonic()

        assert is_cut(link)

        assert 1.2 < time.monotonic() - began_s < 3

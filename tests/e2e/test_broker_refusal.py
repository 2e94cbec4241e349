"""What a device sees when the broker refuses it: at the door, and at a topic of another."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from support.broker import WAIT_S, Embedded, Mosquitto
from support.mqtt_packets import connect, publish, raw_link

pytestmark = [pytest.mark.broker, pytest.mark.promise(26)]

BIKE, WORD = "trk-000001", "a-long-enough-word-1"
OWN, OTHERS = f"pg/v1/up/trk/{BIKE}/fix", "pg/v1/up/trk/trk-000002/fix"
REFUSED = b"\x20\x02\x00\x05"
"""CONNACK, not authorised (MQTT 3.1.1, 3.2.2.3)."""
NOT_AUTHORIZED = 0x87
"""Reason code of MQTT 5 (3.4.2.1)."""


@pytest.fixture(params=[Mosquitto, Embedded], ids=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto]:
    with request.param(tmp_path, {BIKE: WORD}) as running:
        yield running


def answer(broker: Mosquitto, *packets: bytes, expected: int) -> bytes:
    """So many bytes of what the broker says to these packets."""
    with raw_link(broker.host, broker.port, *packets) as link:
        said = b""
        while len(said) < expected and (more := link.recv(expected - len(said))):
            said += more
        return said


def test_at_the_door_it_is_told(broker: Mosquitto) -> None:
    """A revoked device and one with a wrong password get the same clear answer, at once."""
    before = answer(broker, connect(BIKE, WORD), expected=4)
    broker.set_users({})
    assert answer(broker, connect(BIKE, "wrong"), expected=4) == REFUSED

    assert answer(broker, connect(BIKE, WORD), expected=4) == REFUSED
    assert before == b"\x20\x02\x00\x00"


def test_at_a_topic_mqtt_3_tells_it_nothing(tmp_path: Path) -> None:
    """The protocol has no word for it: acknowledged like any other; only a receipt is a promise."""
    with Mosquitto(tmp_path, {BIKE: WORD}) as broker:
        said = answer(broker, connect(BIKE, WORD), publish(OTHERS, b"1", mid=7), expected=8)

    assert said == b"\x20\x02\x00\x00" + b"\x40\x02\x00\x07"


def test_at_a_topic_mqtt_5_tells_it(tmp_path: Path) -> None:
    """0x87 in the acknowledgement, and the connection stays for what is its own."""
    with Mosquitto(tmp_path, {BIKE: WORD}) as broker:
        codes: dict[int, ReasonCode] = {}
        connected, acked = threading.Event(), threading.Semaphore(0)
        client = paho.Client(CallbackAPIVersion.VERSION2, BIKE, protocol=paho.MQTTv5)
        client.username_pw_set(BIKE, WORD)
        client.on_connect = lambda *_: connected.set()

        def on_publish(
            _client: object, _data: object, mid: int, code: ReasonCode, _: object
        ) -> None:
            codes[mid] = code
            acked.release()

        client.on_publish = on_publish
        client.connect(broker.host, broker.port)
        client.loop_start()
        assert connected.wait(WAIT_S)
        refused, taken = (client.publish(topic, b"1", qos=1).mid for topic in (OTHERS, OWN))
        assert acked.acquire(timeout=WAIT_S)
        assert acked.acquire(timeout=WAIT_S)
        client.disconnect()
        client.loop_stop()

    assert codes[refused].value == NOT_AUTHORIZED
    assert not codes[taken].is_failure

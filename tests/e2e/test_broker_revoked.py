"""A revoked device is out, and nothing of it stays at the broker."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from parkguard.device_hashes import DeviceHashes
from support.broker import wait_until
from support.broker_running import BIKE, WORD, Running, a_registry, register, revoke, running

pytestmark = pytest.mark.broker

OTHER, OTHER_WORD = "trk-000002", "another-long-word-2"
OWN = tuple(f"pg/v1/up/trk/{BIKE}/{channel}" for channel in ("status", "state", "info", "a/b"))
TOLD = f"pg/v1/dn/trk/{BIKE}/cmd"
OTHERS = f"pg/v1/up/trk/{OTHER}/state"
OUT_S = 5.0
"""P28."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    with a_registry(tmp_path) as made:
        register(made, BIKE, WORD)
        register(made, OTHER, OTHER_WORD)
        yield made


def retained(broker: Running) -> dict[str, bytes]:
    """What the broker keeps below our topics, as a newcomer gets it."""
    end = "pg/v1/up/x/pg-doctor/end"
    with broker.login("pg-doctor") as doctor, broker.login("pg-ingest") as reader:
        reader.subscribe("pg/v1/up/#")
        doctor.publish(end, b"end")
        wait_until(lambda: any(topic == end for topic, _, _ in reader.got))
        return {topic: payload for topic, payload, kept in reader.got if kept}


@pytest.mark.promise(28)
@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
def test_nothing_of_a_revoked_device_stays(tmp_path: Path, engine: sa.Engine, kind: str) -> None:
    """Cut off within 5 s; what it retained, its will and what was retained for it are cleared."""
    with (
        running(tmp_path, DeviceHashes(engine), kind=kind) as broker,
        broker.login("pg-dispatch") as dispatch,
        broker.login(OTHER, OTHER_WORD) as other,
        broker.login(will=(OWN[1], b"gone"), will_retain=True) as bike,
    ):
        dispatch.publish(TOLD, b"for the bike", retain=True)
        other.publish(OTHERS, b"mine", retain=True)
        for topic in OWN:
            bike.publish(topic, b"kept", retain=True)
        assert set(retained(broker)) == {*OWN, OTHERS}

        revoke(engine, BIKE)

        wait_until(lambda: bike.losses, within_s=OUT_S, what="the revoked device to be cut off")
        wait_until(lambda: set(retained(broker)) == {OTHERS}, within_s=OUT_S, what="cleared")
        wait_until(lambda: broker.status.metrics["broker_cleared_messages_total"] > len(OWN))
        assert not other.losses
        assert broker.login().connect().refused
        assert commands_for_the_next(engine, broker) == []


def commands_for_the_next(engine: sa.Engine, broker: Running) -> list[bytes]:
    """What a device that is registered under the same id gets at once; its own state stays."""
    register(engine, BIKE, WORD)
    wait_until(lambda: not broker.login().connect().refused, within_s=OUT_S, what="let in again")
    with broker.login() as bike, broker.login("pg-dispatch") as dispatch:
        assert bike.subscribe(f"pg/v1/dn/+/{BIKE}/#")
        bike.publish(OWN[1], b"new", retain=True)
        dispatch.publish(TOLD, b"end")
        wait_until(lambda: (TOLD, b"end", False) in bike.got)
        assert retained(broker)[OWN[1]] == b"new"
        return [payload for _, payload, kept in bike.got if kept]


@pytest.mark.promise(28)
def test_who_was_revoked_while_the_broker_was_down_is_cleared_at_its_start(
    tmp_path: Path, engine: sa.Engine
) -> None:
    """The persistence file still holds its state; nobody has to revoke it again."""
    with running(tmp_path, DeviceHashes(engine)) as broker, broker.login() as bike:
        bike.publish(OWN[0], b"kept", retain=True)

    revoke(engine, BIKE)

    with running(tmp_path, DeviceHashes(engine)) as broker:
        wait_until(lambda: broker.status.metrics["broker_cleared_messages_total"])
        assert retained(broker) == {}


@pytest.mark.promise(28)
def test_a_revoked_device_has_no_late_will(tmp_path: Path, engine: sa.Engine) -> None:
    """MQTT 5 lets a device put its will off; another's comes in its time, this one never."""
    with running(tmp_path, DeviceHashes(engine)) as broker, broker.login("pg-ingest") as reader:
        reader.subscribe("pg/v1/up/#")
        bike, ended = late_will(broker, BIKE, WORD)
        other, _ = late_will(broker, OTHER, OTHER_WORD)

        revoke(engine, BIKE)
        wait_until(ended.is_set, within_s=OUT_S, what="the revoked device to be cut off")
        sock = other.socket()
        assert sock is not None
        sock.close()

        wait_until(lambda: (OTHERS, b"late", False) in reader.got, what="the other's late will")
        assert retained(broker) == {OTHERS: b"late"}
        for client in (bike, other):
            client.loop_stop()


def late_will(broker: Running, user: str, word: str) -> tuple[paho.Client, threading.Event]:
    """A connection whose will is retained and said 2 s after its end; the event tells of that."""
    connected, ended = threading.Event(), threading.Event()
    client = paho.Client(
        CallbackAPIVersion.VERSION2, user, protocol=paho.MQTTv5, reconnect_on_failure=False
    )
    client.username_pw_set(user, word)
    delay, session = (
        Properties(kind)  # type: ignore[no-untyped-call]
        for kind in (PacketTypes.WILLMESSAGE, PacketTypes.CONNECT)
    )
    delay.WillDelayInterval, session.SessionExpiryInterval = 2, 60
    client.will_set(f"pg/v1/up/trk/{user}/state", b"late", qos=1, retain=True, properties=delay)
    client.on_connect = lambda *_: connected.set()
    client.on_disconnect = lambda *_: ended.set()
    client.connect(broker.host, broker.port, clean_start=True, properties=session)
    client.loop_start()
    wait_until(connected.is_set)
    return client, ended

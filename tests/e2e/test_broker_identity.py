"""Nobody is somebody else: the same matrix on mosquitto and on the embedded broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.broker import Embedded, Mosquitto, wait_until
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker

ALICE, MALLORY = "trk-000001", "trk-000666"
SECRETS = {ALICE: "a" * 8 + "-alice-0123", MALLORY: "m" * 8 + "-mallory-0123"}


@pytest.fixture(params=[Mosquitto, Embedded], ids=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto]:
    with request.param(tmp_path, SECRETS) as running:
        yield running


def login(broker: Mosquitto, user: str, **more: object) -> MqttClient:
    words = {"user": user, "password": broker.passwords[user], **more}
    return MqttClient(broker.host, broker.port, **words)  # type: ignore[arg-type]


def test_a_device_publishes_below_its_own_id(broker: Mosquitto) -> None:
    """Our consumer gets what a device says of itself."""
    with login(broker, "pg-ingest", clean=False) as ingest, login(broker, ALICE) as alice:
        assert ingest.subscribe("pg/v1/up/#")

        alice.publish(f"pg/v1/up/trk/{ALICE}/fix", b"mine")

        wait_until(lambda: ingest.got)
    assert ingest.got == [(f"pg/v1/up/trk/{ALICE}/fix", b"mine", False)]


def test_a_device_cannot_publish_as_another(broker: Mosquitto) -> None:
    """Forged topics of every form are acknowledged and dropped (MQTT 3.1.1 has no refusal)."""
    with login(broker, "pg-ingest") as ingest, login(broker, MALLORY) as mallory:
        assert ingest.subscribe("pg/v1/up/#")
        assert ingest.subscribe("pg/v1/sys/#")

        for topic in (
            f"pg/v1/up/trk/{ALICE}/fix",
            f"pg/v1/up/{MALLORY}/trk/fix",
            "pg/v1/sys/echo",
            f"pg/v1/dn/trk/{ALICE}/cmd",
            "pg/v1/out/incident/34010400100101",
        ):
            mallory.publish(topic, b"forged")
            mallory.publish(topic, b"forged", retain=True)
        mallory.publish(f"pg/v1/up/trk/{MALLORY}/fix", b"last")

        wait_until(lambda: ingest.got)
    assert [payload for _, payload, _ in ingest.got] == [b"last"]


def test_a_will_cannot_speak_for_another(broker: Mosquitto) -> None:
    """A forged last will is dropped, an own one is published."""
    with login(broker, "pg-ingest") as ingest:
        assert ingest.subscribe("pg/v1/up/#")
        forged = (f"pg/v1/up/trk/{ALICE}/state", b"forged")
        honest = (f"pg/v1/up/trk/{ALICE}/state", b"lost")

        login(broker, MALLORY, will=forged).connect().drop()
        login(broker, ALICE, will=honest).connect().drop()

        wait_until(lambda: ingest.got)
    assert [payload for _, payload, _ in ingest.got] == [b"lost"]


def test_a_device_reads_only_its_own_commands(broker: Mosquitto) -> None:
    """Foreign and wild subscriptions bring nothing."""
    with login(broker, "pg-dispatch") as dispatch, login(broker, MALLORY) as mallory:
        assert mallory.subscribe(f"pg/v1/dn/+/{MALLORY}/#")
        for greedy in ("#", "pg/v1/#", "pg/v1/dn/#", f"pg/v1/dn/trk/{ALICE}/#", "$SYS/#"):
            mallory.subscribe(greedy)

        dispatch.publish(f"pg/v1/dn/trk/{ALICE}/cmd", b"for alice")
        dispatch.publish("pg/v1/out/incident/34010400100101", b"for police")
        dispatch.publish(f"pg/v1/dn/trk/{MALLORY}/cmd", b"for mallory")

        wait_until(lambda: mallory.got)
    assert {payload for _, payload, _ in mallory.got} == {b"for mallory"}


def test_foreign_topics_are_nobodys_while_adapters_are_off(broker: Mosquitto) -> None:
    """Neither may a device write them nor do we read them (on: tests/e2e/test_adapters.py)."""
    with login(broker, "pg-ingest") as ingest, login(broker, MALLORY) as mallory:
        for topics in ("jt808/#", "owntracks/#", "traccar/#", "v1/gateway/telemetry", "pg/v1/up/#"):
            ingest.subscribe(topics)

        for topic in ("jt808/c/1/up", "owntracks/a/b", "traccar/positions", "v1/gateway/telemetry"):
            mallory.publish(topic, b"forged")
            mallory.publish(topic, b"forged", retain=True)
        mallory.publish(f"pg/v1/up/trk/{MALLORY}/fix", b"last")

        wait_until(lambda: ingest.got)
    assert [payload for _, payload, _ in ingest.got] == [b"last"]


def test_our_client_id_cannot_be_taken(broker: Mosquitto) -> None:
    """A device that calls itself pg-ingest neither ends our session nor gets its queue (F4)."""
    with login(broker, "pg-ingest", clean=False) as ingest:
        ingest.subscribe("pg/v1/up/#")
    for clean in (True, False):
        login(broker, MALLORY, client_id="pg-ingest", clean=clean).connect().close()
        guess = SECRETS[MALLORY]
        thief = MqttClient(broker.host, broker.port, user="pg-ingest", password=guess, clean=clean)
        assert thief.connect().refused
        thief.close()
    with login(broker, ALICE) as alice:
        alice.publish(f"pg/v1/up/trk/{ALICE}/fix", b"kept")

    with login(broker, "pg-ingest", clean=False) as ingest:
        wait_until(lambda: ingest.got, what="the message kept for the session")

    assert [payload for _, payload, _ in ingest.got] == [b"kept"]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("", ""),
        (ALICE, ""),
        (ALICE, SECRETS[MALLORY]),
        ("nobody", "nothing"),
        ("pg-from-jt808", ""),
        ("pg-from-jt808", SECRETS[MALLORY]),
        ("+", "x"),
        ("#", ""),
    ],
)
def test_who_cannot_prove_a_name_is_refused(broker: Mosquitto, user: str, password: str) -> None:
    """No anonymous, no wrong, no unknown and no wild user gets in."""
    client = MqttClient(
        broker.host, broker.port, user=user, password=password, client_id=user or "x"
    )

    client.connect()

    assert client.refused
    client.close()


def test_a_revoked_device_is_out_within_5_s(broker: Mosquitto) -> None:
    """Removing its line disconnects it, and it alone (P28)."""
    with login(broker, ALICE) as alice, login(broker, MALLORY) as mallory:
        broker.set_users({ALICE: SECRETS[ALICE]})

        wait_until(lambda: mallory.losses, within_s=5, what="the revoked device to be cut off")

        assert alice.losses == 0
    revoked = login(broker, MALLORY).connect()
    assert revoked.refused
    revoked.close()


def test_retained_messages_reach_only_their_readers(broker: Mosquitto) -> None:
    """A device that connects gets nobody's retained state."""
    with login(broker, "pg-ingest") as ingest, login(broker, ALICE) as alice:
        ingest.subscribe("pg/v1/up/#")
        alice.publish(f"pg/v1/up/trk/{ALICE}/state", b"online", retain=True)
        wait_until(lambda: ingest.got)

        with (
            login(broker, MALLORY) as mallory,
            login(broker, "pg-dispatch") as dispatch,
        ):
            mallory.subscribe(f"pg/v1/dn/+/{MALLORY}/#")
            dispatch.publish(f"pg/v1/dn/trk/{MALLORY}/cmd", b"end")
            wait_until(lambda: mallory.got)

    assert [payload for _, payload, _ in mallory.got] == [b"end"]

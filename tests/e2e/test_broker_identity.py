"""Who gets in, and what reaches whom: the same on mosquitto and on the embedded broker.

Everybody against everybody else: test_broker_matrix.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.broker import Embedded, Mosquitto, wait_until
from support.mqtt_client import MqttClient, login

pytestmark = pytest.mark.broker

ALICE, MALLORY = "trk-000001", "trk-000666"
SECRETS = {ALICE: "a" * 8 + "-alice-0123", MALLORY: "m" * 8 + "-mallory-0123"}
STRANGERS = (
    ("", ""),
    (ALICE, ""),
    (ALICE, SECRETS[MALLORY]),
    ("nobody", "nothing"),
    ("pg-ingest", SECRETS[MALLORY]),
    ("pg-from-jt808", ""),
    ("pg-from-jt808", SECRETS[MALLORY]),
    ("+", "x"),
    ("#", ""),
)
"""Name and password."""


@pytest.fixture(params=[Mosquitto, Embedded], ids=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto]:
    with request.param(tmp_path, SECRETS) as running:
        yield running


def test_a_device_publishes_below_its_own_id(broker: Mosquitto) -> None:
    """Our consumer gets what a device says of itself."""
    with login(broker, "pg-ingest", clean=False) as ingest, login(broker, ALICE) as alice:
        assert ingest.subscribe("pg/v1/up/#")

        alice.publish(f"pg/v1/up/trk/{ALICE}/fix", b"mine")

        wait_until(lambda: ingest.got)
    assert ingest.got == [(f"pg/v1/up/trk/{ALICE}/fix", b"mine", False)]


@pytest.mark.promise(24)
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


@pytest.mark.promise(24, 26)
def test_who_cannot_prove_a_name_is_refused(broker: Mosquitto) -> None:
    """No anonymous, no wrong, no unknown and no wild user gets in."""
    for user, password in STRANGERS:
        client = MqttClient(
            broker.host, broker.port, user=user, password=password, client_id=user or "x"
        )

        client.connect()

        assert client.refused, user
        client.close()


@pytest.mark.promise(28)
def test_a_revoked_device_is_out_within_5_s(broker: Mosquitto) -> None:
    """Removing its line disconnects it, and it alone (P28)."""
    with login(broker, ALICE) as alice, login(broker, MALLORY) as mallory:
        broker.set_users({ALICE: SECRETS[ALICE]})

        wait_until(lambda: mallory.losses, within_s=5, what="the revoked device to be cut off")

        assert alice.losses == 0
    revoked = login(broker, MALLORY).connect()
    assert revoked.refused
    revoked.close()


@pytest.mark.promise(24)
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

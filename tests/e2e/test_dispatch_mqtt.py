"""Incidents over a real mosquitto with our own access rules."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from alerts.delivery.lane import Target
from alerts.delivery.model import DeliveryError, DeliveryReason
from alerts.delivery.mqtt import MqttAddress, MqttChannel
from alerts.model import Channel
from parkguard.clock import wall_ms
from parkguard.passwords import new_secret
from support.broker import Mosquitto, free_port, wait_until
from support.delivery_rows import a_notice, put_incident, put_row, records_at, states
from support.delivery_run import Noticeboard, dispatching, eventually
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    with records_at(tmp_path / "records.db") as engine:
        yield engine


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


def listener(broker: Mosquitto) -> MqttClient:
    return MqttClient(
        broker.host, broker.port, user="pg-desk", password=broker.passwords["pg-desk"], clean=False
    )


def channel_to(broker: Mosquitto) -> MqttChannel:
    address = MqttAddress(
        host=broker.host,
        port=broker.port,
        username="pg-dispatch",
        password=broker.passwords["pg-dispatch"],
    )
    return MqttChannel(address, clock=wall_ms, timeout_s=2.0)


@asynccontextmanager
async def publishing(engine: sa.Engine, broker: Mosquitto) -> AsyncIterator[Noticeboard]:
    target = Target(channel=Channel.MQTT, name="", carrier=channel_to(broker), timeout_s=2.0)
    async with dispatching(engine, [target]) as board:
        yield board


def put(engine: sa.Engine, number: int, *, receiver: str = "34010200000001") -> int:
    with engine.begin() as connection:
        put_incident(connection, number, at_ms=wall_ms())
        return put_row(connection, number, at_ms=wall_ms(), channel="mqtt", receiver=receiver)


def test_incident_goes_to_the_topic_of_its_grid(engine: sa.Engine, broker: Mosquitto) -> None:
    """QoS 1, not retained; a vehicle outside every grid goes to the city."""
    put(engine, 1)
    put(engine, 2, receiver="")

    async def run() -> None:
        async with publishing(engine, broker):
            await eventually(lambda: states(engine) == ["sent"] * 2, what="published")
            await eventually(lambda: len(desk.got) == 2, what="received")

    with listener(broker) as desk:
        assert desk.subscribe("pg/v1/out/#")
        asyncio.run(run())

    got = {topic: (json.loads(payload), retain) for topic, payload, retain in desk.got}
    assert set(got) == {"pg/v1/out/incident/34010200000001", "pg/v1/out/incident/city"}
    said, retain = got["pg/v1/out/incident/34010200000001"]
    assert (said["v"], said["kind"], said["data"]["incident_id"]) == (1, "incident", "inc-1")
    assert said["id"] == "inc-1:1:mqtt:34010200000001"
    assert not retain


def test_broker_restart_loses_nothing(
    engine: sa.Engine, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """Connections are renewed, and what was due while the broker was away is published then."""
    with listener(broker) as desk:
        assert desk.subscribe("pg/v1/out/#")  # the broker keeps this session

    async def run() -> None:
        async with publishing(engine, broker):
            put(engine, 1)
            await eventually(lambda: states(engine) == ["sent"], what="published")
            broker.stop()
            for number in range(2, 6):
                put(engine, number)
            await eventually(lambda: tried(engine), what="failed attempts")
            await asyncio.to_thread(broker.start)
            await eventually(lambda: states(engine) == ["sent"] * 5, what="published after it")

    asyncio.run(run())

    with listener(broker) as desk:
        wait_until(lambda: len(ids_of(desk)) == 5, what="five incidents")
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_frozen_broker_costs_the_time_limit_and_nothing_else(
    engine: sa.Engine, broker: Mosquitto
) -> None:
    """A connection without PUBACK is thrown away; feed and stop do not wait for it."""
    assert broker.process is not None
    frozen = broker.process

    async def run() -> None:
        async with publishing(engine, broker):
            put(engine, 1)
            await eventually(lambda: states(engine) == ["sent"], what="published")
            frozen.send_signal(signal.SIGSTOP)
            put(engine, 2)
            await eventually(lambda: tried(engine), what="failed attempts")
            frozen.send_signal(signal.SIGCONT)
            await eventually(lambda: states(engine) == ["sent"] * 2, what="published after it")

    asyncio.run(run())


def ids_of(desk: MqttClient) -> set[str]:
    return {json.loads(payload)["id"] for _, payload, _ in desk.got}


def tried(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        query = sa.text("SELECT count(*) FROM outbox WHERE attempts > 1 AND state = 'due'")
        return bool(connection.execute(query).scalar())


@pytest.mark.parametrize("word", ["wrong", None])
def test_wrong_password_is_broker_lost(broker: Mosquitto, word: str | None) -> None:
    """Named, may pass, and said in the status."""

    async def run() -> DeliveryError:
        address = MqttAddress(
            host=broker.host, port=broker.port, username="pg-dispatch", password=word
        )
        channel = MqttChannel(address, clock=wall_ms, timeout_s=2.0)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_notice(channel="mqtt", receiver="1"))
        await channel.close()
        return caught.value

    error = asyncio.run(run())

    assert error.reason is DeliveryReason.BROKER_LOST
    assert error.reason.may_pass


def test_nobody_listens_is_broker_lost() -> None:
    """No broker at all is the same to the dispatcher."""

    async def run() -> DeliveryError:
        address = MqttAddress(host="127.0.0.1", port=free_port())
        channel = MqttChannel(address, clock=wall_ms, timeout_s=1.0)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_notice(channel="mqtt"))
        await channel.close()
        return caught.value

    assert asyncio.run(run()).reason is DeliveryReason.BROKER_LOST


def test_password_is_not_in_the_address_as_text() -> None:
    """A log line with the address names no secret."""
    secret = new_secret()

    assert secret not in repr(MqttAddress(host="h", port=1, username="u", password=secret))

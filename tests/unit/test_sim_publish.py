"""The city's publisher on a real broker: order, store and forward, books."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulators.clock import wall_ms
from simulators.connection import Broker
from simulators.encode import Fix, Position, encode
from simulators.fleet import Fleet
from simulators.outgoing import Identity, Outgoing
from simulators.sender_books import Summary
from support.broker import WAIT_S, Mosquitto
from support.mqtt_client import MqttClient
from support.sim_listener import USER, collect, open_session

pytestmark = pytest.mark.broker

SECRETS = {f"trk-{n}": f"a long secret of tracker {n}" for n in range(5)}
ROUNDS = 30


def identity(device_id: str) -> Identity:
    return Identity(device_id=device_id, cls="trk", boot="b00t", next_s=1.0)


def fix(device_id: str, seq: int) -> Outgoing:
    position = Position(lat=31.8, lon=117.2, src="gnss", valid=True)
    payload = Fix(id=device_id, boot="b00t", seq=seq, t=wall_ms(), pos=position)
    return Outgoing(device_id=device_id, cls="trk", channel="fix", payload=encode(payload))


def a_fleet(broker: Mosquitto, secrets: dict[str, str]) -> Fleet:
    return Fleet(
        Broker(host=broker.host, port=broker.port),
        secrets=secrets,
        seed=1,
        now_ms=wall_ms,
        give_up_after=2,
    )


async def until(fact: Callable[[], object]) -> None:
    """Poll to a deadline."""
    async with asyncio.timeout(WAIT_S):
        while not fact():  # noqa: ASYNC110 - the fact has no event
            await asyncio.sleep(0.01)


async def publish_rounds(
    fleet: Fleet, *, half_way: Callable[[], Awaitable[object]] | None = None
) -> Summary:
    """Let every device make 30 fixes; do something in the middle."""
    for device_id in SECRETS:
        fleet.join(identity(device_id), connect_within_s=0.1)
    for seq in range(1, ROUNDS + 1):
        for device_id in SECRETS:
            fleet.offer(fix(device_id, seq))
        if seq == ROUNDS // 2 and half_way is not None:
            await until(lambda: fleet.books.connected == len(SECRETS))
            await half_way()
        await asyncio.sleep(0.01)
    await fleet.leave(within_s=WAIT_S)
    return fleet.books.summary()


def test_all_records_arrive_in_order_over_a_broker_restart(tmp_path: Path) -> None:
    """The broker goes and comes back half way: nothing is missing, nothing overtakes."""
    with Mosquitto(tmp_path, users=SECRETS) as broker:
        open_session(broker)

        summary = asyncio.run(
            publish_rounds(
                a_fleet(broker, SECRETS), half_way=lambda: asyncio.to_thread(broker.restart)
            )
        )

        heard = collect(broker, at_least=summary.made)
    assert summary.lost_connections >= 1
    assert (summary.acked, summary.pending, summary.refused) == (summary.made, 0, 0)
    for device_id in SECRETS:
        topic = f"pg/v1/up/trk/{device_id}/fix"
        seqs = [payload["seq"] for t, payload in heard if t == topic]
        assert list(dict.fromkeys(seqs)) == list(range(1, ROUNDS + 1))


def test_life_of_a_device_is_framed_by_its_states(tmp_path: Path) -> None:
    """Birth first, farewell last; the farewell is what the broker retains."""
    with Mosquitto(tmp_path, users=SECRETS) as broker:
        open_session(broker)

        summary = asyncio.run(publish_rounds(a_fleet(broker, SECRETS)))

        heard = collect(broker, at_least=summary.made)
        with MqttClient(
            broker.host, broker.port, user=USER, password=broker.passwords[USER]
        ) as late:
            assert late.subscribe("pg/v1/up/+/+/state")
            asyncio.run(until(lambda: len(late.got) == len(SECRETS)))
            assert all(b'"disconnected"' in payload and kept for _, payload, kept in late.got)
    mine = [payload for topic, payload in heard if "/trk-0/" in topic]
    assert (mine[0]["state"], mine[0]["reason"]) == ("online", "power_on")
    assert mine[-1]["state"] == "disconnected"
    assert summary.by_channel == {"trk/fix": 150, "trk/state": 10}


def test_refused_device_counts_what_it_made(tmp_path: Path) -> None:
    """A wrong password: five records made, five refused, none at the broker's other side."""

    async def intrude(broker: Mosquitto) -> Summary:
        fleet = a_fleet(broker, {**SECRETS, "trk-0": "a wrong secret"})
        fleet.join(identity("trk-0"), connect_within_s=0.0)
        for seq in range(1, 5):
            fleet.offer(fix("trk-0", seq))
        await until(lambda: fleet.books.of("trk").refused == 4)
        fleet.offer(fix("trk-0", 5))  # too late: refused at once
        await fleet.leave(within_s=WAIT_S)
        return fleet.books.summary()

    with Mosquitto(tmp_path, users=SECRETS) as broker:
        summary = asyncio.run(intrude(broker))

    assert (summary.made, summary.refused, summary.acked, summary.pending) == (5, 5, 0, 0)


def test_device_without_secret_is_told_how_to_get_one() -> None:
    """No default secret: the error says what to do."""

    async def join() -> None:
        Fleet(Broker(host="127.0.0.1", port=1), secrets={}, seed=1, now_ms=wall_ms).join(
            identity("trk-9"), connect_within_s=0.0
        )

    with pytest.raises(LookupError, match="no secret for trk-9: register it"):
        asyncio.run(join())

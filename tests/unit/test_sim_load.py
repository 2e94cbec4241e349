"""The load generator: its packets, its payloads, and store and forward on a real broker."""

import asyncio
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from devices.topics import parse_topic
from devices.wire import decode
from simulators.connection import Broker
from simulators.encode import Fix
from simulators.load_fleet import LoadSize, LoadTracker, parked_fleet
from simulators.load_run import Load, LoadOptions, LoadSummary, total_of
from simulators.mqtt_publisher import (
    MqttPublisher,
    RefusedError,
    connect_packet,
    publish_packet,
    topic_bytes,
)
from support.broker import WAIT_S, Mosquitto
from support.sim_listener import collect, open_session
from support.sim_parts import START_MS

TRACKERS = 10
SECRETS = {f"trk-load-{n:06d}": f"a long secret of tracker {n}" for n in range(1, TRACKERS + 1)}


def a_load(broker: Mosquitto, *, secrets: dict[str, str], total: int, thefts: int = 0) -> Load:
    return Load(
        LoadOptions(
            broker=Broker(host=broker.host, port=broker.port),
            secrets=secrets,
            seed=1,
            size=LoadSize(count=TRACKERS),
            rate=200.0,
            total=total,
            thefts=thefts,
            drain_s=WAIT_S,
        )
    )


def a_tracker() -> LoadTracker:
    (vehicle,) = parked_fleet(1, LoadSize(count=1))
    return LoadTracker(vehicle, seed=1, interval_s=10.0, start_ms=START_MS)


class MuteBroker:
    """Takes connections, says CONNACK, never PUBACK; remembers what each connection sent."""

    def __init__(self) -> None:
        self.sessions: list[bytes] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.sessions)
        self.sessions.append(b"")
        self.writers.append(writer)
        head = await reader.readexactly(2)
        await reader.readexactly(head[1])
        writer.write(b"\x20\x02\x00\x00")
        while data := await reader.read(4096):
            self.sessions[number] += data
        writer.close()


async def until_length(broker: MuteBroker, number: int, length: int) -> bytes:
    """Poll until a connection has sent so many bytes."""
    async with asyncio.timeout(WAIT_S):
        while len(broker.sessions) <= number or len(broker.sessions[number]) < length:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return broker.sessions[number]


def test_packets_are_those_of_the_standard() -> None:
    """MQTT 3.1.1, sections 3.1 and 3.3, byte by byte."""
    assert connect_packet("ab", secret="cd", keepalive_s=60) == (  # noqa: S106 - not a secret
        b"\x10\x16\x00\x04MQTT\x04\xc2\x00\x3c\x00\x02ab\x00\x02ab\x00\x02cd"
    )
    assert publish_packet(topic_bytes("a/b"), 10, b"xyz") == b"\x32\x0a\x00\x03a/b\x00\x0axyz"
    assert publish_packet(topic_bytes("t"), 1, bytes(300))[:3] == b"\x32\xb1\x02"
    assert publish_packet(topic_bytes("t"), 1, bytes(20_000))[:4] == b"\x32\xa5\x9c\x01"


def test_unacknowledged_records_are_sent_again_in_order_with_dup() -> None:
    """After a lost connection: first what was sent, marked as repeated, then what waited."""

    async def lose_one() -> tuple[bytes, bytes, MqttPublisher]:
        broker = MuteBroker()
        server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        publisher = MqttPublisher(
            "trk-1", secret=None, window=2, keepalive_s=60, acked=lambda _: None
        )
        lost = await publisher.connection("127.0.0.1", port, timeout_s=WAIT_S)
        for number in range(3):
            publisher.publish(topic_bytes("t"), [b"%d" % number])
        first = await until_length(broker, 0, 16)
        broker.writers[0].close()
        await lost
        await publisher.connection("127.0.0.1", port, timeout_s=WAIT_S)
        second = await until_length(broker, 1, 16)
        await publisher.leave()
        server.close()
        await server.wait_closed()
        return first, second, publisher

    first, second, publisher = asyncio.run(lose_one())

    sent = [publish_packet(topic_bytes("t"), n + 1, b"%d" % n) for n in range(2)]
    assert first == b"".join(sent)
    assert second[:16] == b"".join(b"\x3a" + packet[1:] for packet in sent)
    assert (publisher.resent, publisher.connections, publisher.pending) == (2, 2, 3)


def test_payloads_are_those_of_the_encoder() -> None:
    """Joined from pieces, yet strict JSON with the keys of a fix, and the platform reads it."""
    tracker = a_tracker()
    tracker.steal(START_MS + 5_000, 5.0)
    payloads = [a_tracker().fix(START_MS, 0.0), tracker.fix(START_MS + 15_000, 15.0)]

    for payload in payloads:
        fix = msgspec.json.decode(payload, type=Fix)
        decoded = decode(
            parse_topic(f"pg/v1/up/trk/{fix.id}/fix", "pg/v1"), payload, recv_ms=START_MS + 15_000
        )

        assert fix.seq == 1
        assert not decoded.refused


def test_parked_noise_never_jumps() -> None:
    """The table of noise is read forwards and backwards: neighbours stay neighbours."""
    tracker = a_tracker()

    fixes = [msgspec.json.decode(tracker.fix(START_MS, 0.0), type=Fix) for _ in range(400)]

    lats = [fix.pos.lat for fix in fixes if isinstance(fix.pos.lat, float)]
    steps_m = [abs(a - b) * 111_000 for a, b in pairwise(lats)]
    assert len(lats) == 400
    assert 0 < max(steps_m) < 40


def test_length_is_given_once() -> None:
    """Seconds or a total, not both, not neither."""
    assert total_of(rate=200.0, seconds=3.0, total=None) == 600
    assert total_of(rate=200.0, seconds=None, total=7) == 7
    for seconds, total in ((None, None), (1.0, 1)):
        with pytest.raises(ValueError, match="one of them"):
            total_of(rate=1.0, seconds=seconds, total=total)


@pytest.mark.broker
def test_nothing_is_missing_over_a_broker_restart(tmp_path: Path) -> None:
    """Every (device, boot, seq) and ev_id that was made is at the broker's other side."""

    async def run(load: Load, broker: Mosquitto) -> LoadSummary:
        running = asyncio.create_task(load.run())
        async with asyncio.timeout(WAIT_S):
            while load.acked < 100:  # noqa: ASYNC110 - counts have no event
                await asyncio.sleep(0.01)
        await asyncio.to_thread(broker.restart)
        return await running

    with Mosquitto(tmp_path, users=SECRETS) as broker:
        open_session(broker)
        load = a_load(broker, secrets=SECRETS, total=400, thefts=2)

        summary = asyncio.run(run(load, broker))

        heard = collect(broker, at_least=summary.made)
    assert (summary.fixes, summary.events, summary.pending) == (400, 4, 0)
    assert summary.reconnects == TRACKERS
    made = {line for tracker in load.trackers for line in tracker.made()}
    arrived = {
        f"{p['id']},{p['boot']},{p['seq']}" if "seq" in p else f"{p['id']},event,{p['ev_id']}"
        for _, p in heard
    }
    assert len(made) == summary.made
    assert arrived == made
    assert sum(tracker.truth(summary.start_ms) is not None for tracker in load.trackers) == 2


@pytest.mark.broker
def test_refused_tracker_ends_the_load(tmp_path: Path) -> None:
    """A load with wrong secrets says who was refused instead of waiting for ever."""
    with Mosquitto(tmp_path, users=SECRETS) as broker:
        load = a_load(broker, secrets={**SECRETS, "trk-load-000003": "wrong"}, total=10)

        with pytest.raises(RefusedError, match="trk-load-000003 was refused with code 5"):
            asyncio.run(load.run())

"""The MQTT source against a real mosquitto: acknowledging, subscribing anew, noticing silence."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt import publish
from structlog.testing import capture_logs

from ingest.bulk_pace import COMMIT_BYTES
from ingest.ports import Envelope
from ingest.source import MqttSource, SourceSettings
from support.broker import Mosquitto, wait_until
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker
DEVICE, SECRET = "trk-1", "secret of trk-1 that is long enough"
TOPIC = f"pg/v1/up/trk/{DEVICE}/fix"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that knows one device."""
    with Mosquitto(tmp_path, users={DEVICE: SECRET}) as running:
        yield running


def steady_ms() -> int:
    """The clock of these tests."""
    return time.monotonic_ns() // 1_000_000


def a_source(
    broker: Mosquitto, *, silent_ms: int = 30_000, echo_ms: int = 10_000, was_here: bool = False
) -> MqttSource:
    """A started and connected source."""
    source = MqttSource(
        SourceSettings(
            host=broker.host,
            port=broker.port,
            root="pg/v1",
            user="pg-ingest",
            password=broker.passwords["pg-ingest"],
            max_inflight=100,
            silent_ms=silent_ms,
            echo_ms=echo_ms,
            keepalive_s=60,
            was_here=was_here,
        ),
        steady_ms,
    )
    source.start()
    wait_until(lambda: source.connected, what="the source is connected")
    return source


def say(broker: Mosquitto, *payloads: bytes) -> None:
    """Publish as the device, QoS 1, acknowledged by the broker when this returns."""
    publish.multiple(
        [(TOPIC, payload, 1, False) for payload in payloads],
        hostname=broker.host,
        port=broker.port,
        client_id=DEVICE,
        auth={"username": DEVICE, "password": SECRET},
    )


def heard(source: MqttSource, count: int) -> list[Envelope]:
    """Take until ``count`` envelopes came."""
    got: list[Envelope] = []

    def enough() -> bool:
        got.extend(source.take(100, 0.05))
        return len(got) >= count

    wait_until(enough, what=f"{count} messages")
    return got


def watched(source: MqttSource) -> bool:
    """Whether messages flow, after the check that the receiver makes once a second."""
    source.watch()
    return source.connected


def test_unacknowledged_messages_come_again(broker: Mosquitto) -> None:
    """What a source did not acknowledge is delivered to the next one, marked as repeated."""
    first = a_source(broker)
    say(broker, b"1", b"2", b"3")
    got = heard(first, 3)
    first.ack(got[:1])
    first.stop()

    second = a_source(broker)
    again = heard(second, 2)
    second.stop()

    assert [envelope.payload for envelope in again] == [b"2", b"3"]
    assert all(envelope.dup for envelope in again)


def test_subscriptions_are_renewed_when_the_broker_forgot_everything(broker: Mosquitto) -> None:
    """After a restart without persistence the connection alone would be deaf (case A-23)."""
    source = a_source(broker)
    say(broker, b"before")
    source.ack(heard(source, 1))

    broker.kill()
    broker.db.unlink(missing_ok=True)
    broker.start()
    wait_until(lambda: source.reconnects == 1 and source.connected, what="connected again")
    say(broker, b"after")
    got = heard(source, 1)
    source.stop()

    assert got[0].payload == b"after"


@pytest.mark.fault(21)
def test_a_session_that_the_broker_forgot_is_counted_and_said(broker: Mosquitto) -> None:
    """In the same process and over a restart of ours; a session that is there is no alarm."""
    first = a_source(broker)
    first.stop()
    kept = a_source(broker, was_here=True)

    broker.kill()
    broker.db.unlink(missing_ok=True)
    with capture_logs() as logs:
        broker.start()
        wait_until(lambda: kept.reconnects == 1 and kept.connected, what="connected again")
        kept.stop()
        broker.kill()
        broker.db.unlink(missing_ok=True)
        broker.start()
        again = a_source(broker, was_here=True)
        again.stop()

    assert (first.sessions_lost, kept.sessions_lost, again.sessions_lost) == (0, 1, 1)
    assert [line["event"] for line in logs].count("broker_session_lost") == 2


def test_deaf_by_the_brokers_rules_is_noticed(broker: Mosquitto) -> None:
    """The right to read what devices say is gone, nothing else: connected, subscribed, deaf."""
    source = a_source(broker, silent_ms=1_000, echo_ms=200)
    acl = broker.files.folder / "acl"
    assert broker.process is not None

    acl.write_text(acl.read_text().replace("topic read pg/v1/up/#\n", ""))
    broker.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not watched(source), what="silence noticed")
    reason = source.reason
    source.stop()

    assert "echo is missing" in reason


def test_connected_but_silent_broker_is_noticed_and_said(broker: Mosquitto) -> None:
    """A stopped broker keeps its sockets: only the missing echo tells; it heals by itself."""
    source = a_source(broker, silent_ms=1_000, echo_ms=200)
    assert broker.process is not None

    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not watched(source), what="silence noticed")
        reason = source.reason
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)
    wait_until(lambda: watched(source), what="it speaks again")
    source.stop()

    assert "echo is missing" in reason
    assert source.silences == 1


def test_acknowledgement_of_an_earlier_connection_is_left_alone(broker: Mosquitto) -> None:
    """Packet ids are used again after a reconnect: an old one must not confirm a new message."""
    source = a_source(broker)
    say(broker, b"old")
    old = heard(source, 1)

    broker.restart()
    wait_until(lambda: source.reconnects == 1 and source.connected, what="connected again")
    redelivered = heard(source, 1)
    source.ack(old)
    source.stop()
    third = a_source(broker)
    again = heard(third, 1)
    third.stop()

    assert redelivered[0].payload == again[0].payload == b"old"


def test_a_clean_end_under_load_repeats_nothing_that_was_acknowledged(broker: Mosquitto) -> None:
    """Closing a socket with unread messages resets it, and the broker would lose our last acks."""
    wanted = threading.Semaphore()
    over = threading.Event()
    load = threading.Thread(target=_speak, args=(broker, wanted, over))
    load.start()
    acknowledged: set[bytes] = set()
    again: set[bytes] = set()
    try:
        for _ in range(20):
            source = a_source(broker)
            wanted.release(20)
            enough = len(acknowledged) + 150
            while len(acknowledged) < enough:
                got = heard(source, 1)
                payloads = {envelope.payload[:6] for envelope in got}
                again |= payloads & acknowledged
                source.ack(got)
                acknowledged |= payloads
            source.stop()
    finally:
        over.set()
        wanted.release()
        load.join()

    assert again == set()


def test_long_batches_come_after_everything_else_in_pieces(broker: Mosquitto) -> None:
    """What happens now is taken first; of what was kept, about 1 MiB at a time."""
    source = a_source(broker)
    long = b"k" * 60_000
    batches = TOPIC.removesuffix("fix") + "batch"
    with MqttClient(broker.host, broker.port, user=DEVICE, password=SECRET) as device:
        for topic, payload in [(batches, long)] * 30 + [(TOPIC, b"now"), (batches, b"new")]:
            device.publish(topic, payload)
    wait_until(lambda: source.unacknowledged == 32, what="all of it waits")

    first = source.take(100, 0.05)
    rest = heard(source, 32 - len(first))
    source.stop()
    assert [envelope.payload for envelope in first[:2]] == [b"now", b"new"]
    bulk_bytes = sum(len(envelope.payload) for envelope in first[2:])
    assert COMMIT_BYTES <= bulk_bytes < COMMIT_BYTES + 60_000
    assert {envelope.payload for envelope in first[2:] + rest} == {long}


@pytest.mark.promise(11)
@pytest.mark.fault(9)
def test_what_waits_is_bounded_whatever_the_broker_sends(broker: Mosquitto) -> None:
    """mosquitto 2.0.11 sends a whole backlog after the first acknowledgement: we leave it there."""
    a_source(broker).stop()
    say(broker, *(b"%06d" % number for number in range(3_000)))
    source = a_source(broker)
    wait_until(lambda: source.unacknowledged >= 100, what="the first messages came")

    source.ack(source.take(10, 0.0))
    wait_until(lambda: source.unacknowledged >= 200, what="it fills up to the bound")
    over = source.unacknowledged
    got = heard(source, 2_990)
    source.stop()

    assert over < 220
    assert {envelope.payload for envelope in got} == {b"%06d" % n for n in range(10, 3_000)}


def _speak(broker: Mosquitto, wanted: threading.Semaphore, over: threading.Event) -> None:
    """Publish ten numbered payloads whenever wanted, the next before the last is acknowledged."""
    numbers = itertools.count()
    with MqttClient(broker.host, broker.port, user=DEVICE, password=SECRET) as device:
        while wanted.acquire() and not over.is_set():
            for number in itertools.islice(numbers, 10):
                device.send(TOPIC, b"%06d" % number + b" " * 1_000)

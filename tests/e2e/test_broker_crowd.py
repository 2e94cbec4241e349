"""A queue that grows too long is told; 500 devices that come back at once are all heard."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from parkguard.clock import monotonic_s
from parkguard.passwords import new_secret
from support.broker import Mosquitto, wait_until
from support.broker_running import BIKE, FixedUsers, running
from support.mqtt_packets import connect, publish
from support.source_listener import Listener

pytestmark = pytest.mark.broker

SEED = 20_251_128
DEVICES = 500
BACK_S = 60.0
"""Row 23 of the fault matrix."""
BACKOFF_S = (0.2, 5.0)
"""A device waits a random part of this after its first and after later failures, seconds."""
MAX_QUEUED = 200


@pytest.mark.fault(17, 18)
def test_a_long_queue_is_told_at_half_and_an_overflow_at_once(tmp_path: Path) -> None:
    """mosquitto acknowledges what it drops: only its own figures tell (F3)."""
    topic = f"pg/v1/up/trk/{BIKE}/fix"
    with running(tmp_path, FixedUsers(), max_queued=MAX_QUEUED, max_inflight=10) as broker:
        told = broker.status.metrics
        with broker.login("pg-ingest", clean=False) as ingest:
            ingest.subscribe("pg/v1/up/#")
        wait_until(lambda: "broker_dropped_messages_total" in broker.status.metrics)
        assert broker.status.metrics["broker_queue_long"] == 0
        with broker.login() as bike:
            for number in range(MAX_QUEUED // 2 + 20):
                bike.publish(topic, b"%03d" % number)
            wait_until(lambda: broker.status.metrics["broker_queue_long"], what="told at half")
            assert broker.status.metrics["broker_dropped"] == 0
            for number in range(MAX_QUEUED):
                bike.publish(topic, b"%03d again" % number)
            wait_until(lambda: broker.status.metrics["broker_dropped"], what="told")

        told = broker.status.metrics
        with broker.login("pg-ingest", clean=False) as ingest:
            kept = int(told["broker_queued_messages"])
            wait_until(lambda: len(ingest.got) >= kept, what="what is left")
        wait_until(lambda: not broker.status.metrics["broker_queue_long"], what="over")
    assert told["broker_dropped_messages_total"] == 2 * MAX_QUEUED + 20 - MAX_QUEUED // 2 - kept


class Tracker:
    """A device that speaks about once a second and comes back when it is cut off.

    Attributes:
        acked: What the broker acknowledged, in order.
        comings: Connections so far.
    """

    def __init__(self, port: int, name: str, password: str, dice: random.Random) -> None:
        self._port = port
        self._name = name
        self._hello = connect(name, password)
        self._dice = dice
        self.acked: list[bytes] = []
        self.comings = 0

    async def live(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            try:
                failures = await self._talk()
            except (OSError, asyncio.IncompleteReadError):
                failures += 1
            longest_s = min(BACKOFF_S[1], BACKOFF_S[0] * 2**failures)
            await asyncio.sleep(self._dice.uniform(0, longest_s))

    async def _talk(self) -> int:
        """One connection, to its end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(self._hello)
            assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
            self.comings += 1
            while True:
                payload = f"{self._name} {len(self.acked)}".encode()
                writer.write(publish(f"pg/v1/up/trk/{self._name}/fix", payload))
                assert await reader.readexactly(4) == b"\x40\x02\x00\x01"
                self.acked.append(payload)
                try:
                    async with asyncio.timeout(self._dice.uniform(0.5, 1.5)):
                        await reader.readexactly(1)
                except TimeoutError:
                    continue
        finally:
            writer.transport.abort()


@pytest.mark.fault(23)
def test_all_come_back_and_nothing_they_said_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The broker is restarted under 500 devices: all back within 60 s, all they said is stored."""
    words = {f"trk-{number:06d}": new_secret() for number in range(DEVICES)}
    dice = random.Random(SEED)  # noqa: S311 - no secret
    with Mosquitto(tmp_path, words) as broker, Listener(broker) as listener:
        trackers = [Tracker(broker.port, name, word, dice) for name, word in words.items()]
        back_s = asyncio.run(_restart_under(trackers, broker.restart))
        acked = {payload for tracker in trackers for payload in tracker.acked}
        wait_until(lambda: acked <= set(listener.heard), what="everything is received")

    with capsys.disabled():
        print(  # noqa: T201 - the figures of the proof
            f"\n{DEVICES} devices back after {back_s:.1f} s, {len(acked)} messages acknowledged"
        )
    assert back_s < BACK_S


async def _restart_under(trackers: list[Tracker], restart: Callable[[], None]) -> float:
    """How long after it the last one was heard again, seconds."""
    async with asyncio.timeout(2 * BACK_S), asyncio.TaskGroup() as group:
        tasks = [group.create_task(tracker.live()) for tracker in trackers]
        await _until(lambda: all(tracker.acked for tracker in trackers))
        began_s = monotonic_s()
        await asyncio.to_thread(restart)
        await _until(lambda: all(tracker.comings > 1 for tracker in trackers))
        said = [len(tracker.acked) for tracker in trackers]
        await _until(lambda: all(len(t.acked) > n for t, n in zip(trackers, said, strict=True)))
        took_s = monotonic_s() - began_s
        for task in tasks:
            task.cancel()
    return took_s


async def _until(fact: Callable[[], bool]) -> None:
    while not fact():  # noqa: ASYNC110 - many small facts of many tasks
        await asyncio.sleep(0.05)

"""Thousands of hostile connections: broker and intake live on, real traffic loses nothing."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from support.broker import Embedded, wait_until
from support.machine import Machine
from support.mqtt_client import MqttClient
from support.mqtt_junk import CUT_OFF, HALVES, KINDS, Hostile, hostile

pytestmark = pytest.mark.broker

SEED = 20_251_128
COUNT = 5_000
FEW = 300
EMBEDDED_CUTS = frozenset({"other level", "no mqtt", "lie about length"})
"""The embedded broker lets a device that proved its name say CONNECT again, and use QoS 2."""
AT_ONCE = 60
CUT_S = 10.0
GROWTH_KIB = 32_768
"""More memory than this after the storm is a leak: what it said in all is some 60 MB."""


def rss_kib(pid: int) -> int:
    """Memory a process holds, KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def storm(
    host: str,
    port: int,
    said: Iterator[Hostile],
    *,
    cut_off: frozenset[str],
    told: Callable[[], None],
) -> Counter[str]:
    """Make all connections, ``AT_ONCE`` at a time, and tell of each.

    Gives how many of which kind the broker did not end, of those that it has to.
    """
    left_open: Counter[str] = Counter()

    async def one_after_another() -> None:
        for each in said:
            is_to_end = each.kind in cut_off
            left_open[each.kind] += is_to_end - await is_cut(host, port, each, wait=is_to_end)
            told()

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return +left_open


async def is_cut(host: str, port: int, each: Hostile, *, wait: bool) -> bool:
    """Say it, and perhaps wait; whether the broker ended the connection."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for piece in each.said:
            writer.write(piece)
            await writer.drain()
        if not wait:
            return False
        async with asyncio.timeout(CUT_S):
            while await reader.read(4096):
                continue
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    finally:
        writer.transport.abort()
    return True


class Speaker:
    """A device that says something, acknowledged, for every ``go_on``.

    Attributes:
        said: Its payloads, in order.
    """

    def __init__(self, client: MqttClient, topic: str) -> None:
        self.client = client
        self.said: list[bytes] = []
        self._topic = topic
        self._wanted = threading.Semaphore(1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._speak)

    def go_on(self) -> None:
        """Say the next word."""
        self._wanted.release()

    def _speak(self) -> None:
        while self._wanted.acquire() and not self._over.is_set():
            payload = b"%06d" % len(self.said)
            self.client.publish(self._topic, payload)
            self.said.append(payload)

    def __enter__(self) -> Self:
        self.client.connect()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._wanted.release()
        self._thread.join()
        self.client.close()


@pytest.mark.promise(25)
def test_a_storm_of_junk_stops_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """5,000 connections of 13 hostile kinds; a device speaks all the while."""
    with Machine(tmp_path, registry=("load", "--devices", "2")) as machine:
        for part in ("broker", "ingest"):
            machine.start(part)
        machine.wait_ready("broker", "ingest")
        secrets = json.loads(machine.credentials.read_text())
        honest, thug = sorted(secrets)
        broker = machine.settings.broker
        pids = {"mosquitto": machine.mosquitto_pid(), "ingest": machine.pid("ingest")}
        before = {name: rss_kib(pid) for name, pid in pids.items()}
        device = MqttClient(broker.host, broker.port, user=honest, password=secrets[honest])
        with Speaker(device, f"pg/v1/up/trk/{honest}/fix") as speaker:
            junk = hostile(SEED, COUNT, user=thug, password=secrets[thug])
            storming = storm(broker.host, broker.port, junk, cut_off=CUT_OFF, told=speaker.go_on)
            left_open = asyncio.run(storming)
            said = speaker.said
            wait_until(lambda: len(said) > COUNT, what="it still speaks")
        wait_until(lambda: set(said) <= machine.payloads(), what="everything is in the journal")
        after = {name: rss_kib(pid) for name, pid in pids.items()}

        assert {"mosquitto": machine.mosquitto_pid(), "ingest": machine.pid("ingest")} == pids
        assert device.losses == 0
    grown = {name: after[name] - before[name] for name in before}
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the proof
            f"\n{COUNT} hostile connections, {HALVES * COUNT // len(KINDS)} QoS 2 halves, "
            f"{len(said)} honest messages; memory grew by {grown} KiB"
        )
    assert not left_open
    assert max(grown.values()) < GROWTH_KIB


@pytest.mark.promise(25)
def test_the_embedded_broker_outlives_it_too(tmp_path: Path) -> None:
    """300 connections: it is for trying out; whom it lets in still speaks and is heard."""
    honest, thug = "trk-000001", "trk-000666"
    with Embedded(tmp_path, {honest: "a-word-of-the-honest", thug: "a-word-of-the-thug"}) as broker:
        assert broker.process is not None
        before_kib = rss_kib(broker.process.pid)
        words = broker.passwords
        ingest = MqttClient(broker.host, broker.port, user="pg-ingest", password=words["pg-ingest"])
        device = MqttClient(broker.host, broker.port, user=honest, password=words[honest])
        with ingest:
            ingest.subscribe("pg/v1/up/trk/trk-000001/#")
            with Speaker(device, f"pg/v1/up/trk/{honest}/fix") as speaker:
                junk = hostile(SEED, FEW, user=thug, password=words[thug])
                storming = storm(
                    broker.host, broker.port, junk, cut_off=EMBEDDED_CUTS, told=speaker.go_on
                )
                left_open = asyncio.run(storming)
                wait_until(lambda: len(speaker.said) > FEW, what="it still speaks")
            said = speaker.said
            wait_until(lambda: len(ingest.got) >= len(said), what="all of it is delivered")
        grown_kib = rss_kib(broker.process.pid) - before_kib

        assert device.losses == ingest.losses == 0
        assert [payload for _, payload, _ in ingest.got] == said
    assert not left_open
    assert grown_kib < GROWTH_KIB

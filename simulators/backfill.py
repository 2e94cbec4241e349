"""The command ``backfill``: trackers that were out of reach send what they kept, all at once."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec
import typer

from simulators.cli_options import (
    AsJson,
    Credentials,
    Host,
    Port,
    Root,
    Seed,
    UsageError,
    end_with,
    read_credentials,
)
from simulators.clock import steady_s, wall_ms
from simulators.connection import Broker, secret_of
from simulators.load_fleet import LoadSize, LoadTracker, parked_fleet
from simulators.mqtt_publisher import MqttPublisher, RefusedError, topic_bytes

PER_BATCH = 100
"""Fixes in a message: 200 are allowed, but 200 of ours are longer than the 64 KiB a message may
have (docs/wire.md)."""
WINDOW = 100
CONNECTING_AT_ONCE = 50
CONNECT_TIMEOUT_S = 10.0
KEEPALIVE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffered:
    """What each tracker kept.

    Attributes:
        fixes: Of each tracker.
        interval_s: Between two of them.
        age_s: How long ago the first of them was taken.
        thefts: So many of the trackers were stolen half way.
    """

    fixes: int
    interval_s: float
    age_s: float
    thefts: int


class BackfillSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent: ``made`` fixes in ``messages``, all acknowledged within ``wall_s``."""

    made: int
    messages: int
    wall_s: float
    thefts: int


def batches(tracker: LoadTracker, buffered: Buffered, *, now_ms: int, stolen: bool) -> list[bytes]:
    """What one tracker kept, as messages of at most ``PER_BATCH`` fixes."""
    first_ms = now_ms - round(buffered.age_s * 1_000)
    fixes = []
    for k in range(buffered.fixes):
        at_s = k * buffered.interval_s
        if stolen and k == buffered.fixes // 2:
            tracker.steal(first_ms + round(at_s * 1_000), at_s)
        fixes.append(tracker.fix(first_ms + round(at_s * 1_000), at_s))
    head = b'{"v":1,"id":"%b","boot":"%b","backfill":true,"order":"asc","fixes":[' % (
        tracker.vehicle.device_id.encode(),
        tracker.boot.encode(),
    )
    return [
        head + b",".join(fixes[k : k + PER_BATCH]) + b"]}" for k in range(0, len(fixes), PER_BATCH)
    ]


def _wait_for_a_line() -> None:
    typer.echo("ready")
    sys.stdin.readline()


class Backfill:
    """All trackers of one run."""

    def __init__(self, broker: Broker, *, secrets: dict[str, str] | None) -> None:
        """Nothing is connected yet."""
        self._broker, self._secrets = broker, secrets
        self._waiting = 0
        self._all_acked = asyncio.Event()

    async def run(self, messages: dict[str, list[bytes]], go: Callable[[], object]) -> float:
        """Connect everybody, wait for ``go``, send everything; seconds until it is acknowledged.

        Raises:
            LookupError: A tracker has no secret.
            RefusedError: The broker let a tracker not in.
            OSError: No broker.
        """
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
        publishers = {device_id: self._publisher(device_id) for device_id in messages}
        await asyncio.gather(*(self._connect(each, gate) for each in publishers.values()))
        await asyncio.to_thread(go)
        began_s = steady_s()
        self._waiting = sum(len(said) for said in messages.values())
        for device_id, said in messages.items():
            topic = topic_bytes(f"{self._broker.root}/up/trk/{device_id}/batch")
            publishers[device_id].publish(topic, said)
        await self._all_acked.wait()
        took_s = steady_s() - began_s
        await asyncio.gather(*(publisher.leave() for publisher in publishers.values()))
        return took_s

    def _publisher(self, device_id: str) -> MqttPublisher:
        return MqttPublisher(
            device_id,
            secret=secret_of(device_id, self._secrets),
            window=WINDOW,
            keepalive_s=KEEPALIVE_S,
            acked=self._acked,
        )

    async def _connect(self, publisher: MqttPublisher, gate: asyncio.Semaphore) -> None:
        async with gate:
            await publisher.connection(
                self._broker.host, self._broker.port, timeout_s=CONNECT_TIMEOUT_S
            )

    def _acked(self, number: int) -> None:
        self._waiting -= number
        if self._waiting <= 0:
            self._all_acked.set()


def backfill(
    *,
    devices: Annotated[int, typer.Option(min=1, help="Trackers, one connection each.")] = 1_000,
    first: Annotated[int, typer.Option(min=1, help="Number of the first tracker.")] = 1,
    fixes: Annotated[int, typer.Option(min=1, help="Fixes that each has kept.")] = 200,
    interval_s: Annotated[float, typer.Option(min=1.0, help="Between two of them, s.")] = 10.0,
    age_s: Annotated[float, typer.Option(min=1.0, help="Age of the first of them, s.")] = 21_600.0,
    thefts: Annotated[int, typer.Option(min=0, help="So many were stolen half way.")] = 0,
    hold: Annotated[
        bool, typer.Option("--hold", help="Say `ready`, and send at a line on standard input.")
    ] = False,
    host: Host = "127.0.0.1",
    port: Port = 1883,
    root: Root = "pg/v1",
    credentials: Credentials = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Let trackers of `load` send what they kept while they were out of reach, all at once.

    Examples:
      parkguard-sim backfill --devices 1000 --fixes 200 --credentials secrets.json

      parkguard-sim backfill --devices 50 --age-s 3600 --thefts 5 --json
    """
    buffered = Buffered(fixes=fixes, interval_s=interval_s, age_s=age_s, thefts=thefts)
    now_ms = wall_ms()
    messages = {}
    for k, vehicle in enumerate(parked_fleet(seed, LoadSize(first=first, count=devices))):
        tracker = LoadTracker(vehicle, seed=seed, interval_s=interval_s, start_ms=now_ms)
        messages[vehicle.device_id] = batches(tracker, buffered, now_ms=now_ms, stolen=k < thefts)
    try:
        run = Backfill(
            Broker(host=host, port=port, root=root), secrets=read_credentials(credentials)
        )
        wall_s = asyncio.run(run.run(messages, _wait_for_a_line if hold else lambda: None))
    except (UsageError, LookupError, OSError, RefusedError) as exc:
        end_with(str(exc))
    summary = BackfillSummary(
        made=devices * fixes,
        messages=sum(len(said) for said in messages.values()),
        wall_s=round(wall_s, 3),
        thefts=min(thefts, devices),
    )
    text = f"{summary.made} fixes in {summary.messages} messages, {summary.wall_s:.1f} s"
    typer.echo(msgspec.json.encode(summary).decode() if as_json else text)

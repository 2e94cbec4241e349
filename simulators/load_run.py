"""Load for benchmarks and the durability test: many trackers, one connection each, a set rate.

Every record is kept until the broker has acknowledged it. One process gives as many messages as
one core has room for; start several with different first numbers for more.
"""

import asyncio
import contextlib
import gc
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from simulators.clock import cpu_s, steady_s, wall_ms
from simulators.connection import BACKOFF_FIRST_S, BACKOFF_MAX_S, Broker, secret_of
from simulators.load_fleet import LoadSize, LoadTracker, parked_fleet
from simulators.mqtt_publisher import MqttPublisher, RefusedError, topic_bytes

TICK_S = 0.02
"""Messages are sent in portions of 20 ms."""
WINDOW = 100
"""Most unacknowledged records of one tracker on the wire."""
CONNECTING_AT_ONCE = 50
CONNECT_TIMEOUT_S = 10.0
LEAD_SHARE = 0.2
"""Thefts are spread over the run after this share, so that anchors are learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What to send where.

    Attributes:
        secrets: Device id -> password; None = the broker takes anybody.
        rate: Fixes a second of all trackers together.
        total: Fixes in all.
        burst: A tracker sends so many fixes at once, taken since its last sending. A system call
            per message is most of a load's cost: 1 is life, 8 is cheap.
        thefts: So many trackers are stolen, spread evenly over the run.
        drain_s: Wait so long for the last acknowledgements.
    """

    broker: Broker
    secrets: Mapping[str, str] | None
    seed: int
    size: LoadSize
    rate: float
    total: int
    burst: int = 1
    thefts: int = 0
    drain_s: float = 60.0


class LoadSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a load did: ``made = acked + pending``, in records.

    Attributes:
        made: Fixes and events.
        wall_s: From the first fix to the last acknowledgement.
        cpu_us_per_message: Our own processor time in ``wall_s``, connecting not counted.
        late_ms: The latest a portion began after its time; large = the machine is overloaded.
        start_ms: Wall clock of the first fix, ms UTC.
    """

    made: int
    fixes: int
    events: int
    acked: int
    pending: int
    resent: int
    reconnects: int
    devices: int
    wall_s: float
    cpu_s: float
    cpu_us_per_message: float
    rate: float
    late_ms: float
    start_ms: int


class Load:
    """One load; ``trackers`` hold what was made when it is over."""

    def __init__(self, options: LoadOptions) -> None:
        """Make the trackers; costs about 0.5 ms each.

        Raises:
            LookupError: A tracker has no secret.
            ValueError: More thefts than trackers.
        """
        if options.thefts > options.size.count:
            raise ValueError(f"{options.thefts} thefts of {options.size.count} trackers")
        self._options = options
        self.start_ms = wall_ms()
        interval_s = options.size.count / options.rate
        self.trackers = [
            LoadTracker(vehicle, seed=options.seed, interval_s=interval_s, start_ms=self.start_ms)
            for vehicle in parked_fleet(options.seed, options.size)
        ]
        self._acked = self._made = self._came = 0
        self._late_s = 0.0
        self._sent_all = False
        self._all_connected, self._all_acked = asyncio.Event(), asyncio.Event()
        self._publishers = [self._publisher(tracker) for tracker in self.trackers]
        root = options.broker.root
        self._fix_topics = [
            topic_bytes(f"{root}/up/trk/{tracker.vehicle.device_id}/fix")
            for tracker in self.trackers
        ]

    @property
    def acked(self) -> int:
        """Records that the broker has acknowledged so far."""
        return self._acked

    @property
    def made(self) -> int:
        """Records made so far."""
        return self._made

    async def run(self, *, progress: Callable[[int], None] | None = None) -> LoadSummary:
        """Connect everybody, send, wait for the last acknowledgement, disconnect.

        Args:
            progress: Told the number of made records now and then.

        Raises:
            RefusedError: The broker did not let a tracker in.
        """
        try:
            wall_s, used_s = await self._run(progress)
        except BaseExceptionGroup as group:
            refusals = group.subgroup(RefusedError)
            if refusals is None:
                raise
            raise refusals.exceptions[0] from group
        return self._summary(wall_s, used_s)

    async def _run(self, progress: Callable[[int], None] | None) -> tuple[float, float]:
        """Give the wall time and the processor time of the load, seconds."""
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
        jitter = np.random.default_rng(self._options.seed)
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [
                    group.create_task(self._keep_connected(publisher, gate, jitter))
                    for publisher in self._publishers
                ]
                await self._all_connected.wait()
                helpers.append(group.create_task(self._ping()))
                took = await self._send_and_drain(progress)
                for helper in helpers:
                    helper.cancel()
        finally:
            await asyncio.gather(*(publisher.leave() for publisher in self._publishers))
        return took

    async def _send_and_drain(self, progress: Callable[[int], None] | None) -> tuple[float, float]:
        gc.collect()
        gc.freeze()  # the tables live as long as the process
        began_s, began_cpu_s = steady_s(), cpu_s()
        self.start_ms = wall_ms()
        await self._send(began_s, progress)
        self._sent_all = True
        self._count_acked(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._options.drain_s):
                await self._all_acked.wait()
        gc.unfreeze()
        return steady_s() - began_s, cpu_s() - began_cpu_s

    def _publisher(self, tracker: LoadTracker) -> MqttPublisher:
        device_id = tracker.vehicle.device_id
        return MqttPublisher(
            device_id,
            secret=secret_of(device_id, self._options.secrets),
            window=WINDOW,
            keepalive_s=self._options.broker.keepalive_s,
            acked=self._count_acked,
        )

    def _count_acked(self, number: int) -> None:
        self._acked += number
        if self._sent_all and self._acked >= self._made:
            self._all_acked.set()

    async def _keep_connected(
        self, publisher: MqttPublisher, gate: asyncio.Semaphore, jitter: np.random.Generator
    ) -> None:
        """Connect again and again with backoff."""
        wait_s = BACKOFF_FIRST_S
        broker = self._options.broker
        while True:
            try:
                async with gate:
                    lost = await publisher.connection(
                        broker.host, broker.port, timeout_s=CONNECT_TIMEOUT_S
                    )
            except OSError:
                await asyncio.sleep(wait_s * float(jitter.uniform(0.5, 1.0)))
                wait_s = min(2.0 * wait_s, BACKOFF_MAX_S)
            else:
                wait_s = BACKOFF_FIRST_S
                self._came += publisher.connections == 1
                if self._came == len(self._publishers):
                    self._all_connected.set()
                await lost
                await asyncio.sleep(wait_s * float(jitter.uniform(0.0, 1.0)))

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._options.broker.keepalive_s / 2)
            for publisher in self._publishers:
                publisher.ping()

    async def _send(self, began_s: float, progress: Callable[[int], None] | None) -> None:
        """Send fixes in turn at the rate; steal trackers at their times."""
        options, count = self._options, len(self.trackers)
        thefts = self._planned_thefts()
        step_s = count / options.rate
        fixes = 0
        while fixes < options.total:
            now_s = steady_s() - began_s
            due = min(options.total, int(now_s * options.rate) + options.burst)
            self._late_s = max(self._late_s, now_s - fixes / options.rate)
            t_ms = wall_ms()
            while thefts and thefts[0][0] <= now_s:
                self._steal(thefts.pop(0)[1], t_ms, now_s)
            while fixes + options.burst <= due or due == options.total > fixes:
                which = fixes // options.burst % count
                portion = min(options.burst, options.total - fixes)
                tracker = self.trackers[which]
                payloads = [
                    tracker.fix(t_ms - round(ago_s * 1_000.0), now_s - ago_s)
                    for ago_s in [step_s * back for back in range(portion - 1, -1, -1)]
                ]
                self._publishers[which].publish(self._fix_topics[which], payloads)
                fixes += portion
                self._made += portion
            if progress is not None:
                progress(self._made)
            await asyncio.sleep(TICK_S)

    def _planned_thefts(self) -> list[tuple[float, int]]:
        """Give (seconds, number of the tracker), ascending, spread over the run."""
        options = self._options
        length_s = options.total / options.rate
        times_s = np.linspace(LEAD_SHARE * length_s, 0.8 * length_s, max(options.thefts, 0))
        rng = np.random.default_rng([options.seed, 1])
        chosen = rng.choice(len(self.trackers), options.thefts, replace=False)
        return [(float(at_s), int(who)) for at_s, who in zip(times_s, chosen, strict=True)]

    def _steal(self, which: int, t_ms: int, now_s: float) -> None:
        tracker = self.trackers[which]
        topic = topic_bytes(f"{self._options.broker.root}/up/trk/{tracker.vehicle.device_id}/event")
        payloads = tracker.steal(t_ms, now_s)
        self._publishers[which].publish(topic, payloads)
        self._made += len(payloads)

    def _summary(self, wall_s: float, used_s: float) -> LoadSummary:
        fixes = sum(tracker.seq for tracker in self.trackers)
        return LoadSummary(
            made=self._made,
            fixes=fixes,
            events=self._made - fixes,
            acked=self._acked,
            pending=self._made - self._acked,
            resent=sum(publisher.resent for publisher in self._publishers),
            reconnects=sum(max(0, p.connections - 1) for p in self._publishers),
            devices=len(self.trackers),
            wall_s=round(wall_s, 3),
            cpu_s=round(used_s, 3),
            cpu_us_per_message=round(used_s / max(self._made, 1) * 1e6, 2),
            rate=round(fixes / wall_s, 1),
            late_ms=round(self._late_s * 1_000, 1),
            start_ms=self.start_ms,
        )


def total_of(*, rate: float, seconds: float | None, total: int | None) -> int:
    """Give the number of fixes from a length or a number.

    Raises:
        ValueError: Neither or both are given.
    """
    if total is not None and seconds is None:
        return total
    if seconds is not None and total is None:
        return math.floor(rate * seconds)
    raise ValueError("give --seconds or --total, one of them")

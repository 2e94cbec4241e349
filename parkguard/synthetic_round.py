"""A dead man's switch: a theft goes through the whole chain, then the outside is told.

    arm ──records──> receiver ──> processor     theft ──broker──> receiver ──> processor
    the alert's number in the feed <── dispatcher              ──> the outside heartbeat

Whatever of it stands still, the heartbeat stays away, and who waits for it outside gives the
alarm. The project part is not needed for an alert, nor the API for the feed.
"""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import aiomqtt
import structlog

from devices.control import AnyControl, Arm, Disarm
from devices.errors import StoreError
from devices.latest import ArmedState
from devices.model import SYNTHETIC_ID
from ingest.ports import StatusSink
from parkguard.synthetic_theft import Theft

LOOK_S = 0.1
"""How often to look whether something has come."""
STATUS_S = 1.0
"""The status is written so often."""
BY = "synthetic"
"""Who arms and disarms, in the journal."""

log = structlog.get_logger()


class Chain(Protocol):
    """The records database as seen from the two ends of the chain."""

    def say(self, control: AnyControl) -> None:
        """Put a word of people's kind."""
        ...

    def head(self) -> int:
        """The newest number of the feed."""
        ...

    def is_told(self, after: int, *, since_ms: int) -> bool:
        """Whether a fresh alert of the synthetic vehicle is in the feed above ``after``."""
        ...

    def is_quiet(self) -> bool:
        """Whether no alert of it is open."""
        ...


class Tracker(Protocol):
    """The synthetic tracker's connection to the broker."""

    async def publish(self, stolen: Theft) -> None:
        """Log in, send everything at QoS 1, leave.

        Raises:
            aiomqtt.MqttError: Not everything is known to have arrived.
        """
        ...


class Heartbeat(Protocol):
    """Who waits outside."""

    async def beat(self) -> str:
        """Tell it that the chain works; why that failed, or ""."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Settings ``synthetic.*``, seconds."""

    every_s: float
    within_s: float


class SyntheticRounds:
    """Plays one theft after the other until told to stop.

    Args:
        chain: The records database.
        tracker: The way in.
        heartbeat: The way out.
        armed: ``ArmedState`` of the tracker as LatestState has it.
        next_theft: A theft that ends now.
        status: Where the part says how it is.
        pace: How often, and how long one may take.
        wall_ms: Wall clock, ms UTC.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        tracker: Tracker,
        heartbeat: Heartbeat,
        armed: Callable[[], int],
        next_theft: Callable[[], Theft],
        status: StatusSink,
        pace: Pace,
        wall_ms: Callable[[], int],
    ) -> None:
        self._chain, self._tracker, self._heartbeat = chain, tracker, heartbeat
        self._armed, self._next_theft, self._status = armed, next_theft, status
        self._pace, self._wall_ms = pace, wall_ms
        self._reason, self._step = "no theft was seen yet", ""
        self._metrics: dict[str, float] = {
            "synthetic_theft_last_ok_seconds": 0,
            "synthetic_theft_delay_seconds": 0,
            "synthetic_thefts_total": 0,
            "synthetic_thefts_missed_total": 0,
            "synthetic_heartbeats_missed_total": 0,
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Play until ``stop`` is set, and leave no alert open."""
        telling = asyncio.create_task(self._tell())
        loop = asyncio.get_running_loop()
        try:
            while not stop.is_set():
                due_s = loop.time() + self._pace.every_s
                await self._play()
                await _pause(max(0.0, due_s - loop.time()), stop)
        finally:
            telling.cancel()
        self._status.write(ready=False, reason="stopped", metrics={})

    async def _tell(self) -> None:
        while True:
            self._status.write(ready=self._reason == "", reason=self._reason, metrics=self._metrics)
            await asyncio.sleep(STATUS_S)

    async def _play(self) -> None:
        """One theft: seen or missed; the outside hears of one that was seen."""
        self._metrics["synthetic_thefts_total"] += 1
        try:
            async with asyncio.timeout(self._pace.within_s):
                delay_s = await self._see_theft()
        except (TimeoutError, aiomqtt.MqttError, StoreError) as exc:
            self._missed(f"missed while {self._step}: {str(exc) or 'not in time'}")
            return
        self._metrics["synthetic_theft_last_ok_seconds"] = self._wall_ms() // 1000
        self._metrics["synthetic_theft_delay_seconds"] = round(delay_s, 3)
        if self._reason:
            log.info("synthetic_theft_seen", after_s=round(delay_s, 3))
        self._reason = await self._heartbeat.beat()
        if self._reason:
            self._metrics["synthetic_heartbeats_missed_total"] += 1
            log.warning("heartbeat_lost", reason=self._reason)

    async def _see_theft(self) -> float:
        """Go the way through the chain; from the theft to its alert, seconds."""
        chain, loop = self._chain, asyncio.get_running_loop()
        self._step = "disarming"
        chain.say(Disarm(at_ms=self._wall_ms(), by=BY, vehicle_id=SYNTHETIC_ID))
        await _until(lambda: self._armed() == ArmedState.DISARMED and chain.is_quiet())
        self._step = "arming"
        chain.say(Arm(at_ms=self._wall_ms(), by=BY, vehicle_id=SYNTHETIC_ID))
        await _until(lambda: self._armed() != ArmedState.DISARMED)
        self._step = "publishing"
        head, since_ms, began_s = chain.head(), self._wall_ms(), loop.time()
        await self._tracker.publish(self._next_theft())
        self._step = "waiting for its alert in the feed"
        await _until(lambda: chain.is_told(head, since_ms=since_ms))
        delay_s = loop.time() - began_s
        chain.say(Disarm(at_ms=self._wall_ms(), by=BY, vehicle_id=SYNTHETIC_ID))
        return delay_s

    def _missed(self, reason: str) -> None:
        self._metrics["synthetic_thefts_missed_total"] += 1
        self._reason = f"the synthetic theft was {reason}"
        log.error("synthetic_theft_missed", reason=reason)


async def _until(fact: Callable[[], bool]) -> None:
    for _ in itertools.repeat(None):
        if fact():
            return
        await asyncio.sleep(LOOK_S)


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait, but not when it is time to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return

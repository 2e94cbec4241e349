"""A dispatcher running inside a test, and small carriers with telling names."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from typing_extensions import override

from alerts.delivery.backoff import Backoff
from alerts.delivery.dispatcher import Dispatcher
from alerts.delivery.lane import Target
from alerts.delivery.model import Accepted, DueNotice, Receipt
from alerts.delivery.ports import Clock, NoticeChannel
from alerts.model import Channel
from parkguard.clock import wall_ms
from stores.delivery import SqlOutbox

WAIT_S = 15.0
"""How long anything may take before it counts as missing, seconds (two busy cores)."""

QUICK = Backoff(first_s=0.05, max_s=0.2)


async def eventually(fact: Callable[[], object], *, within_s: float = WAIT_S, what: str) -> None:
    """Poll ``fact`` until it is true; fail the test at the deadline."""
    deadline_s = asyncio.get_running_loop().time() + within_s
    while not fact():
        if asyncio.get_running_loop().time() > deadline_s:
            pytest.fail(f"not within {within_s} s: {what}")
        await asyncio.sleep(0.01)


class Noticeboard:
    """A status sink that keeps what it was last told."""

    def __init__(self) -> None:
        self.ready = False
        self.reason = ""
        self.metrics: dict[str, float] = {}

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        self.ready, self.reason, self.metrics = ready, reason, dict(metrics)


class Hears:
    """A carrier whose receiver accepts everything, and what it heard."""

    def __init__(self, case: str | None = None) -> None:
        self.case = case
        self.heard: list[DueNotice] = []

    async def send(self, notice: DueNotice) -> Receipt:
        self.heard.append(notice)
        return Accepted(case=self.case)

    async def close(self) -> None:
        pass


class Hangs(Hears):
    """A carrier whose receiver never answers."""

    @override
    async def send(self, notice: DueNotice) -> Receipt:
        self.heard.append(notice)
        await asyncio.Event().wait()
        raise AssertionError


def police(carrier: NoticeChannel, **changes: object) -> Target:
    """The police target over a carrier."""
    return Target(**{"channel": Channel.WEBHOOK, "name": "police", "carrier": carrier} | changes)  # type: ignore[arg-type]


@asynccontextmanager
async def dispatching(
    engine: sa.Engine,
    targets: Sequence[Target],
    *,
    clock: Clock = wall_ms,
    backoff: Backoff = QUICK,
) -> AsyncIterator[Noticeboard]:
    """Run a dispatcher for the length of the block; it must end cleanly when told to stop."""
    stop = asyncio.Event()
    async with _running(engine, targets, stop, clock=clock, backoff=backoff) as (board, running):
        yield board
        stop.set()
        await asyncio.wait_for(running, WAIT_S)


@asynccontextmanager
async def abandoned(engine: sa.Engine, targets: Sequence[Target]) -> AsyncIterator[Noticeboard]:
    """Run a dispatcher that is cut off at the end of the block, whatever hangs in it."""
    stop = asyncio.Event()
    async with _running(engine, targets, stop, clock=wall_ms, backoff=QUICK) as (board, _):
        yield board


@asynccontextmanager
async def _running(
    engine: sa.Engine,
    targets: Sequence[Target],
    stop: asyncio.Event,
    *,
    clock: Clock,
    backoff: Backoff,
) -> AsyncIterator[tuple[Noticeboard, asyncio.Task[None]]]:
    board, outbox = Noticeboard(), SqlOutbox(engine)
    dispatcher = Dispatcher(
        outbox=outbox,
        targets=targets,
        clock=clock,
        draw=lambda: 0.5,
        status=board,
        backoff=backoff,
    )
    running = asyncio.create_task(dispatcher.run(stop))
    try:
        yield board, running
    finally:
        running.cancel()
        await asyncio.wait([running])
        outbox.close()

"""A records database that neither answers nor fails: told, then left to who watches."""

import asyncio
import threading

import pytest
import sqlalchemy as sa
from typing_extensions import override

from alerts.delivery.dispatcher import Dispatcher, Pace
from parkguard.clock import wall_ms
from stores.delivery import SqlOutbox
from support.delivery_run import Noticeboard, eventually

PACE = Pace(poll_s=0.01, status_s=0.05, late_s=0.3, hung_s=0.8)


class Hung(SqlOutbox):
    """Its cheap look never comes back, until the test is over."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.released = threading.Event()
        self.is_hung = False

    @override
    def changed(self) -> bool:
        if self.is_hung:
            self.released.wait()
        return super().changed()


class Counting(Noticeboard):
    """Counts how often the status is written."""

    written = 0

    @override
    def write(self, **said: object) -> None:
        self.written += 1
        super().write(**said)  # type: ignore[arg-type]


@pytest.mark.promise(38)
def test_a_store_that_hangs_is_told_and_then_nothing_is_said_any_more(engine: sa.Engine) -> None:
    """The status file is renewed by who works: it grows old, and the watchdog sees it."""
    outbox, board = Hung(engine), Counting()

    async def story() -> tuple[str, int, int]:
        stop = asyncio.Event()
        dispatcher = Dispatcher(
            outbox=outbox, targets=[], clock=wall_ms, draw=lambda: 0.5, status=board, pace=PACE
        )
        running = asyncio.create_task(dispatcher.run(stop))
        await eventually(lambda: board.ready, what="it works")
        outbox.is_hung = True
        await eventually(lambda: not board.ready, what="it is told")
        reason = board.reason
        await _passed(2 * PACE.hung_s)
        before = board.written
        await _passed(5 * PACE.status_s)
        after = board.written
        outbox.released.set()
        await eventually(lambda: board.ready, what="it works again")
        stop.set()
        await running
        return reason, before, after

    reason, before, after = asyncio.run(story())
    outbox.close()

    assert reason.startswith("records: no answer for")
    assert after == before


async def _passed(seconds: float) -> None:
    """That something does not happen shows only with time."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + seconds
    await eventually(lambda: loop.time() > until_s, what="time passes")

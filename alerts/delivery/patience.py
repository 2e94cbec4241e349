"""The store in a thread of its own, asked until it says yes.

A busy or absent database delays the dispatcher and never makes it forget an answer it has
already heard: the call is repeated, not the telling.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from alerts.delivery.ports import OutboxError

T = TypeVar("T")

_WAIT_FIRST_S = 0.05
_WAIT_MAX_S = 1.0

log = structlog.get_logger()


class PatientStore:
    """Runs store calls one after the other in one thread.

    Attributes:
        lost: Why a call is being repeated; None while every call goes through. Reads may go on
            while writes are locked out: it is lost until the last waiting call is through.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        """Once ``stop`` is set a failing call is not repeated: the process must end."""
        self._stop = stop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._waiting = 0
        self.lost: str | None = None

    async def ask(self, call: Callable[[], T]) -> T:
        """Give the call's result, however long the store is away.

        Raises:
            OutboxError: It may not pass, or the process is stopping.
        """
        try:
            result = await self._run(call)
        except OutboxError as exc:
            self._give_up_if_final(exc)
            result = await self._outlast(exc, call)
        if self.lost is not None and self._waiting == 0:
            self.lost = None
            log.info("records_back")
        return result

    def close(self) -> None:
        """End the thread after its present call."""
        self._thread.shutdown(wait=True)

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def _outlast(self, first: OutboxError, call: Callable[[], T]) -> T:
        """Ask again and again, with growing waits."""
        if self.lost is None:
            self.lost = str(first)
            log.warning("records_lost", reason=self.lost)
        self._waiting += 1
        wait_s = _WAIT_FIRST_S
        try:
            while True:
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _WAIT_MAX_S)
                try:
                    return await self._run(call)
                except OutboxError as exc:
                    self._give_up_if_final(exc)
        finally:
            self._waiting -= 1

    def _give_up_if_final(self, exc: OutboxError) -> None:
        if not exc.may_pass or self._stop.is_set():
            raise exc

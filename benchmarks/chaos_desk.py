"""A desk that follows the stream through every fault and writes down what it heard."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.chaos_facts import Heard
from parkguard.demo_story import FROM_FIX
from parkguard.demo_stream import follow


@dataclass(slots=True)
class Desk:
    """Follows ``/v1/stream`` in a thread of its own, resuming where it broke off.

    Attributes:
        numbers: Feed numbers in the order they came, repeats included.
        alerts: Alerts it heard of.
        steps: For the times.
    """

    client: dict[str, Any]
    numbers: list[int] = field(default_factory=list)
    alerts: set[str] = field(default_factory=set)
    steps: list[Heard] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to listen."""
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop)
            self._thread.join()
            self._loop.close()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        async with httpx.AsyncClient(**self.client) as client:
            self._task = asyncio.create_task(follow(client, self._hear))
            await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()

    def _hear(self, event: str, data: Mapping[str, Any], arrived_ms: int) -> None:
        if "id" not in data:  # a position, or that the feed began anew
            return
        self.numbers.append(int(data["id"]))
        if event not in {"alert", "incident"}:  # of devices' health
            return
        body = data["body"]
        self.alerts.add(body["alert_id"])
        if event == "alert" and data["action"] in FROM_FIX:
            self.steps.append(
                Heard(alert_id=body["alert_id"], t_ms=int(body["t_ms"]), arrived_ms=arrived_ms)
            )

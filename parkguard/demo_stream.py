"""Following ``/v1/stream`` as a desk would: for ever, resuming where it broke off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx
import msgspec

from parkguard.clock import wall_ms

Hear = Callable[[str, Mapping[str, Any], int], None]
"""Takes (event, data, arrival in ms UTC)."""


async def follow(client: httpx.AsyncClient, hear: Hear) -> None:
    """Hand every event to ``hear`` until cancelled."""
    last = ""
    while True:
        headers = {"last-event-id": last} if last else {}
        try:
            async with client.stream(
                "GET", "/v1/stream", headers=headers, timeout=httpx.Timeout(10.0, read=None)
            ) as answer:
                answer.raise_for_status()
                async for event, number, data in _events(answer):
                    last = number or last
                    hear(event, msgspec.json.decode(data), wall_ms())
        except (httpx.TransportError, httpx.HTTPStatusError):  # away, or it cannot serve us now
            await asyncio.sleep(0.5)


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, str, str]]:
    """(event, id, data) of a server-sent stream; comments are passed over."""
    event, number, data = "", "", ""
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "id":
            number = value
        elif name == "data":
            data += value
        elif not line and data:
            yield event, number, data
            event, number, data = "", "", ""

"""Who follows the stream waits while it cannot be served, and then goes on."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from parkguard.demo_stream import follow

AWAY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
EVENT = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    b'event: alert\nid: 1\ndata: {"id":1}\n\n'
)


def test_a_stream_that_cannot_be_served_is_asked_for_calmly() -> None:
    """The records are away: 503 twice, then an event; half a second lies between two requests."""
    asked_s: list[float] = []
    heard: list[tuple[str, Mapping[str, Any]]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked_s.append(asyncio.get_running_loop().time())
        writer.write(AWAY if len(asked_s) < 3 else EVENT)
        await writer.drain()
        writer.close()

    async def run() -> None:
        told = asyncio.Event()

        def hear(event: str, data: Mapping[str, Any], _arrived_ms: int) -> None:
            heard.append((event, data))
            told.set()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", trust_env=False
            ) as client:
                following = asyncio.create_task(follow(client, hear))
                async with asyncio.timeout(20):
                    await told.wait()
                following.cancel()
                await asyncio.wait([following])

    asyncio.run(run())

    assert heard[0] == ("alert", {"id": 1})
    assert asked_s[1] - asked_s[0] >= 0.45
    assert asked_s[2] - asked_s[1] >= 0.45

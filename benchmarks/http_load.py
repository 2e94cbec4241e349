"""Requests at set times over kept connections, each timed from when it was due.

A request that had to wait for a free connection waited for the server: the wait counts.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

CONNECTIONS = 16
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One request.

    Attributes:
        took_ms: From the moment it was due to the last byte of its answer.
    """

    status: int
    took_ms: float
    body: bytes


def get_request(path: str, token: str, *, tag: str = "") -> bytes:
    """The bytes of a GET; ``tag`` for ``If-None-Match``."""
    known = f"If-None-Match: {tag}\r\n" if tag else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{known}\r\n".encode()
    )


async def fire(port: int, requests: Sequence[bytes], *, per_s: float) -> list[Answered]:
    """Send each request when it is due, whatever became of those before it."""
    due: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    answered: list[Answered] = []
    workers = [asyncio.create_task(_serve(port, due, answered)) for _ in range(CONNECTIONS)]
    began = time.perf_counter() + 0.5
    for number, request in enumerate(requests):
        at = began + number / per_s
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        due.put_nowait((at, request))
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    return answered


async def _serve(
    port: int, due: "asyncio.Queue[tuple[float, bytes] | None]", answered: list[Answered]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    while (next_one := await due.get()) is not None:
        at, request = next_one
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        took_ms = (time.perf_counter() - at) * 1000
        answered.append(Answered(status=int(head[9:12]), took_ms=took_ms, body=body))
    writer.close()


def quantile_ms(answered: Sequence[Answered], share: float) -> float:
    """So many of the requests were answered within this."""
    took = sorted(one.took_ms for one in answered)
    return round(took[min(len(took) - 1, int(share * len(took)))], 2)

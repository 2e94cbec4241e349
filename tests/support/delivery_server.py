"""A receiver that answers exactly what a test scripts, byte for byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float


@dataclass(slots=True, kw_only=True)
class Script:
    """Answers by turn; the last one stays. An answer is bytes, or speaks by itself."""

    answers: "list[bytes | Answer]"
    heard: list[Heard] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP response; header names take ``_`` for ``-``."""
    lines = [f"HTTP/1.1 {status} Scripted", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


ACCEPTED = answer(200, b'{"status":"accepted","case":"17"}')


@asynccontextmanager
async def scripted(
    *answers: bytes | Answer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Script]:
    """Listen on a free port of 127.0.0.1."""
    script = Script(answers=list(answers))
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await _one(script, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side went, as some scripts want
        finally:
            talks.discard(task)
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()


async def _one(script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    heard = Heard(
        path=head[0].split(" ")[1],
        headers=headers,
        body=body,
        at_s=asyncio.get_running_loop().time(),
    )
    turn = len(script.heard)
    script.heard.append(heard)
    said = script.answers[min(turn, len(script.answers) - 1)]
    if isinstance(said, bytes):
        writer.write(said)
        await writer.drain()
    else:
        await said(writer)

"""The few API routes that the simulated desk and owners press, as a scripted server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Pressed:
    """One button that somebody pressed."""

    path: str
    token: str
    body: dict[str, object]


@dataclass(slots=True, kw_only=True)
class ScriptedApi:
    """Answers with the next status, then with 200."""

    statuses: list[int]
    pressed: list[Pressed] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        status = self.statuses.pop(0) if self.statuses else 200
        token = headers["authorization"].removeprefix("bearer ")
        said = json.loads(body)
        self.pressed.append(Pressed(path=head[0].split(" ")[1], token=token, body=said))
        writer.write(
            f"HTTP/1.1 {status} x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}".encode()
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def scripted_api(*statuses: int, port: int = 0) -> AsyncIterator[ScriptedApi]:
    """Listen on 127.0.0.1."""
    api = ScriptedApi(statuses=list(statuses))
    server = await asyncio.start_server(api.serve, "127.0.0.1", port)
    api.port = server.sockets[0].getsockname()[1]
    try:
        yield api
    finally:
        server.close()
        await server.wait_closed()

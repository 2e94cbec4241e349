"""A path to a server that a test can cut, slow down or break; for any protocol over TCP.

with TcpProxy(server.port) as path:
    client.connect("127.0.0.1", path.port)
    path.turn(PathMode.DELAY, delay_s=5)
    path.turn(PathMode.PASS)
"""

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

from support.broker import WAIT_S

CHUNK_BYTES = 65_536
_CHUNKS_MAX = 1_000
"""On their way in one direction of one connection; then the sender has to wait."""


class PathMode(StrEnum):
    """What becomes of the bytes."""

    PASS = "pass"  # noqa: S105 - no password
    """They go through at once."""
    DROP = "drop"
    """They vanish and nobody hears of it, as with a cut cable; new connections hear nothing."""
    DELAY = "delay"
    """What the server says comes late; what it is told comes at once."""
    RESET = "reset"
    """All connections are reset, and every new one at once."""


class TcpProxy:
    """Listens on a free port of 127.0.0.1, in a thread of its own.

    Attributes:
        port: Where clients connect.
        accepted: Connections taken so far.
    """

    def __init__(self, to_port: int, *, host: str = "127.0.0.1") -> None:
        """Lead to ``to_port`` of ``host``, which need not listen yet."""
        self._target = (host, to_port)
        self._mode = PathMode.PASS
        self._delay_s = 0.0
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.accepted = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = int(self._listener.getsockname()[1])

    def turn(self, mode: PathMode, *, delay_s: float = 0.0) -> None:
        """Change what becomes of the bytes from now on, of connections that stand, too.

        A connection that lost bytes is reset when ``DROP`` ends: no stream goes on with a hole.
        """
        asyncio.run_coroutine_threadsafe(self._turn(mode, delay_s), self._loop).result(WAIT_S)

    async def _turn(self, mode: PathMode, delay_s: float) -> None:
        self._mode, self._delay_s = mode, delay_s
        for link in set(self._links):
            if mode is PathMode.RESET or (link.has_hole and mode is not PathMode.DROP):
                link.reset()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        link = _Link(writer)
        self._links.add(link)
        try:
            if self._mode is PathMode.RESET:
                return
            there = await asyncio.open_connection(*self._target)
            link.ends.append(there[1])
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, there[1], link, is_answer=False))
                both.create_task(self._carry(there[0], writer, link, is_answer=True))
            link.close()
        except* OSError:
            pass  # one end is gone: the other one hears of it now
        finally:
            link.reset()
            self._links.discard(link)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        link: "_Link",
        *,
        is_answer: bool,
    ) -> None:
        """Carry one direction until it ends; an end travels as late as bytes do."""
        underway: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_CHUNKS_MAX)

        async def read() -> None:
            chunk = b"-"
            while chunk:
                chunk = await reader.read(CHUNK_BYTES)
                late_s = self._delay_s if is_answer and self._mode is PathMode.DELAY else 0.0
                await underway.put((self._loop.time() + late_s, chunk))

        async with asyncio.TaskGroup() as both:
            both.create_task(read())
            chunk = b"-"
            while chunk:
                due_s, chunk = await underway.get()
                await asyncio.sleep(max(0.0, due_s - self._loop.time()))
                if self._mode is PathMode.DROP:
                    link.has_hole = True
                elif chunk:
                    writer.write(chunk)
                    await writer.drain()
                else:
                    with suppress(OSError):
                        writer.write_eof()

    def __enter__(self) -> Self:
        self._thread.start()
        start = asyncio.start_server(self._take, sock=self._listener)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(WAIT_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.turn(PathMode.RESET)
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(WAIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Link:
    """One connection through the proxy: its two ends."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.ends = [client]
        self.has_hole = False

    def close(self) -> None:
        """Close both ends in good order."""
        for end in self.ends:
            end.close()

    def reset(self) -> None:
        """Close the ends that still stand; what is underway is lost, and the peers see a reset."""
        for end in self.ends:
            if not end.is_closing():
                end.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                end.transport.abort()

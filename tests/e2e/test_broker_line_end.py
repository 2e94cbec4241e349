"""Our line to the broker ends when it is told to, also while the broker goes away."""

import asyncio
import uuid

import pytest

from parkguard.broker_line import BrokerLine
from parkguard.broker_login import BrokerLogin

_CONNACK = bytes([0x20, 2, 0, 0])


class _LeavingBroker:
    """Takes a login; ``leave`` cuts the connection, as a broker that ends does."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []
        self.entered = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(256)
        writer.write(_CONNACK)
        self._writers.append(writer)
        self.entered.set()

    def leave(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@pytest.mark.parametrize("turns", range(12))
def test_line_is_cancelled_while_its_connection_breaks(turns: int) -> None:
    """The error of the connection does not take the place of the cancellation.

    ``turns`` of the loop lie between the cut and the cancellation; the instant in which both
    meet is one of them.
    """

    async def play() -> set[asyncio.Task[None]]:
        broker = _LeavingBroker()
        server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        login = BrokerLogin(host="127.0.0.1", port=port, user="us", password=uuid.uuid4().hex)
        line = BrokerLine(login, root="pg/v1")
        task: asyncio.Task[None] = asyncio.create_task(line.run())
        await broker.entered.wait()
        for _ in range(50):  # turns until the client has read the answer
            await asyncio.sleep(0.001)
        assert line.is_up
        broker.leave()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        _, running = await asyncio.wait([task], timeout=1)
        server.close()
        return running

    assert not asyncio.run(play())

"""Serving the app: a socket that does not wait for dead readers, and an honest end."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from api.http_head import BoundedHttp

BACKLOG = 2048
"""Connections that may wait to be accepted."""

SEND_BUFFER_BYTES = 262_144
"""Kernel buffer per connection: what a reader that never reads costs besides its queue."""

DEAD_PEER_MS = 20_000
"""A connection whose peer takes nothing for so long is reset by the kernel. Twice the time one
send of a stream may take (reliability.md P22: 10 s)."""

GRACE_S = 5
"""Requests under way may take this long to end at shutdown, seconds."""

KEEP_ALIVE_S = 20
"""An idle connection is kept this long, seconds."""


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one.

    Raises:
        OSError: The address is in use or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MS)
    # An answer is written in two pieces: the second must not wait for the first one's
    # acknowledgement, 40 ms. Connections inherit it; asyncio sets it only where a socket names TCP.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


def build_server(app: FastAPI) -> uvicorn.Server:
    """Build the server; ``run`` or ``serve(sockets=[listener])`` starts it."""
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        date_header=True,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    return uvicorn.Server(config)


async def serve(
    app: FastAPI, listener: socket.socket, on_started: Callable[[], None] = lambda: None
) -> None:
    """Serve until told to stop (SIGTERM), or until a background task of the app dies.

    Args:
        app: Whose answers.
        listener: Where.
        on_started: Called once, soon after it began to serve.

    Raises:
        BaseException: What the background task died of: the process must not go on deaf.
    """
    server = build_server(app)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    died: list[BaseException] = []
    is_told = False
    while not serving.done():
        await asyncio.wait([serving], timeout=0.5)
        if server.started and not is_told:
            is_told = True
            on_started()
        tasks: list[asyncio.Task[None]] = getattr(app.state, "tasks", [])
        for task in tasks:
            failure = task.exception() if task.done() and not task.cancelled() else None
            if failure is not None and not died:
                died.append(failure)
                server.should_exit = True
    await serving
    if died:
        raise died[0]


def run(app: FastAPI, listener: socket.socket) -> None:
    """Serve in this process's main thread until it ends."""
    asyncio.run(serve(app, listener))

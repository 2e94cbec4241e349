"""A real server for the stream's tests, a reader of server-sent events, and a small relay."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
import msgspec
import sqlalchemy as sa
import uvicorn

from api.app import create_app
from api.server import build_server, listen
from stores.records import writing
from stores.schema import feed, outbox
from support.api_city import fill
from support.api_world import World, a_world
from support.broker import wait_until


@dataclass(slots=True, kw_only=True)
class RunningApi:
    """The app behind uvicorn on a free port."""

    port: int
    server: uvicorn.Server

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(world: World) -> Iterator[RunningApi]:
    """Serve a world in a thread until the test ends."""
    app = create_app(world.services)
    listener = listen("127.0.0.1", 0)
    server = build_server(app)
    server.config.timeout_graceful_shutdown = 1
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started, what="the API server starts")
    try:
        yield RunningApi(port=listener.getsockname()[1], server=server)
    finally:
        app.state.hub.stop()
        server.should_exit = True
        thread.join(10)
        listener.close()


@dataclass(slots=True, kw_only=True)
class Event:
    """One server-sent event as a browser would see it."""

    name: str
    data: dict[str, object]
    last_id: str

    @property
    def id(self) -> int | None:
        """The number inside the data of a numbered event."""
        number = self.data.get("id")
        return number if isinstance(number, int) else None


@dataclass(slots=True, kw_only=True)
class Listener:
    """Reads a stream in a thread, as the standard says (WHATWG HTML 9.2.6)."""

    url: str
    headers: dict[str, str]
    events: list[Event] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    retry: str = ""
    last_id: str = ""
    status: int = 0
    is_open: bool = False
    _thread: threading.Thread | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Self:
        """Connect and read in the background; gives itself once the stream is open."""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        wait_until(lambda: self.retry or self.status >= 400, what="the stream opens")
        return self

    def stop(self) -> None:
        """Hang up after the next line; the daemon thread ends with the test otherwise."""
        self._stop.set()

    def ids(self) -> list[int]:
        """Numbers of the events seen, in order."""
        return [event.id for event in self.events if event.id is not None]

    def _read(self) -> None:
        timeout = httpx.Timeout(10, read=60)
        try:
            with (
                httpx.Client(timeout=timeout) as client,
                client.stream("GET", self.url, headers=self.headers) as answer,
            ):
                self.status, self.is_open = answer.status_code, True
                self._lines(answer.iter_lines())
        except httpx.TransportError:
            self.comments.append("broken off")
        finally:
            self.is_open = False

    def _lines(self, lines: Iterator[str]) -> None:
        name, data = "", ""
        for line in lines:
            if self._stop.is_set():
                return
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match key if line else None:
                case None:
                    if data:
                        body = msgspec.json.decode(data)
                        self.events.append(Event(name=name, data=body, last_id=self.last_id))
                    name, data = "", ""
                case "":
                    self.comments.append(value)
                case "event":
                    name = value
                case "data":
                    data += value
                case "id":
                    self.last_id = value
                case "retry":
                    self.retry = value


class Relay:
    """Numbers due feed rows as the dispatcher does: alone, in outbox order, without holes."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            self._number()

    def _number(self) -> None:
        due = (
            sa.select(outbox)
            .where(outbox.c.state == "due", outbox.c.channel == "feed")
            .order_by(outbox.c.id)
        )
        names = ("kind", "action", "audience", "area", "body", "caused_recv_ms")
        with writing(self._engine) as connection:
            head = connection.scalar(sa.select(sa.func.max(feed.c.id))) or 0
            for number, row in enumerate(connection.execute(due).mappings().all(), head + 1):
                values = {name: row[name] for name in names}
                connection.execute(
                    sa.insert(feed).values(
                        id=number, outbox_id=row["id"], at_ms=row["created_ms"], **values
                    )
                )
                sent = sa.update(outbox).where(outbox.c.id == row["id"])
                connection.execute(sent.values(state="sent"))


class SilentReader:
    """A client that asks for the stream and then never reads a byte."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(
            f"GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )

    def close(self) -> None:
        """Go."""
        self._socket.close()


class Opener:
    """Opens streams as somebody."""

    def __init__(self, world: World, api: RunningApi) -> None:
        self._world, self._api = world, api
        self.opened: list[Listener] = []

    def __call__(
        self, headers: dict[str, str], last_id: str | None = None, *, query: str = ""
    ) -> Listener:
        resume = {} if last_id is None else {"Last-Event-ID": last_id}
        listener = Listener(
            url=f"{self._api.url}/v1/stream{query}", headers=headers | resume
        ).start()
        self.opened.append(listener)
        return listener

    def close(self) -> None:
        """Hang up everywhere."""
        for listener in self.opened:
            listener.stop()


FAST = {
    "feed_poll_ms": 20.0,
    "live_poll_ms": 20.0,
    "health_poll_ms": 20.0,
    "recheck_ms": 100.0,
    "token_cache_ms": 0.0,
    "ping_s": 0.2,
    "sse_send_s": 1.0,
}
"""A policy that does not make tests wait; the defaults differ in length only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCity:
    """A city with one of everything behind a real server."""

    world: World
    api: RunningApi
    listen: Opener


@contextmanager
def served_city(folder: Path) -> Iterator[ServedCity]:
    """Fill a city and serve it until the test ends."""
    world = a_world(folder, **FAST)
    fill(world)
    with running(world) as api:
        opener = Opener(world, api)
        try:
            yield ServedCity(world=world, api=api, listen=opener)
        finally:
            opener.close()
    world.engine.dispose()

"""One connection to the broker at a time, for ever: connect, read, write, connect again.

A thread of its own does it. What others send goes out at once when the socket takes it and waits
here when not, so that no caller ever waits for the broker.
"""

import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from ingest import mqtt_packets as packets
from ingest.ports import Envelope

RECEIVE_BYTES = 1 << 18
"""Read at once: some 400 fixes."""
CONNECT_S = 5.0
"""Longest wait for the broker to take a connection, and again for its first answer. Ours."""
RETRY_S = (1.0, 2.0, 4.0, 5.0)
"""Waits before we connect again; the last one from then on."""
PAUSE_S = 0.2
"""While the listener has no room, one publication is read so often. Short of the keep-alive: we go
on writing, hear our own echo, and the broker does not miss us."""
SILENT_KEEPALIVES = 1.5
"""Nothing read for so many keep-alives: the connection is dead. Source: MQTT 3.1.1, 3.1.2.10."""
_BEAT_S = 1.0


class RefusedError(ConnectionError):
    """The broker did not let us in."""


class Listener(Protocol):
    """What is told, in the link's own thread."""

    def on_connected(self, *, session_present: bool) -> None:
        """The broker let us in."""
        ...

    def on_refused(self, reason: str) -> None:
        """The broker did not let us in; we try again."""
        ...

    def on_subscribed(self, codes: bytes) -> None:
        """The broker's answer to a subscription, a byte a filter."""
        ...

    def on_publications(self, envelopes: list[Envelope]) -> None:
        """Publications, in order."""
        ...

    def room(self) -> int:
        """How many publications may be read now; none = ``wait_for_room`` is called."""
        ...

    def wait_for_room(self, seconds: float) -> None:
        """Wait at most so long for room."""
        ...

    def on_lost(self, reason: str) -> None:
        """The connection ended; we connect again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the broker is, and who we are."""

    host: str
    port: int
    user: str
    password: str
    keepalive_s: int


class MqttLink:
    """A connection of MQTT 3.1.1 at QoS 1 with a session that lasts.

    Attributes:
        session: Number of the present or last connection.
        beat_ms: When the thread last went round, by ``steady_ms``.
    """

    def __init__(self, address: Address, listener: Listener, steady_ms: Callable[[], int]) -> None:
        """Nothing is opened before ``start``."""
        self._address, self._listener, self._steady_ms = address, listener, steady_ms
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{address.user}", daemon=True)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._out = bytearray()
        self._written_ms = 0
        self._wake, self._woken = socket.socketpair()
        for each in (self._wake, self._woken):
            each.setblocking(False)  # noqa: FBT003
        self.session = 0
        self.beat_ms = steady_ms()

    def start(self) -> None:
        """Connect in the background and keep reconnecting for ever."""
        self.beat_ms = self._steady_ms()
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs, or was not started."""
        return self._thread.ident is None or self._thread.is_alive()

    def send(self, data: bytes, *, session: int | None = None) -> None:
        """Send now or as soon as the broker reads; dropped when that connection is gone."""
        with self._lock:
            if self._socket is None or session not in {None, self.session}:
                return
            if not self._out:
                with suppress(OSError):  # full: it waits; broken: the reader notices
                    data = data[self._socket.send(data) :]
                    self._written_ms = self._steady_ms()
            self._out += data
        if data:
            self._rouse()

    def _rouse(self) -> None:
        with suppress(OSError):  # it is roused already, or over
            self._wake.send(b"\x00")

    def stop(self, within_s: float) -> None:
        """Say goodbye and end the thread; one that stands still is left behind."""
        self.send(packets.DISCONNECT)
        self._over.set()
        self._rouse()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        if not self._thread.is_alive():
            self._wake.close()
            self._woken.close()

    # -- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        tries = 0
        while not self._over.is_set():
            self.beat_ms = self._steady_ms()
            before = self.session
            try:
                self._serve()
            except RefusedError as exc:
                self._listener.on_refused(str(exc))
            except (OSError, packets.MalformedPacket) as exc:
                self._drop()
                self._listener.on_lost(str(exc) or type(exc).__name__)
            self._drop()
            tries = 0 if self.session != before else tries + 1
            self._pause(RETRY_S[min(tries, len(RETRY_S) - 1)])

    def _pause(self, seconds: float) -> None:
        until_ms = self._steady_ms() + seconds * 1_000
        while self._steady_ms() < until_ms and not self._over.wait(PAUSE_S):
            self.beat_ms = self._steady_ms()

    def _drop(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = None
            self._out.clear()

    def _serve(self) -> None:
        """One connection, from its first byte to its end.

        Raises:
            OSError: It ended, or never began.
            MalformedPacket: What came is not MQTT.
        """
        address = self._address
        connection = socket.create_connection((address.host, address.port), CONNECT_S)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(
                packets.connect_packet(
                    user=address.user,
                    password=address.password,
                    keepalive_s=address.keepalive_s,
                )
            )
            rest = self._greet(connection)
            connection.setblocking(False)  # noqa: FBT003
        except BaseException:
            connection.close()
            raise
        self._flow(connection, rest)

    def _greet(self, connection: socket.socket) -> bytes:
        """Wait for CONNACK; what came behind it.

        Raises:
            RefusedError: It does not let us in.
            OSError: It went, or did not answer.
        """
        data = b""
        self.beat_ms = self._steady_ms()
        while len(data) < 4:  # noqa: PLR2004 - CONNACK
            more = connection.recv(RECEIVE_BYTES)
            if not more:
                raise ConnectionError("closed before it answered")
            data += more
        if data[0] != packets.CONNACK:
            raise packets.MalformedPacket("the first answer is no CONNACK")
        if refusal := packets.refusal_of(data[2:4]):
            raise RefusedError(refusal)
        with self._lock:
            self._socket, self._written_ms = connection, self._steady_ms()
            self.session += 1
        self._listener.on_connected(session_present=bool(data[2] & 1))
        return data[4:]

    def _flow(self, connection: socket.socket, rest: bytes) -> None:
        """Read, hand over and write until it ends or we say goodbye."""
        heard_ms, more = self._steady_ms(), False
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            selector.register(connection, selectors.EVENT_READ)
            while self._out or not self._over.is_set():
                self.beat_ms = now_ms = self._steady_ms()
                if more:  # what was read has no room yet: the rest stays with the broker
                    self._write(connection)
                    heard_ms = now_ms
                elif data := self._wait(selector, connection):
                    rest, heard_ms = rest + data, now_ms
                elif now_ms - heard_ms > SILENT_KEEPALIVES * 1_000 * self._address.keepalive_s:
                    raise ConnectionError("keep-alive: the broker says nothing")
                rest, more = self._take(rest)
                self._ping()

    def _wait(self, selector: selectors.BaseSelector, connection: socket.socket) -> bytes:
        """Wait for the socket or for somebody who sends; what was read."""
        writes = selectors.EVENT_WRITE if self._out else 0
        selector.modify(connection, selectors.EVENT_READ | writes)
        data = b""
        for key, events in selector.select(_BEAT_S):
            if key.fileobj is self._woken:
                self._woken.recv(RECEIVE_BYTES)
                continue
            if events & selectors.EVENT_WRITE:
                self._write(connection)
            if events & selectors.EVENT_READ:
                data = self._read(connection)
        return data

    def _read(self, connection: socket.socket) -> bytes:
        try:
            data = connection.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionError("closed by the broker")
        return data

    def _write(self, connection: socket.socket) -> None:
        """Write on what the socket did not take at once."""
        with self._lock, suppress(BlockingIOError):
            if not self._out:
                return
            del self._out[: connection.send(self._out)]
            self._written_ms = self._steady_ms()

    def _ping(self) -> None:
        if self._steady_ms() - self._written_ms >= self._address.keepalive_s * 500:
            self.send(packets.PINGREQ)

    def _take(self, data: bytes) -> tuple[bytes, bool]:
        """Hand over what is whole and has room; what is left, and whether more of it is whole."""
        listener = self._listener
        room = listener.room()
        if room <= 0 and data:
            listener.wait_for_room(PAUSE_S)
            room = max(1, listener.room())
        cut = packets.read_packets(data, session=self.session, most=room)
        for kind, body in cut.answers:
            if kind == packets.SUBACK:
                listener.on_subscribed(body[2:])
        if cut.publications:
            listener.on_publications(cut.publications)
        return data[cut.end :], cut.more

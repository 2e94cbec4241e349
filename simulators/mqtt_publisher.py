"""A publisher of MQTT 3.1.1 at QoS 1, and nothing else: CONNECT, PUBLISH, PUBACK, PINGREQ.

Our own because a load generator that shares two cores with what it measures must be cheap: a
general client costs 43-60 us a message (docs/architecture.md), more than the platform may use.
A record is kept until its PUBACK; after a lost connection all kept ones are sent again in order
with the DUP flag, then the waiting ones.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from typing_extensions import override

CONNECT, CONNACK, PUBACK, PINGREQ, DISCONNECT = 0x10, 0x20, 0x40, b"\xc0\x00", b"\xe0\x00"
PUBLISH_QOS1, DUP = 0x32, 0x08
LAST_ID = 0xFFFF
_ACK_BYTES = 4


class RefusedError(Exception):
    """The broker did not let the client in; ``code`` is CONNACK's return code (1-5)."""

    def __init__(self, client_id: str, code: int) -> None:
        """Say who and with which code."""
        super().__init__(f"{client_id} was refused with code {code}")
        self.code = code


class MqttPublisher(asyncio.Protocol):
    """One client; it outlives its connections.

    Args:
        client_id: Also the user name.
        secret: Password; None = log in without name.
        window: Most records sent and not acknowledged.
        keepalive_s: MQTT keep-alive; call ``ping`` more often than that.
        acked: Called with the number of records of every acknowledgement.

    Attributes:
        resent: Publications beyond the first of a record.
        connections: Connections that stood.
    """

    def __init__(
        self,
        client_id: str,
        *,
        secret: str | None,
        window: int,
        keepalive_s: int,
        acked: Callable[[int], None],
    ) -> None:
        self.client_id = client_id
        self.resent = self.connections = 0
        self._connect = connect_packet(client_id, secret=secret, keepalive_s=keepalive_s)
        self._window, self._acked = window, acked
        self._id = 0
        self._sent: deque[tuple[int, bytes]] = deque()
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._rest = b""
        self._socket: asyncio.Transport | None = None
        self._transport: asyncio.Transport | None = None  # the socket, once the broker said yes
        self._greeted: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        """Records not yet acknowledged."""
        return len(self._sent) + len(self._waiting)

    def publish(self, topic: bytes, payloads: Sequence[bytes]) -> None:
        """Take records of one topic, given with its two length bytes (``topic_bytes``).

        What fits into the window leaves in one system call.
        """
        transport = self._transport
        if transport is None or self._waiting or len(self._sent) + len(payloads) > self._window:
            self._waiting.extend((topic, payload) for payload in payloads)
            if transport is not None:
                self._send_waiting(transport)
        elif len(payloads) == 1:
            transport.write(self._next_packet(topic, payloads[0]))
        else:
            transport.write(b"".join([self._next_packet(topic, item) for item in payloads]))

    def ping(self) -> None:
        """Keep the connection alive."""
        if self._transport is not None:
            self._transport.write(PINGREQ)

    async def leave(self) -> None:
        """Say goodbye and wait until the connection is closed."""
        if self._socket is None:
            return
        self._closed = asyncio.get_running_loop().create_future()
        if not self._socket.is_closing():
            self._socket.write(DISCONNECT)
            self._socket.close()
        await self._closed

    async def connection(self, host: str, port: int, *, timeout_s: float) -> asyncio.Future[None]:
        """Connect and send what is kept; the future is done when the connection is lost.

        Raises:
            OSError: No connection (``TimeoutError``: no answer).
            RefusedError: The broker said no.
        """
        loop = asyncio.get_running_loop()
        self._greeted, self._closed = loop.create_future(), loop.create_future()
        async with asyncio.timeout(timeout_s):
            transport, _ = await loop.create_connection(lambda: self, host, port)
            try:
                await self._greeted
            except BaseException:
                transport.abort()
                raise
        return self._closed

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._rest = b""
        self._socket = cast("asyncio.Transport", transport)
        self._socket.write(self._connect)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._socket = self._transport = None
        if self._greeted is not None and not self._greeted.done():
            self._greeted.set_exception(ConnectionResetError("closed before CONNACK"))
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    @override
    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at, acked, end = 0, 0, len(data)
        sent = self._sent
        while end - at >= _ACK_BYTES or (end - at >= 2 and data[at + 1] == 0):  # noqa: PLR2004
            if data[at] == PUBACK:
                number = data[at + 2] << 8 | data[at + 3]
                if sent and sent[0][0] == number:
                    sent.popleft()
                    acked += 1
                else:
                    acked += self._forget(number)
            elif data[at] == CONNACK:
                self._welcome(data[at + 3])
            at += 2 + data[at + 1]  # all answers are shorter than 128 bytes
        self._rest = data[at:]
        if acked:
            self._acked(acked)
        if self._waiting and self._transport is not None:
            self._send_waiting(self._transport)

    def _next_packet(self, topic: bytes, payload: bytes) -> bytes:
        self._id = self._id % LAST_ID + 1
        packet = publish_packet(topic, self._id, payload)
        self._sent.append((self._id, packet))
        return packet

    def _send_waiting(self, transport: asyncio.Transport) -> None:
        packets = []
        while self._waiting and len(self._sent) < self._window:
            packets.append(self._next_packet(*self._waiting.popleft()))
        if packets:
            transport.write(b"".join(packets))

    def _welcome(self, code: int) -> None:
        """CONNACK: send again what was not acknowledged, then go on."""
        if self._greeted is None or self._greeted.done() or self._socket is None:
            return
        if code:
            self._greeted.set_exception(RefusedError(self.client_id, code))
            return
        self._transport = self._socket
        self.connections += 1
        self.resent += len(self._sent)
        if self._sent:
            again = (bytes([packet[0] | DUP]) + packet[1:] for _, packet in self._sent)
            self._transport.write(b"".join(again))
        self._greeted.set_result(None)

    def _forget(self, number: int) -> int:
        """Drop a record that was acknowledged out of order; an unknown number is nothing."""
        for entry in self._sent:
            if entry[0] == number:
                self._sent.remove(entry)
                return 1
        return 0


def topic_bytes(topic: str) -> bytes:
    """Give a topic with its length in front."""
    return _text(topic)


def publish_packet(topic: bytes, number: int, payload: bytes) -> bytes:
    """Give a PUBLISH at QoS 1; ``topic`` from ``topic_bytes``."""
    length = len(topic) + 2 + len(payload)
    if length < 128:  # noqa: PLR2004 - MQTT 3.1.1, 2.2.3: one byte
        head = bytes((PUBLISH_QOS1, length))
    elif length < 16_384:  # noqa: PLR2004 - two bytes
        head = bytes((PUBLISH_QOS1, length & 127 | 128, length >> 7))
    else:
        head = bytes((PUBLISH_QOS1, length & 127 | 128, length >> 7 & 127 | 128, length >> 14))
    return b"%b%b%b%b" % (head, topic, number.to_bytes(2, "big"), payload)


def connect_packet(client_id: str, *, secret: str | None, keepalive_s: int) -> bytes:
    """Give a CONNECT of MQTT 3.1.1 with a clean session."""
    flags = 0x02 if secret is None else 0xC2
    body = _text("MQTT") + bytes((4, flags)) + keepalive_s.to_bytes(2, "big") + _text(client_id)
    if secret is not None:
        body += _text(client_id) + _text(secret)
    length = len(body)
    rest = bytes((length,)) if length < 128 else bytes((length & 127 | 128, length >> 7))  # noqa: PLR2004
    return bytes((CONNECT,)) + rest + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded

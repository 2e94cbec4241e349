"""The embedded broker's front door: who gets in, under which name, for how long in silence.

Behind it stands amqtt, which checks passwords too late, knows no time-out for a silent socket
and no limit of a packet's size. Names and passwords are mosquitto's password file.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import structlog
from amqtt.adapters import (
    BufferReader,
    ReaderAdapter,
    StreamWriterAdapter,
)
from amqtt.broker import Broker
from amqtt.errors import AMQTTError, CodecError, MQTTError
from amqtt.errors import NoDataError as AmqttNoDataError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.connect import ConnectPacket, ConnectPayload, ConnectVariableHeader
from amqtt.mqtt.packet import CONNECT, MQTTFixedHeader
from typing_extensions import override

from parkguard.broker_embedded_config import FrontLimits
from parkguard.broker_rules import Grants
from parkguard.passwords import verify_password

LISTENER = "default"

_log = structlog.get_logger()


class _Refused(Exception):
    """The connection may not go on."""


class _ReplayReader(ReaderAdapter):
    """Gives the checked CONNECT first, then the socket, with limits of time and size."""

    def __init__(
        self, first: bytes, stream: asyncio.StreamReader, *, silent_s: float, max_bytes: int
    ) -> None:
        self._first = first
        self._stream = stream
        self._silent_s = silent_s
        self._max_bytes = max_bytes
        self._ended = False

    @override
    async def read(self, n: int = -1) -> bytes:
        """Give exactly ``n`` bytes, or none for ever once the connection is at its end.

        For ever, because amqtt goes on reading after a packet that it could not finish.
        """
        if self._first:
            given, self._first = self._first[:n], self._first[n:]
            return given
        if self._ended or not 0 <= n <= self._max_bytes:
            self._ended = True
            return b""
        try:
            async with asyncio.timeout(self._silent_s):
                return await self._stream.readexactly(n)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            self._ended = True
            return b""

    @override
    def feed_eof(self) -> None:
        """Pass the end on."""
        self._stream.feed_eof()


class _Connect(NamedTuple):
    """The two parts of a CONNECT packet."""

    head: ConnectVariableHeader
    login: ConnectPayload


class FrontDoor:
    """Accepts, checks and hands over connections.

    Args:
        broker: A started amqtt broker with an external listener ``default``.
        passwd: mosquitto's password file.
        grants: For the topic of a will, which amqtt does not check.
        limits: Bounds of one connection.
    """

    def __init__(
        self, broker: Broker, *, passwd: Path, grants: Grants, limits: FrontLimits
    ) -> None:
        self._broker = broker
        self._passwd = passwd
        self._grants = grants
        self._limits = limits
        self._hashes: dict[str, str] = {}
        self._count = 0
        self._open: dict[str, tuple[asyncio.StreamWriter, asyncio.Event]] = {}
        self.reload()

    def reload(self) -> None:
        """Read the password file again; whoever is no longer in it, or was changed, goes."""
        fresh: dict[str, str] = {}
        for line in self._passwd.read_text(encoding="ascii").splitlines():
            user, _, hashed = line.partition(":")
            fresh[user] = hashed
        gone = [user for user in self._open if fresh.get(user) != self._hashes.get(user)]
        self._hashes = fresh
        for user in gone:
            self._open[user][0].transport.abort()
        if gone:
            _log.info("broker_users_shut_out", count=len(gone))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection from its first byte to its last."""
        if self._count >= self._limits.max_connections:
            _log.warning("broker_connection_refused", limit=self._limits.max_connections)
            writer.transport.abort()
            return
        self._count += 1
        try:
            await self._admit(reader, writer)
        except (_Refused, ConnectionError):
            pass
        finally:
            self._count -= 1
            writer.transport.abort()

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connect = await self._read_connect(reader)
        user = self._check(connect.login)
        if user is None:
            writer.write(ConnackPacket.build(0, NOT_AUTHORIZED).to_bytes())
            await writer.drain()
            writer.close()
            raise _Refused
        await self._push_out(user)
        silent_s = connect.head.keep_alive * self._limits.silent_factor or self._limits.idle_s
        first = _rename(connect, user, self._grants.may_publish)
        gone = asyncio.Event()
        self._open[user] = (writer, gone)
        replay = _ReplayReader(
            first, reader, silent_s=silent_s, max_bytes=self._limits.max_packet_bytes
        )
        try:
            await self._broker.external_connected(replay, StreamWriterAdapter(writer), LISTENER)
        finally:
            gone.set()
            if self._open.get(user) == (writer, gone):
                del self._open[user]

    async def _read_connect(self, reader: asyncio.StreamReader) -> _Connect:
        try:
            async with asyncio.timeout(self._limits.connect_s):
                plain = _ReplayReader(b"", reader, silent_s=self._limits.connect_s, max_bytes=1)
                header = await MQTTFixedHeader.from_stream(plain)
                if (
                    header is None
                    or header.packet_type != CONNECT
                    or header.remaining_length > self._limits.max_packet_bytes
                ):
                    raise _Refused
                body = await reader.readexactly(header.remaining_length)
            packet = await ConnectPacket.from_stream(BufferReader(body), header)
        except (
            AMQTTError,
            AmqttNoDataError,
            CodecError,
            MQTTError,
            TimeoutError,
            UnicodeDecodeError,
            asyncio.IncompleteReadError,
        ) as exc:
            raise _Refused from exc
        if packet.variable_header is None or packet.payload is None:
            raise _Refused
        return _Connect(packet.variable_header, packet.payload)

    def _check(self, login: ConnectPayload) -> str | None:
        """Give the proven user, or None."""
        hashed = self._hashes.get(login.username or "")
        if hashed is None or login.password is None:
            return None
        return login.username if verify_password(login.password, hashed) else None

    async def _push_out(self, user: str) -> None:
        """End older connections of the same user, and wait until amqtt has let go of them."""
        while (older := self._open.get(user)) is not None:
            older[0].transport.abort()
            try:
                async with asyncio.timeout(self._limits.connect_s):
                    await older[1].wait()
            except TimeoutError as exc:
                raise _Refused from exc


def _rename(connect: _Connect, user: str, may_publish: Callable[[str, str], bool]) -> bytes:
    """Force client id = user, take away a foreign will, leave silence to our own clock."""
    head, login = connect.head, connect.login
    login.client_id = user
    head.keep_alive = 0
    if head.will_flag and not may_publish(user, login.will_topic or ""):
        head.will_flag = False
        head.will_retain_flag = False
        head.will_qos = 0
    return bytes(ConnectPacket(None, head, login).to_bytes())

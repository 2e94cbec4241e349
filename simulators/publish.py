"""Devices on the wire: one MQTT connection each, store and forward, and the books of the sender.

A record leaves a device's queue only when the broker has acknowledged it. After a lost
connection the queue is sent again from its head, in order; the key (id, boot, seq) or the
``ev_id`` lets the platform see repeats. A new connection cannot set MQTT's DUP flag on them: to
the broker they are new messages.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping

import aiomqtt
import numpy as np
import structlog
from aiomqtt.exceptions import MqttConnectError

from simulators.connection import BACKOFF_FIRST_S, BACKOFF_MAX_S, Broker, secret_of
from simulators.outgoing import Identity, Outgoing
from simulators.sender_books import Books

GIVE_UP_AFTER = 6
"""A device that is refused so often in a row gives up: its records count as refused."""
_REFUSALS = frozenset({133, 134, 135})
"""CONNACK codes that speak of the client: bad identifier, bad password, not authorised."""

_log = structlog.get_logger("simulators.publish")


class DeviceLink:
    """One device's connection and its queue.

    Args:
        identity: User name, client id and topic level are its device id.
        broker: Where to.
        secret: Its password; None = the broker takes anybody.
        books: Shared by the fleet.
        rng: Jitter.
        give_up_after: Refusals in a row.
        now_ms: Wall clock, for births and wills.
    """

    def __init__(
        self,
        identity: Identity,
        broker: Broker,
        *,
        secret: str | None,
        books: Books,
        rng: np.random.Generator,
        give_up_after: int,
        now_ms: Callable[[], int],
    ) -> None:
        self.identity = identity
        self.gave_up = False
        self._broker, self._secret, self._books = broker, secret, books
        self._rng, self._now_ms = rng, now_ms
        self._give_up_after = give_up_after
        self._queue: deque[Outgoing] = deque()
        self._wake = asyncio.Event()
        self._head_sent = False
        self._leaving = False

    @property
    def pending(self) -> int:
        """Records not yet acknowledged."""
        return len(self._queue)

    def offer(self, record: Outgoing) -> None:
        """Make a record: it is counted now and sent when possible."""
        self._books.made(record)
        if self.gave_up:
            self._books.of(record.cls).refused += 1
            return
        self._queue.append(record)
        self._wake.set()

    def leave(self) -> None:
        """Say farewell after everything else is sent, then disconnect."""
        if not self.gave_up and not self._leaving:
            self.offer(self.identity.farewell(self._now_ms()))
        self._leaving = True
        self._wake.set()

    async def run(self, *, connect_within_s: float) -> None:
        """Connect after a random part of ``connect_within_s``; publish until told to leave."""
        await asyncio.sleep(float(self._rng.uniform(0.0, connect_within_s)))
        refusals, wait_s, reason = 0, BACKOFF_FIRST_S, "power_on"
        while True:
            stood = False
            try:
                async with self._client() as client:
                    stood, refusals, wait_s = True, 0, BACKOFF_FIRST_S
                    self._greet(reason)
                    await _while_connected(client, self._forward(client))
                    self._books.connected -= 1
                    return
            except MqttConnectError as exc:
                refusals = refusals + 1 if _code_of(exc) in _REFUSALS else 0
            except aiomqtt.MqttError as exc:
                _log.debug("link_lost", device_id=self.identity.device_id, reason=str(exc))
            if stood:
                self._books.connected -= 1
                if self._leaving and not self._queue:
                    return
                self._books.lost_connections += 1
                reason = "reconnected"
            if refusals >= self._give_up_after:
                self._give_up()
                return
            await asyncio.sleep(float(self._rng.uniform(0.5, 1.0)) * wait_s)
            wait_s = min(2.0 * wait_s, BACKOFF_MAX_S)

    def _client(self) -> aiomqtt.Client:
        device_id, will = self.identity.device_id, self.identity.will(self._now_ms())
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            identifier=device_id,
            username=None if self._secret is None else device_id,
            password=self._secret,
            clean_session=True,
            keepalive=self._broker.keepalive_s,
            will=aiomqtt.Will(will.topic(self._broker.root), will.payload, qos=1, retain=True),
        )

    def _greet(self, reason: str) -> None:
        """Put the birth before everything that waits, after what may have been sent already."""
        self._books.connected += 1
        birth = self.identity.birth(self._now_ms(), reason=reason)
        self._books.made(birth)
        self._queue.insert(1 if self._head_sent else 0, birth)
        self._wake.set()

    async def _forward(self, client: aiomqtt.Client) -> None:
        """Send the queue's head until it is acknowledged, one record at a time."""
        while True:
            while not self._queue:
                if self._leaving:
                    return
                self._wake.clear()
                await self._wake.wait()
            record = self._queue[0]
            self._books.resent += self._head_sent
            self._head_sent = True
            await client.publish(
                record.topic(self._broker.root), record.payload, qos=1, retain=record.retain
            )
            self._queue.popleft()
            self._head_sent = False
            self._books.of(record.cls).acked += 1

    def _give_up(self) -> None:
        self.gave_up = True
        for record in self._queue:
            self._books.of(record.cls).refused += 1
        self._queue.clear()
        _log.warning("device_refused", device_id=self.identity.device_id, tries=self._give_up_after)


async def _while_connected(client: aiomqtt.Client, work: Coroutine[None, None, None]) -> None:
    """Do ``work`` until it is done or the connection is lost.

    Without this a publication waits 10 s for an acknowledgement that can no longer come.

    Raises:
        aiomqtt.MqttError: The connection was lost, or the work found it lost.
    """
    tasks = [asyncio.create_task(work), asyncio.create_task(_hear(client))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hear(client: aiomqtt.Client) -> None:
    """Listen to nothing; it ends with an error when the connection does."""
    async for _ in client.messages:
        pass


def _code_of(error: MqttConnectError) -> int:
    """Give the reason code as a number; paho turns the codes of 3.1.1 into those of MQTT 5."""
    code = error.rc
    return code if isinstance(code, int) else code.value if code is not None else 0


class Fleet:
    """All devices of a run.

    Args:
        broker: Where to.
        secrets: Device id -> password; None = the broker takes anybody.
        seed: For jitter only; what devices say does not depend on it.
        give_up_after: A device that is refused so often in a row gives up.
        now_ms: Wall clock.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        secrets: Mapping[str, str] | None,
        seed: int,
        now_ms: Callable[[], int],
        give_up_after: int = GIVE_UP_AFTER,
    ) -> None:
        self._give_up_after = give_up_after
        self.books = Books()
        self._broker, self._secrets, self._now_ms = broker, secrets, now_ms
        self._rng = np.random.default_rng(seed)
        self._links: dict[str, DeviceLink] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def join(self, identity: Identity, *, connect_within_s: float) -> None:
        """Let a device connect.

        Raises:
            LookupError: The credentials lack it; the text says what to do.
        """
        device_id = identity.device_id
        link = DeviceLink(
            identity,
            self._broker,
            secret=secret_of(device_id, self._secrets),
            books=self.books,
            rng=self._rng,
            give_up_after=self._give_up_after,
            now_ms=self._now_ms,
        )
        self._links[device_id] = link
        self._tasks.append(
            asyncio.create_task(link.run(connect_within_s=connect_within_s), name=device_id)
        )

    def offer(self, record: Outgoing) -> None:
        """Hand a record to its device."""
        self._links[record.device_id].offer(record)

    def raise_bugs(self) -> None:
        """Pass on what a device's task died of; nothing but a bug ends one early."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def leave(self, *, within_s: float) -> None:
        """Let every device send the rest, say farewell and disconnect; then cut the others."""
        for link in self._links.values():
            link.leave()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self.raise_bugs()

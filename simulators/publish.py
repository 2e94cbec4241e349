"""Devices on the wire: one MQTT connection each, store and forward, and the books of the sender.

A record leaves a device's queue only when the broker has acknowledged it. After a lost
connection the queue is sent again from its head, in order; the key (id, boot, seq) or the
``ev_id`` lets the platform see repeats. A new connection cannot set MQTT's DUP flag on them: to
the broker they are new messages. A device that wants receipts keeps its records longer, until the
platform has them on disk (``simulators.keeping``).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Literal

import aiomqtt
import msgspec
import numpy as np
import structlog
from aiomqtt.exceptions import MqttConnectError

from simulators.connection import BACKOFF_FIRST_S, BACKOFF_MAX_S, Broker
from simulators.keeping import Ack, Command, Info, Kept, Receipt
from simulators.obeying import CAPS
from simulators.outgoing import Identity, Outgoing
from simulators.sender_books import Books

UNRECEIPTED_S, PARTING_S = 30.0, 3.0
"""After a new connection the platform tells its mark and asks for what is missing; what has no
receipt so long after it, or after the farewell, is sent again unasked."""
_REFUSALS = frozenset({133, 134, 135})
"""CONNACK codes that speak of the client: bad identifier, bad password, not authorised."""

Hear = Callable[[str, Command], None]
"""Who is told of a command to a device."""

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
        receipts: Keep numbered records until the platform's receipt.
        hear: Told of its commands but ``resend``; None = it takes none.
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
        receipts: bool = False,
        hear: Hear | None = None,
    ) -> None:
        self.identity = identity
        self._hears = hear
        self.gave_up = False
        self._broker, self._secret, self._books = broker, secret, books
        self._rng, self._now_ms = rng, now_ms
        self._give_up_after = give_up_after
        self._queue: deque[Outgoing] = deque()
        self._kept = Kept() if receipts else None
        self._again = set[int]()
        self._wake = asyncio.Event()
        self._head_sent = False
        self._leaving = False
        self._parting = asyncio.Event()

    @property
    def pending(self) -> int:
        """Records not yet acknowledged."""
        return len(self._queue)

    @property
    def unreceipted(self) -> int:
        """Numbered records without the platform's receipt; 0 where none are given."""
        return 0 if self._kept is None else len(self._kept) + self._kept.dropped

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
        self._parting.set()
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
                    await self._live(client)
                    self._books.connected -= 1
                    return
            except MqttConnectError as exc:
                refusals = refusals + 1 if _code_of(exc) in _REFUSALS else 0
            except aiomqtt.MqttError as exc:
                _log.debug("link_lost", device_id=self.identity.device_id, reason=str(exc))
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError  # the broken connection's error took its place
            if stood:
                self._books.connected -= 1
                if self._is_done():
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

    def _is_done(self) -> bool:
        return self._leaving and not self._queue and not self._kept

    async def _live(self, client: aiomqtt.Client) -> None:
        """Send and hear until there is nothing left to do, or the connection is lost."""
        kept = self._kept
        if kept is None and self._hears is None:
            await _while_connected(self._forward(client), _hear(client))
            return
        own = self.identity
        await client.subscribe(f"{self._broker.root}/dn/{own.cls}/{own.device_id}/+", qos=1)
        caps = (() if self._hears is None else CAPS) + (() if kept is None else ("resend",))
        info = Info(
            id=own.device_id,
            t=self._now_ms(),
            caps=caps,
            receipts=kept is not None,
            interval_s=own.next_s,
        )
        self.offer(self._said("info", info, retain=True))
        work = [self._forward(client), self._obey(client, kept)]
        if kept is not None:
            work.append(self._send_unreceipted(kept))
        await _while_connected(*work)

    async def _send_unreceipted(self, kept: Kept) -> None:
        """Once per connection, after the platform had time to tell its mark."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._parting.wait(), UNRECEIPTED_S)
            await asyncio.sleep(PARTING_S)
        self._send_again(kept.take_all())
        await asyncio.Event().wait()

    async def _obey(self, client: aiomqtt.Client, kept: Kept | None) -> None:
        """Take receipts, send again what is asked for and still there; pass on other commands."""
        async for message in client.messages:
            if message.topic.value.endswith("/receipt"):
                receipt = msgspec.json.decode(message.payload, type=Receipt)
                if kept is not None and receipt.boot == self.identity.boot:
                    kept.receipt(receipt)
                    self._wake.set()
                continue
            command = msgspec.json.decode(message.payload, type=Command)
            if command.type != "resend":
                if self._hears is not None:
                    self._hears(self.identity.device_id, command)
            elif kept is not None and self._now_ms() < command.until:
                self._resend(kept, command)

    def _resend(self, kept: Kept, command: Command) -> None:
        mine = command.boot == self.identity.boot
        records = kept.take(command.first, command.last) if mine else []
        self._send_again(records)
        waiting = mine and any(
            record.seq is not None and command.first <= record.seq <= command.last
            for record in self._queue
        )
        if not waiting:
            self._answer(command, "failed", "no longer here")

    def _send_again(self, records: list[Outgoing]) -> None:
        """Queue records that the broker had acknowledged once: they count no second time."""
        self._books.resent += len(records)
        self._again |= {record.seq for record in records if record.seq is not None}
        self._queue.extend(records)
        self._wake.set()

    def _answer(self, command: Command, result: Literal["done", "failed"], detail: str) -> None:
        ack = Ack(
            id=self.identity.device_id,
            t=self._now_ms(),
            cmd_id=command.cmd_id,
            result=result,
            detail=detail,
        )
        self.offer(self._said("ack", ack))

    def _said(self, channel: str, payload: msgspec.Struct, *, retain: bool = False) -> Outgoing:
        return Outgoing(
            device_id=self.identity.device_id,
            cls=self.identity.cls,
            channel=channel,
            payload=msgspec.json.encode(payload),
            retain=retain,
        )

    async def _forward(self, client: aiomqtt.Client) -> None:
        """Send the queue's head until it is acknowledged, one record at a time."""
        while True:
            while not self._queue:
                if self._is_done():
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
            if self._kept is not None:
                self._kept.keep(record)
            if record.seq is not None and record.seq in self._again:
                self._again.discard(record.seq)
            else:
                self._books.of(record.cls).acked += 1

    def _give_up(self) -> None:
        self.gave_up = True
        for record in self._queue:
            self._books.of(record.cls).refused += 1
        self._queue.clear()
        _log.warning("device_refused", device_id=self.identity.device_id, tries=self._give_up_after)


async def _while_connected(*work: Coroutine[None, None, None]) -> None:
    """Do everything until one thing is done or the connection is lost.

    Without this a publication waits 10 s for an acknowledgement that can no longer come.

    Raises:
        aiomqtt.MqttError: The connection was lost, or the work found it lost.
    """
    tasks = [asyncio.create_task(each) for each in work]
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

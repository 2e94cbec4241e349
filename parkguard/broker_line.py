"""Our own standing connection to the broker: clears what revoked devices left, hears its figures.

A broker keeps retained messages of a device after its password is gone (CVE-2018-12546), and the
embedded one says the last will of a device that it cuts off. Whoever is revoked is therefore
listened to for good, and whatever appears below its topics is cleared.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NoReturn

import aiomqtt
import structlog

from parkguard.broker_login import BrokerLogin, heed_cancel

_log = structlog.get_logger()

FIGURES = {
    "$SYS/broker/store/messages/count": "broker_stored_messages",
    "$SYS/broker/retained messages/count": "broker_retained_messages",
    "$SYS/broker/publish/messages/dropped": "broker_dropped_messages_total",
    "$SYS/broker/clients/connected": "broker_connections",
}
"""Topic of mosquitto 2.0.11 -> metric."""

_AT_ONCE = 100
"""Devices in one SUBSCRIBE packet: 100 x 2 filters are about 9 kB."""
_AGAIN_S = 1.0
"""Wait before the connection is tried again. Source: ours; the broker was just started."""


class BrokerLine:
    """One connection, kept up for ever.

    Args:
        login: Who we are; may read and write below ``up/`` and ``dn/``, and read ``$SYS``.
        root: First levels of every topic.

    Attributes:
        is_up: Whether it is connected.
        cleared: Messages of revoked devices cleared since the start.
        figures: What the broker last said of itself, by metric; empty while it says nothing.
    """

    def __init__(self, login: BrokerLogin, *, root: str) -> None:
        self._login = login
        self._root = root
        self._revoked: frozenset[str] = frozenset()
        self._changed = asyncio.Event()
        self.is_up = False
        self.cleared = 0
        self.figures: dict[str, float] = {}

    def shut_out(self, revoked: Iterable[str]) -> None:
        """Say which devices may not log in any more; replaces what was said before."""
        self._revoked = frozenset(revoked)
        self._changed.set()

    async def run(self) -> NoReturn:
        """Keep the connection; whatever was missed while it was away is done when it is back."""
        while True:
            try:
                async with self._login.client() as client, asyncio.TaskGroup() as group:
                    self.is_up = True
                    group.create_task(self._follow(client))
                    group.create_task(self._hear(client))
            except* (aiomqtt.MqttError, OSError) as lost:
                if self.is_up:
                    _log.warning("broker_line_lost", reason=str(lost.exceptions[0]))
            heed_cancel()
            self.is_up, self.figures = False, {}
            await asyncio.sleep(_AGAIN_S)

    async def _follow(self, client: aiomqtt.Client) -> None:
        """Listen to exactly the revoked devices."""
        await client.subscribe([(topic, 0) for topic in FIGURES])
        heard: frozenset[str] = frozenset()
        while True:
            self._changed.clear()
            wanted = self._revoked
            for some in _slices(sorted(wanted - heard)):
                await client.subscribe([(each, 0) for each in self._filters(some)])
            for some in _slices(sorted(heard - wanted)):
                await client.unsubscribe(self._filters(some))
            heard = wanted
            await self._changed.wait()

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topic, payload = message.topic.value, message.payload
            if topic in FIGURES:
                self.figures[FIGURES[topic]] = _parse_figure(payload)
            elif payload and self._speaker(topic) in self._revoked:
                await client.publish(topic, b"", qos=0, retain=True)
                self.cleared += 1

    def _filters(self, devices: Sequence[str]) -> list[str]:
        return [f"{self._root}/{way}/+/{each}/#" for each in devices for way in ("up", "dn")]

    def _speaker(self, topic: str) -> str:
        """The device a topic below ``up/`` or ``dn/`` belongs to."""
        return topic[len(self._root) :].split("/")[3]


def _parse_figure(payload: object) -> float:
    try:
        return float(payload) if isinstance(payload, bytes) else 0.0
    except ValueError:
        return 0.0


def _slices(devices: Sequence[str]) -> list[Sequence[str]]:
    return [devices[start : start + _AT_ONCE] for start in range(0, len(devices), _AT_ONCE)]

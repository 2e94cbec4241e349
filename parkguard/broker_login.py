"""Logging in to the broker to see whether it works: for the runner and the doctor."""

import asyncio
from dataclasses import dataclass, field

import aiomqtt


def heed_cancel() -> None:
    """End a task that was cancelled while its connection broke.

    What a closing connection raises takes the place of the cancellation, and who goes on after
    it can no longer be stopped.

    Raises:
        asyncio.CancelledError: The running task was cancelled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class RulesNotInForce(Exception):
    """The broker lets a user of ours use a topic that is not its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLogin:
    """One of our users and where to log in.

    Attributes:
        password: In clear; not shown when this is printed.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    async def check(self, *, within_s: float) -> str:
        """Log in and out; why it did not work, or ""."""
        try:
            async with asyncio.timeout(within_s), self.client(within_s):
                return ""
        except (aiomqtt.MqttError, OSError) as exc:
            heed_cancel()
            return str(exc) or type(exc).__name__

    async def echo(self, topic: str, payload: bytes, *, forbidden: str, within_s: float) -> str:
        """Send ourselves a message at QoS 1; why it did not come back, or "".

        Raises:
            RulesNotInForce: One to ``forbidden``, a topic that is not ours, came back before it.
        """
        try:
            async with asyncio.timeout(within_s), self.client(within_s) as client:
                await client.subscribe([(forbidden, 1), (topic, 1)])
                await client.publish(forbidden, payload, qos=1)
                await client.publish(topic, payload, qos=1)
                async for message in client.messages:
                    if message.topic.value == forbidden:
                        raise RulesNotInForce(forbidden)
                    if message.payload == payload:
                        return ""
        except (aiomqtt.MqttError, OSError) as exc:
            heed_cancel()
            return str(exc) or "no answer in time"
        return "the connection ended"

    def client(self, within_s: float = 10.0) -> aiomqtt.Client:
        """A connection to open by ``async with``; every request may take ``within_s`` seconds."""
        return aiomqtt.Client(
            self.host,
            self.port,
            username=self.user,
            password=self.password,
            identifier=self.user,
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=within_s,
        )

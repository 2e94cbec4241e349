"""Logging in to the broker to see whether it works: for the runner and the doctor."""

import asyncio
from dataclasses import dataclass, field

import aiomqtt


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
            async with asyncio.timeout(within_s), self._client(within_s):
                return ""
        except (aiomqtt.MqttError, OSError) as exc:
            return str(exc) or type(exc).__name__

    async def echo(self, topic: str, payload: bytes, *, within_s: float) -> str:
        """Send ourselves a message at QoS 1; why it did not come back, or ""."""
        try:
            async with asyncio.timeout(within_s), self._client(within_s) as client:
                await client.subscribe(topic, qos=1)
                await client.publish(topic, payload, qos=1)
                async for message in client.messages:
                    if message.payload == payload:
                        return ""
        except (aiomqtt.MqttError, OSError) as exc:
            return str(exc) or "no answer in time"
        return "the connection ended"

    def _client(self, within_s: float) -> aiomqtt.Client:
        return aiomqtt.Client(
            self.host,
            self.port,
            username=self.user,
            password=self.password,
            identifier=self.user,
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=within_s,
        )

"""Incidents over MQTT, QoS 1, to ``{root}/out/incident/{grid}``.

aiomqtt may publish (it may not ingest, architecture.md). A connection is made when it is needed
and thrown away after any failure; the dispatcher tries again.
"""

import asyncio
import math
from dataclasses import dataclass, field

import aiomqtt
import structlog

from alerts.delivery import envelope
from alerts.delivery.model import Accepted, DeliveryError, DeliveryReason, DueNotice, Receipt
from alerts.delivery.ports import Clock

CITY = "city"
"""Last topic level for a vehicle outside every grid (incidents.md: it goes to the city desk)."""

_KEEPALIVE_S = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttAddress:
    """Where and as whom to publish.

    Attributes:
        client_id: Equal to the user name (``use_username_as_clientid``).
        root: First levels of every topic.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    client_id: str = "pg-dispatch"
    root: str = "pg/v1"


class MqttChannel:
    """Publishes to one broker. A receipt means: the broker has it (its PUBACK)."""

    def __init__(self, address: MqttAddress, *, clock: Clock, timeout_s: float = 5.0) -> None:
        """Connect to nothing yet; ``timeout_s`` limits the connect, seconds."""
        self._address, self._clock, self._timeout_s = address, clock, timeout_s
        self._client: aiomqtt.Client | None = None
        self._connecting: asyncio.Task[aiomqtt.Client] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def send(self, notice: DueNotice) -> Receipt:
        """Publish once and wait for the broker's PUBACK; receivers collapse by ``id``.

        Raises:
            DeliveryError: ``broker_lost``.
        """
        topic = f"{self._address.root}/out/{notice.kind}/{notice.receiver or CITY}"
        payload = envelope.encode(notice, now_ms=self._clock())
        client = await self._connected()
        try:
            await client.publish(topic, payload, qos=1, timeout=math.inf)
        except aiomqtt.MqttError as exc:
            self._drop(client)
            raise DeliveryError(DeliveryReason.BROKER_LOST, type(exc).__name__) from exc
        except asyncio.CancelledError:
            self._drop(client)  # no PUBACK in time: half open for all we know
            raise
        return Accepted()

    async def close(self) -> None:
        """Disconnect."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._client is not None:
            self._drop(self._client)
        await asyncio.gather(*self._leaving)

    async def _connected(self) -> aiomqtt.Client:
        """Give the connection; one attempt serves all who wait, and outlives their time limits."""
        if self._client is not None:
            return self._client
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
        attempt = self._connecting
        try:
            return await asyncio.shield(attempt)
        except aiomqtt.MqttError as exc:
            raise DeliveryError(DeliveryReason.BROKER_LOST, type(exc).__name__) from exc

    async def _connect(self) -> aiomqtt.Client:
        """Make a new connection."""
        address = self._address
        client = aiomqtt.Client(
            address.host,
            address.port,
            username=address.username,
            password=address.password,
            identifier=address.client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=True,
            keepalive=_KEEPALIVE_S,
            timeout=self._timeout_s,
        )
        try:
            await client.__aenter__()
        finally:
            self._connecting = None
        self._client = client
        return client

    def _drop(self, client: aiomqtt.Client) -> None:
        """Throw a connection away without waiting for it."""
        if self._client is client:
            self._client = None
            task = asyncio.create_task(_leave(client))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


async def _leave(client: aiomqtt.Client) -> None:
    """Say goodbye to a broker that may be gone."""
    try:
        await client.__aexit__(None, None, None)
    except aiomqtt.MqttError as exc:
        log.debug("broker_left", reason=type(exc).__name__)

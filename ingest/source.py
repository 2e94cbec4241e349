"""The only file that knows an MQTT client: batches of unacknowledged PUBLISH from the broker.

paho-mqtt over MQTT 3.1.1 with manual acknowledgement and a persistent session. Its network
thread only appends to a queue, so nothing can kill it; subscriptions are renewed on every
connect; an echo of our own, among the devices' topics, proves that messages really flow.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from ingest.ports import Envelope

log = structlog.get_logger()
ECHO, FAREWELL = b"echo", b"farewell"
FAREWELL_S = 2.0
"""Longest wait for the broker to have read our last acknowledgements. Source: ours; it reads them
within milliseconds, and a stop may take 10 s in all (reliability.md)."""

BULK_FROM_BYTES = 8_192
"""A longer batch is bulk: as ``devices.backlog`` has it."""
BULK_BYTES = 1 << 20
"""Bulk of one group commit: some 10 ms of the journal (docs/benchmarks.md, Stores)."""
BULK_MOST_BYTES = 64 << 20
"""Reading pauses while so much bulk waits in memory. Ours."""
PAUSE_S = 0.2
"""While too much waits, a message is read from the socket so often. Short of the keep-alive: the
network thread goes on writing, and the broker does not miss us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """Where the broker is and who we are; settings ``broker.*`` and ``ingest.*``.

    ``foreign`` are topic filters of foreign adapters that are on. ``was_here`` says that we were
    connected before this process began: the broker must have kept our session.
    """

    host: str
    port: int
    root: str
    user: str
    password: str
    max_inflight: int
    silent_ms: int
    echo_ms: int
    wedged_ms: int = 8_000
    keepalive_s: int = 30
    foreign: tuple[str, ...] = ()
    was_here: bool = False


class SourceWedged(Exception):
    """Our network thread has died or stands still: only a new process helps."""


class MqttSource:
    """Batches from the broker; acknowledged only when the caller says so."""

    def __init__(self, settings: SourceSettings, steady_ms: Callable[[], int]) -> None:
        """Nothing is opened before ``start``."""
        self._settings = settings
        self._steady_ms = steady_ms
        self._queue: deque[Envelope] = deque()
        self._bulk: deque[Envelope] = deque()
        self._bulk_in = self._bulk_out = 0  # bytes; each is written by one thread
        self._arrived = threading.Event()
        self._taken = threading.Event()
        self._most = 2 * settings.max_inflight
        self._stopping = False
        self._session = 0
        self._connected = False
        self._reason = "not connected yet"
        self._refused = ""
        self._echo_topic = f"{settings.root}/up/sys/{settings.user}/echo"
        self._echo_sent_ms = 0
        self._echo_heard_ms = 0
        self._farewell_heard = threading.Event()
        self._network: threading.Thread | None = None
        self._unwritten_ms = 0
        self._expects_session = settings.was_here
        self.reconnects = 0
        self.silences = 0
        self.sessions_lost = 0
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.user,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        client.username_pw_set(settings.user, settings.password)
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        client.max_inflight_messages_set(settings.max_inflight)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        self._client = client

    @property
    def connected(self) -> bool:
        """Whether messages flow: connected, subscribed, and our own echo came back lately."""
        return self._connected and self.reason == ""

    @property
    def reason(self) -> str:
        """Why ``connected`` is False, "" when it is True."""
        return self._reason or self._refused

    @property
    def unacknowledged(self) -> int:
        """Messages taken from the broker and still in the queue."""
        return len(self._queue) + len(self._bulk)

    def start(self) -> None:
        """Connect in the background and keep reconnecting for ever."""
        settings = self._settings
        self._echo_heard_ms = self._steady_ms()
        self._client.connect_async(settings.host, settings.port, settings.keepalive_s)
        known = set(threading.enumerate())
        self._client.loop_start()
        name = f"paho-mqtt-client-{settings.user}"
        fresh = [one for one in threading.enumerate() if one.name == name and one not in known]
        (self._network,) = fresh

    def stop(self) -> None:
        """Disconnect in good order; the session stays at the broker.

        A socket that closes over unread messages resets the connection, and the broker then drops
        acknowledgements it has not read. It reads in order: when a last echo comes back, it has.
        """
        self._stopping = True
        self._taken.set()
        if self._connected:
            self._client.publish(self._echo_topic, FAREWELL, qos=0)
            if not self._farewell_heard.wait(FAREWELL_S):
                log.warning("farewell_unheard", after_s=FAREWELL_S)
        self._connected, self._reason = False, "stopped"
        self._client.disconnect()
        if self._network is not None:  # one that stands still is left behind
            threading.Thread(target=self._client.loop_stop, daemon=True).start()
            self._network.join(FAREWELL_S)

    def take(self, limit: int, wait_s: float) -> list[Envelope]:
        """Up to ``limit`` envelopes in order of arrival; waits for the first, may be empty.

        Long batches come after everything else and about ``BULK_BYTES`` at a time: what devices
        kept for hours does not keep waiting what happens now.
        """
        queue, bulk = self._queue, self._bulk
        if not queue and not bulk:
            self._arrived.wait(wait_s)
        self._arrived.clear()
        taken = [queue.popleft() for _ in range(min(limit, len(queue)))]
        left_bytes = BULK_BYTES
        while bulk and left_bytes > 0 and len(taken) < limit:
            envelope = bulk.popleft()
            left_bytes -= len(envelope.payload)
            taken.append(envelope)
        self._bulk_out += BULK_BYTES - left_bytes
        self._taken.set()
        return taken

    def ack(self, envelopes: list[Envelope]) -> None:
        """Acknowledge; those of an earlier connection are left to be redelivered."""
        session = self._session
        for envelope in envelopes:
            if envelope.qos and envelope.session == session:
                self._client.ack(envelope.mid, envelope.qos)

    def watch(self) -> None:
        """Send the echo when due, and notice silence. Call it about once a second.

        Raises:
            SourceWedged: Our network thread has died, or has long written nothing.
        """
        now, settings = self._steady_ms(), self._settings
        self._refuse_wedge(now)
        if not self._connected:
            return
        if now - self._echo_sent_ms >= settings.echo_ms:
            self._echo_sent_ms = now
            self._client.publish(self._echo_topic, ECHO, qos=0)
        silent_ms = now - self._echo_heard_ms
        if silent_ms >= settings.silent_ms:
            if self._reason == "":
                self.silences += 1
                log.warning("broker_silent", after_s=silent_ms // 1000)
            self._reason = f"connected, but our own echo is missing for {silent_ms // 1000} s"
            self._subscribe()
            self._echo_heard_ms = now - settings.silent_ms + settings.echo_ms

    def _refuse_wedge(self, now_ms: int) -> None:
        """Whether the client is connected says nothing of its thread (reliability.md, F7).

        A broker that stands still takes what we write into its socket; a thread that stands still
        writes nothing, and hears no echo.
        """
        if self._network is not None and not self._network.is_alive():
            raise SourceWedged("our network thread has died")
        if not (self._connected and self._client.want_write()):
            self._unwritten_ms = now_ms
        silent_ms = now_ms - max(self._unwritten_ms, self._echo_heard_ms)
        reason = f"our network thread writes nothing for {silent_ms // 1000} s"
        if silent_ms >= self._settings.wedged_ms:
            raise SourceWedged(reason)
        if silent_ms >= self._settings.wedged_ms // 2:
            self._reason = reason

    def _subscribe(self) -> None:
        filters = (f"{self._settings.root}/up/#", *self._settings.foreign)
        self._client.subscribe([(each, 1) for each in filters])

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        flags: mqtt.ConnectFlags,
        code: ReasonCode,
        _properties: object,
    ) -> None:
        if code.is_failure:
            self._reason = f"the broker refused us: {code}"
            log.error("broker_refused", reason=str(code))
            return
        self._session += 1
        if self._expects_session and not flags.session_present:
            self.sessions_lost += 1
            log.error("broker_session_lost", note="what it kept for us is gone; gaps will show")
        self._expects_session = True
        self._connected, self._reason = True, ""
        self._echo_heard_ms = self._steady_ms()
        self._echo_sent_ms = 0
        self._subscribe()
        if self._session > 1:
            self.reconnects += 1
        log.info("broker_connected", session=self._session)

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _mid: int,
        codes: list[ReasonCode],
        _properties: object,
    ) -> None:
        refused = [str(code) for code in codes if code.is_failure]
        if refused and not self._refused:
            log.error("subscription_refused", reason=refused[0])
        self._refused = f"the broker refused our subscription: {refused[0]}" if refused else ""

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        _properties: object,
    ) -> None:
        if self._connected:
            log.warning("broker_lost", reason=str(code))
        self._connected = False
        self._reason = f"connection lost: {code}"

    def _on_message(
        self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage
    ) -> None:
        topic = message.topic
        if topic == self._echo_topic:
            self._echo_heard_ms = self._steady_ms()
            if message.payload == FAREWELL:
                self._farewell_heard.set()
            if self._connected and self._reason:
                log.info("broker_speaks_again")
                self._reason = ""
            return
        if self._stopping:
            return  # nobody takes it any more: it comes again
        envelope = Envelope(
            topic,
            bytes(message.payload),
            message.retain,
            message.dup,
            message.qos,
            message.mid,
            self._session,
        )
        size = len(envelope.payload)
        if size > BULK_FROM_BYTES and topic.endswith("/batch"):
            self._bulk.append(envelope)
            self._bulk_in += size
        else:
            self._queue.append(envelope)
        self._arrived.set()
        full = self.unacknowledged >= self._most  # mosquitto 2.0.11 sends on past its own limit
        if full or self._bulk_in - self._bulk_out >= BULK_MOST_BYTES:
            self._taken.clear()
            self._taken.wait(PAUSE_S)

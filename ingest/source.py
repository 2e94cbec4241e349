"""Batches of unacknowledged PUBLISH from the broker, over MQTT 3.1.1 with a session that lasts.

The link's thread (``mqtt_link``) only appends to queues, so nothing can kill it; subscriptions are
renewed on every connect; an echo of our own, among the devices' topics, proves that messages really
flow.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from devices.backlog import BacklogPolicy
from ingest import mqtt_packets as packets
from ingest.bulk_pace import BulkPace
from ingest.mqtt_link import Address, MqttLink
from ingest.ports import Envelope

log = structlog.get_logger()
ECHO, FAREWELL = b"echo", b"farewell"
FAREWELL_S = 2.0
"""Longest wait for the broker to have read our last acknowledgements. Source: ours; it reads them
within milliseconds, and a stop may take 10 s in all (reliability.md)."""
SUBSCRIBE_MID = 1
"""We have one subscription; nothing else of ours has a number."""
BULK_FROM_BYTES = BacklogPolicy().small_bytes
"""A longer batch is bulk: one that may wait its turn afterwards, too."""
BULK_MOST_BYTES = 128 << 20
"""Reading pauses while so much bulk waits in memory: 2,000 messages of 64 KiB. Ours."""
CROWDED = 0.75
"""From this share of what may wait, bulk is no longer spread over time. Ours."""


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
        self._pace = BulkPace()
        self._arrived = threading.Event()
        self._taken = threading.Event()
        self._most = 2 * settings.max_inflight
        self._stopping = False
        self._connected = False
        self._reason = "not connected yet"
        self._refused = ""
        self._echo_topic = f"{settings.root}/up/sys/{settings.user}/echo"
        self._echo_sent_ms = 0
        self._echo_heard_ms = 0
        self._farewell_heard = threading.Event()
        self._expects_session = settings.was_here
        self.reconnects = 0
        self.silences = 0
        self.sessions_lost = 0
        address = Address(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password,
            keepalive_s=settings.keepalive_s,
        )
        self._link = MqttLink(address, self, steady_ms)

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
        self._echo_heard_ms = self._steady_ms()
        self._link.start()

    def stop(self) -> None:
        """Disconnect in good order; the session stays at the broker.

        A socket that closes over unread messages resets the connection, and the broker then drops
        acknowledgements it has not read. It reads in order: when a last echo comes back, it has.
        """
        self._stopping = True
        self._taken.set()
        if self._connected:
            self._link.send(packets.publish_packet(self._echo_topic, FAREWELL))
            if not self._farewell_heard.wait(FAREWELL_S):
                log.warning("farewell_unheard", after_s=FAREWELL_S)
        self._connected, self._reason = False, "stopped"
        self._link.stop(FAREWELL_S)

    def take(self, limit: int, wait_s: float) -> list[Envelope]:
        """Up to ``limit`` envelopes in order of arrival; waits for the first, may be empty.

        Long batches come after everything else and as ``bulk_pace`` has it: what devices kept for
        hours does not keep waiting what happens now.
        """
        queue, bulk = self._queue, self._bulk
        if not queue and not self._bulk_bytes():
            self._arrived.wait(wait_s)
        self._arrived.clear()
        taken = [queue.popleft() for _ in range(min(limit, len(queue)))]
        may_bytes, bulk_bytes = self._bulk_bytes(), 0
        while bulk and bulk_bytes < may_bytes and len(taken) < limit:
            envelope = bulk.popleft()
            bulk_bytes += len(envelope.payload)
            taken.append(envelope)
        self._pace.took(bulk_bytes)
        self._bulk_out += bulk_bytes
        self._taken.set()
        return taken

    def _bulk_bytes(self) -> int:
        """How much bulk may be taken now."""
        if not self._bulk:
            return 0
        crowded = (
            len(self._bulk) >= CROWDED * self._settings.max_inflight
            or self._bulk_in - self._bulk_out >= CROWDED * BULK_MOST_BYTES
        )
        return self._pace.admits(self._steady_ms(), crowded=crowded)

    def ack(self, envelopes: list[Envelope]) -> None:
        """Acknowledge; those of an earlier connection are left to be redelivered."""
        session = self._link.session
        mids = [each.mid for each in envelopes if each.qos and each.session == session]
        if mids:
            self._link.send(packets.puback_packets(mids), session=session)

    def watch(self) -> None:
        """Send the echo when due, and notice silence. Call it about once a second.

        Raises:
            SourceWedged: Our network thread has died, or stands still.
        """
        now, settings = self._steady_ms(), self._settings
        self._refuse_wedge(now)
        if not self._connected:
            return
        if now - self._echo_sent_ms >= settings.echo_ms:
            self._echo_sent_ms = now
            self._link.send(packets.publish_packet(self._echo_topic, ECHO))
        silent_ms = now - self._echo_heard_ms
        if silent_ms >= settings.silent_ms:
            if self._reason == "":
                self.silences += 1
                log.warning("broker_silent", after_s=silent_ms // 1000)
            self._reason = f"connected, but our own echo is missing for {silent_ms // 1000} s"
            self._subscribe()
            self._echo_heard_ms = now - settings.silent_ms + settings.echo_ms

    def _refuse_wedge(self, now_ms: int) -> None:
        """Whether we are connected says nothing of the link's thread (reliability.md, F7)."""
        if not self._link.is_alive:
            raise SourceWedged("our network thread has died")
        still_ms = now_ms - self._link.beat_ms
        reason = f"our network thread stands still for {still_ms // 1000} s"
        if still_ms >= self._settings.wedged_ms:
            raise SourceWedged(reason)
        if still_ms >= self._settings.wedged_ms // 2:
            self._reason = reason

    def _subscribe(self) -> None:
        filters = (f"{self._settings.root}/up/#", *self._settings.foreign)
        self._link.send(packets.subscribe_packet(SUBSCRIBE_MID, filters))

    # -- what the link tells, in its thread -------------------------------------------------

    def on_connected(self, *, session_present: bool) -> None:
        """The broker let us in."""
        if self._expects_session and not session_present:
            self.sessions_lost += 1
            log.error("broker_session_lost", note="what it kept for us is gone; gaps will show")
        self._expects_session = True
        self._connected, self._reason = True, ""
        self._echo_heard_ms = self._steady_ms()
        self._echo_sent_ms = 0
        self._subscribe()
        if self._link.session > 1:
            self.reconnects += 1
        log.info("broker_connected", session=self._link.session)

    def on_refused(self, reason: str) -> None:
        """The broker did not let us in."""
        self._connected, self._reason = False, f"the broker refused us: {reason}"
        log.error("broker_refused", reason=reason)

    def on_subscribed(self, codes: bytes) -> None:
        """The broker's answer to our filters."""
        refused = packets.REFUSED in codes
        if refused and not self._refused:
            log.error("subscription_refused")
        self._refused = "the broker refused our subscription" if refused else ""

    def on_lost(self, reason: str) -> None:
        """The connection ended."""
        if self._connected:
            log.warning("broker_lost", reason=reason)
        self._connected, self._reason = False, f"connection lost: {reason}"

    def room(self) -> int:
        """What may still be read: mosquitto 2.0.11 sends on past its own limit."""
        if self._stopping:
            return self._most
        if self._bulk_in - self._bulk_out >= BULK_MOST_BYTES:
            return 0
        return self._most - self.unacknowledged

    def wait_for_room(self, seconds: float) -> None:
        """Wait until somebody took something."""
        self._taken.clear()
        if self.room() <= 0:
            self._taken.wait(seconds)

    def on_publications(self, envelopes: list[Envelope]) -> None:
        """Put them where ``take`` finds them; our own echo is heard here."""
        queue, echo_topic = self._queue, self._echo_topic
        for envelope in envelopes:
            topic, size = envelope.topic, len(envelope.payload)
            if topic == echo_topic:
                self._hear_echo(envelope.payload)
            elif self._stopping:
                pass  # nobody takes it any more: it comes again
            elif size > BULK_FROM_BYTES and topic.endswith("/batch"):
                self._bulk.append(envelope)
                self._bulk_in += size
            else:
                queue.append(envelope)
        self._arrived.set()

    def _hear_echo(self, payload: bytes) -> None:
        self._echo_heard_ms = self._steady_ms()
        if payload == FAREWELL:
            self._farewell_heard.set()
        if self._connected and self._reason:
            log.info("broker_speaks_again")
            self._reason = ""

"""Processor -> broker -> device: receipts at QoS 0, commands at QoS 1. It never blocks.

A broker that is away costs a receipt, which the next record brings again; nothing is queued here,
so an old word never reaches a device late.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from devices.command import CommandMessage
from devices.downlink import Downlink, ReceiptMessage, ResendMessage

log = structlog.get_logger()
RETRY_MIN_S, RETRY_MAX_S = 1, 5
"""Between two attempts to reach the broker. Source: those of the receiver."""

_NAMES: dict[type, str] = {
    ReceiptMessage: "receipts",
    ResendMessage: "resend_requests",
    CommandMessage: "commands_sent",
}
STOP_S = 2.0
"""Longest wait for the network thread at the end. Source: a stop may take 10 s in all (P10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownlinkAddress:
    """Where the broker is and who we are; settings ``broker.*``."""

    host: str
    port: int
    root: str
    user: str
    password: str
    keepalive_s: int = 30


class MqttDownlinks:
    """Publishes to devices over a connection of its own."""

    def __init__(self, address: DownlinkAddress) -> None:
        """Nothing is opened before ``start``."""
        self._address = address
        self._counts = Counter[str]()
        self._refused = ""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.user,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        client.username_pw_set(address.user, address.password)
        client.reconnect_delay_set(min_delay=RETRY_MIN_S, max_delay=RETRY_MAX_S)
        client.on_connect = self._on_connect
        self._client = client

    def start(self) -> None:
        """Connect in the background and keep reconnecting for ever."""
        address = self._address
        self._client.connect_async(address.host, address.port, address.keepalive_s)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; a network thread that stands still is left behind."""
        self._client.disconnect()
        stopping = threading.Thread(target=self._client.loop_stop, daemon=True)
        stopping.start()
        stopping.join(STOP_S)

    def send(self, downlinks: Sequence[Downlink]) -> None:
        """Send what can be sent now; the rest is counted and dropped."""
        connected = self._client.is_connected()
        for downlink in downlinks:
            receipt = isinstance(downlink.message, ReceiptMessage)
            name = _NAMES[type(downlink.message)]
            if not connected or not self._publish(downlink, qos=0 if receipt else 1):
                name = "downlinks_dropped"
            self._counts[name] += 1

    def metrics(self) -> Mapping[str, float]:
        """What was sent and dropped since the start."""
        return {
            f"process_{name}_total": self._counts[name]
            for name in (*_NAMES.values(), "downlinks_dropped")
        }

    def _publish(self, downlink: Downlink, *, qos: int) -> bool:
        payload = msgspec.json.encode(downlink.message)
        sent = self._client.publish(downlink.topic(self._address.root), payload, qos=qos)
        return sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.ConnectFlags,
        code: ReasonCode,
        _properties: object,
    ) -> None:
        refused = str(code) if code.is_failure else ""
        if refused and not self._refused:
            log.error("broker_refused", reason=refused)
        self._refused = refused

"""A plain MQTT 3.1.1 client for tests: says what the broker answered and keeps what it got."""

import threading
from types import TracebackType
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from support.broker import WAIT_S, Mosquitto, wait_until


class MqttClient:
    """One connection.

    Args:
        host: Broker's address.
        port: Broker's port.
        user: Name to log in with.
        password: In clear.
        client_id: What it calls itself; "" = the user.
        clean: Whether the broker may forget it when it goes.
        will: Topic and payload of a last will.
        will_retain: Whether the broker is to keep it.
        keepalive_s: Silence of one side for so long is noticed by the other.

    Attributes:
        got: (topic, payload, retain) of every message, in order.
        losses: How often the broker ended the connection.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str,
        password: str,
        client_id: str = "",
        clean: bool = True,
        will: tuple[str, bytes] | None = None,
        will_retain: bool = False,
        keepalive_s: int = 30,
    ) -> None:
        self.got: list[tuple[str, bytes, bool]] = []
        self.losses = 0
        self.refused = ""
        self._connected = threading.Event()
        self._granted: dict[int, bool] = {}
        self._address = (host, port)
        self._keepalive_s = keepalive_s
        self._paho = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or user,
            clean_session=clean,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        self._paho.username_pw_set(user, password)
        if will is not None:
            self._paho.will_set(will[0], will[1], qos=1, retain=will_retain)
        self._paho.on_connect = self._on_connect
        self._paho.on_disconnect = self._on_disconnect
        self._paho.on_message = self._on_message
        self._paho.on_subscribe = self._on_subscribe

    def connect(self) -> Self:
        """Connect and wait for the broker's answer; ``refused`` says why not."""
        self._paho.connect(*self._address, keepalive=self._keepalive_s)
        self._paho.loop_start()
        wait_until(lambda: self._connected.is_set() or self.refused, what="a CONNACK")
        return self

    def subscribe(self, topic: str) -> bool:
        """Subscribe at QoS 1; whether the broker said yes."""
        number = self._paho.subscribe(topic, qos=1)[1] or 0
        wait_until(lambda: number in self._granted, what=f"a SUBACK for {topic}")
        return self._granted[number]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1 and wait for the PUBACK."""
        self._paho.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT_S)

    def send(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1 and wait for nothing."""
        self._paho.publish(topic, payload, qos=1)

    def drop(self) -> None:
        """Cut the connection without saying goodbye."""
        sock = self._paho.socket()
        if sock is not None:
            sock.close()
        self._paho.loop_stop()

    def close(self) -> None:
        """Say goodbye."""
        self._paho.disconnect()
        self._paho.loop_stop()

    def _on_connect(
        self,
        _client: paho.Client,
        _userdata: Any,  # noqa: ANN401 - paho's signature
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self.refused = str(reason)
        else:
            self._connected.set()

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: Any,  # noqa: ANN401 - paho's signature
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.losses += reason.is_failure
        if not self._connected.is_set() and not self.refused:
            self.refused = str(reason)

    def _on_message(
        self,
        _client: paho.Client,
        _userdata: Any,  # noqa: ANN401 - paho's signature
        message: paho.MQTTMessage,
    ) -> None:
        self.got.append((message.topic, bytes(message.payload), message.retain))

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: Any,  # noqa: ANN401 - paho's signature
        number: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self._granted[number] = not any(reason.is_failure for reason in reasons)

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def login(broker: Mosquitto, user: str, **more: object) -> MqttClient:
    """A client of one of the broker's users, with that one's password unless told otherwise."""
    words = {"user": user, "password": broker.passwords[user], **more}
    return MqttClient(broker.host, broker.port, **words)  # type: ignore[arg-type]

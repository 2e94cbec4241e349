"""What a platform that was away would find at the broker: a session that outlives its client."""

import json
from typing import Any

from support.broker import Mosquitto, wait_until
from support.mqtt_client import MqttClient

TOPICS = "pg/v1/up/#"
USER = "pg-ingest"


def open_session(broker: Mosquitto) -> None:
    """Subscribe to everything devices say, and go; the broker keeps it from now on."""
    with _client(broker) as client:
        assert client.subscribe(TOPICS)


def collect(broker: Mosquitto, *, at_least: int) -> list[tuple[str, dict[str, Any]]]:
    """Come back and take (topic, payload) of all that was kept, at least so many."""
    with _client(broker) as client:
        wait_until(lambda: len(client.got) >= at_least, what=f"{at_least} messages")
        return [(topic, json.loads(payload)) for topic, payload, _ in client.got]


def _client(broker: Mosquitto) -> MqttClient:
    return MqttClient(
        broker.host, broker.port, user=USER, password=broker.passwords[USER], clean=False
    )

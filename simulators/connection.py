"""Where devices publish, and how patiently they come back."""

from collections.abc import Mapping
from dataclasses import dataclass

BACKOFF_FIRST_S, BACKOFF_MAX_S = 0.5, 8.0
"""First and longest wait between two attempts; each is shortened by a random part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker that devices publish to.

    Attributes:
        root: First levels of every topic.
        keepalive_s: MQTT keep-alive; the broker sends the will after 1.5 times of silence.
    """

    host: str
    port: int
    root: str = "pg/v1"
    keepalive_s: int = 60


def secret_of(device_id: str, secrets: Mapping[str, str] | None) -> str | None:
    """Give a device's password; None = the broker takes anybody.

    Raises:
        LookupError: The credentials lack it; the text says what to do.
    """
    if secrets is None:
        return None
    if device_id not in secrets:
        raise LookupError(f"no secret for {device_id}: register it and add its secret")
    return secrets[device_id]

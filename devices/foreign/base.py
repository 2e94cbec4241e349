"""What every adapter gives: messages of foreign payloads in the words of wire.md."""

from typing import Any, NamedTuple, Protocol

from devices.errors import WireReason


class Foreign(NamedTuple):
    """One message of a foreign payload, before it is judged."""

    item: int
    foreign_id: str
    channel: str
    message: dict[str, Any]


class ForeignRefused(NamedTuple):
    """One element that could not be read."""

    item: int
    foreign_id: str
    reason: WireReason
    detail: str


class Adapter(Protocol):
    """Reads one kind of foreign topics."""

    name: str

    def owns(self, topic: str) -> bool:
        """Whether the topic is one of its own."""
        ...

    def read(self, topic: str, payload: bytes, recv_ms: int) -> list[Foreign | ForeignRefused]:
        """Open one payload. Raises ``WireError`` when it cannot be opened."""
        ...

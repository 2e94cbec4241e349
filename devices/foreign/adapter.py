"""What every adapter gives: messages of foreign payloads in the words of wire.md.

Laws: an adapter converts units and names, nothing more. Ranges, times ahead or long past,
numbers as text and coordinate systems are judged afterwards by the code that judges our own
messages, so that no foreign sender is believed more than one of ours.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from devices.errors import WireReason

ModelOf = Callable[[str], str]
"""Registered model of the device that has this foreign id; "" = not registered, or no model."""


def no_model(_foreign_id: str) -> str:
    """Nobody's model is known."""
    return ""


class Foreign(NamedTuple):
    """One message of a foreign payload, before it is judged.

    Attributes:
        item: Index in the foreign payload, -1 = the whole payload.
        foreign_id: The sender's id in canonical form (``devices.foreign.ids``).
        channel: ``fix``, ``hb``, ``event`` or ``state`` of wire.md.
        message: Keys and units of wire.md. A key named as the adapter holds what it sent besides.
        flags: ``Flag`` bits noticed while reading: COERCED, UNREADABLE, BACKFILL.
    """

    item: int
    foreign_id: str
    channel: str
    message: dict[str, Any]
    flags: int = 0


class ForeignRefused(NamedTuple):
    """One element that could not be read; ``foreign_id`` is "" where it was not known yet."""

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

    def read(
        self, topic: str, payload: bytes, recv_ms: int, model_of: ModelOf = no_model
    ) -> list[Foreign | ForeignRefused]:
        """Open one payload.

        Args:
            topic: One that it owns.
            payload: Raw bytes as received.
            recv_ms: Receive time, ms UTC; names events that have no time.
            model_of: Finds the registered model: bits mean something else in each.

        Raises:
            WireError: The payload cannot be opened. Nothing else escapes.
        """
        ...

    def parts(self, topic: str, payload: bytes) -> list[bytes]:
        """A payload of many as payloads of one each, by item, for the quarantine.

        What is refused is held alone: run again with its neighbours, each of them would come back,
        and every stranger among them would be refused anew. A part that cannot be written again
        as it was is the whole.

        Args:
            topic: One that it owns.
            payload: One that ``read`` has opened.
        """
        ...

"""One reader of the stream: a bounded queue, and how it ends."""

import asyncio
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from api.stream_scope import Viewer, body_for, data_of
from api.system_rows import FeedRow

_encoder = msgspec.json.Encoder()


class EndReason(StrEnum):
    """Why the server ended a stream; a label of the metrics."""

    SLOW = "slow"
    REVOKED = "revoked"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """One event as it goes out.

    Attributes:
        id: Its number in the feed; None for positions.
        data: JSON text.
    """

    name: str
    data: str
    id: int | None = None


def feed_event(viewer: Viewer, row: FeedRow) -> StreamEvent | None:
    """Make the event of a feed row for one viewer, None when it is not theirs."""
    body = body_for(viewer, row)
    if body is None:
        return None
    return StreamEvent(name=row.kind, data=to_json(data_of(row, body)), id=row.id)


def to_json(data: dict[str, object]) -> str:
    """Write the data of an event on one line."""
    return _encoder.encode(data).decode()


class Subscriber:
    """A reader's place in the hub. Used in the event loop only.

    Args:
        viewer: Whose eyes.
        room: Most events that may wait (reliability.md P22).
    """

    def __init__(self, viewer: Viewer, room: int) -> None:
        self.viewer = viewer
        self.is_live = False
        self.ended: EndReason | None = None
        self.seen_cases: set[str] = set()
        self.missed_health = False
        self._room = room
        self._waiting: asyncio.Queue[StreamEvent | None] = asyncio.Queue()
        self._is_sending = True  # what it missed comes first

    def see_vehicles(self, vehicles: frozenset[str]) -> None:
        """Take an owner's vehicles as they are now."""
        self.viewer = replace(self.viewer, vehicles=vehicles)

    def offer(self, event: StreamEvent) -> bool:
        """Queue an event; False when there is no room.

        A position is dropped while the queue is half full (the next one says more); a numbered
        event never is: no room for it means that the reader has to go.
        """
        waiting = self._waiting.qsize()
        if event.id is None:
            if self.has_room:
                self._waiting.put_nowait(event)
            return True
        if waiting >= self._room:
            return False
        self._waiting.put_nowait(event)
        return True

    @property
    def has_room(self) -> bool:
        """Whether an event without a number would be queued now."""
        return self._waiting.qsize() < self._room // 2

    def end(self, reason: EndReason) -> None:
        """Throw away what waits and let the reader's stream end."""
        if self.ended is None:
            self.ended = reason
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(None)

    async def next(self) -> StreamEvent | None:
        """Wait for the next event; None when the stream has ended.

        Calling it says that the event before has been sent.
        """
        self._is_sending = False
        event = await self._waiting.get()
        self._is_sending = True
        return event

    @property
    def has_all(self) -> bool:
        """Whether everything that was queued has been sent."""
        return self.is_live and not self._is_sending and self._waiting.empty()

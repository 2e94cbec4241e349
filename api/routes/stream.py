"""The stream: server-sent events that resume without a hole or a double (reliability.md P21)."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from api.auth import Requires
from api.deps import Services, ServicesDep
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal
from api.stream_hub import READ_MAX, StreamHub
from api.stream_scope import Viewer
from api.subscribers import StreamEvent, Subscriber, feed_event
from api.system_rows import FeedRow

router = APIRouter(prefix="/v1/stream", tags=["stream"])

Listener = Annotated[Principal, Depends(Requires(Permission.STREAM))]

RETRY_MS = 1000
"""A client comes back after this long, ms."""

_SEP = "\n"
_FEED_ID = re.compile(r"[0-9]{1,18}", re.ASCII)

_EXAMPLE = (
    "retry: 1000\n\n"
    "id: 4711\nevent: incident\n"
    'data: {"id":4711,"kind":"incident","action":"opened","at_ms":1764059401000,'
    '"caused_recv_ms":1764059400950,"body":{"incident_id":"inc-5f0c"}}\n\n'
    "event: position\n"
    'data: {"incident_id":"inc-5f0c","lat_deg":31.82,"lon_deg":117.22,"t_ms":1764059402000}\n\n'
)


@router.get(
    "",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {"example": _EXAMPLE}}}},
)
async def listen(
    request: Request,
    services: ServicesDep,
    principal: Listener,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
    last_event_id_query: Annotated[
        str | None,
        Query(alias="last_event_id", max_length=64, description="Go on after this event"),
    ] = None,
) -> EventSourceResponse:
    """Listen: `incident` and `alert` events by number, `position` events without one.

    Without a last id it begins now; a list's `feed_id` is a good one to begin with.
    """
    hub: StreamHub = request.app.state.hub
    if hub.is_stopped:
        raise Problem(ProblemCode.NOT_READY, "the stream has stopped")
    after = _feed_id(last_event_id if last_event_id is not None else last_event_id_query)
    owner_id = principal.scope.owner_id
    owned: frozenset[str] = frozenset()
    if owner_id is not None:
        owned = await asyncio.to_thread(services.vehicles.owned, owner_id)
    subscriber = hub.join(Viewer(principal=principal, vehicles=owned))
    return StreamResponse(hub, subscriber, events(services, hub, subscriber, after))


def _feed_id(text: str | None) -> int | None:
    """Read where to go on; an empty id is what a client has before its first event.

    Raises:
        Problem: It is no number of the feed.
    """
    if text is None or not text.strip():
        return None
    if not _FEED_ID.fullmatch(text.strip()):
        raise Problem(ProblemCode.INVALID, "Last-Event-ID is a number that this stream sent")
    return int(text)


async def events(
    services: Services, hub: StreamHub, subscriber: Subscriber, after: int | None
) -> AsyncIterator[ServerSentEvent]:
    """Give the stream of one reader: what it missed, then what comes.

    The order matters: read until the feed seems read out, then go live, then read the rest up
    to the number at which going live happened. So nothing is missed and nothing comes twice.
    """
    yield ServerSentEvent(comment="parkguard", retry=RETRY_MS, sep=_SEP)
    last = hub.head
    if after is not None:
        newest = await asyncio.to_thread(services.feed.head)
        if after > newest:
            yield ServerSentEvent(event="reset", data='{"reason":"unknown_id"}', sep=_SEP)
        last = min(after, newest)
        async for row in _rows(services, subscriber, last):
            if (missed := feed_event(subscriber.viewer, row)) is not None:
                yield _sse(missed)
            last = row.id
    head = hub.go_live(subscriber)
    if last < head:
        async for row in _rows(services, subscriber, last):
            if (missed := feed_event(subscriber.viewer, row)) is not None:
                yield _sse(missed)
            last = row.id
    while (event := await subscriber.next()) is not None:
        if event.id is None or event.id > last:
            yield _sse(event)


async def _rows(services: Services, subscriber: Subscriber, last: int) -> AsyncIterator[FeedRow]:
    """Give the feed above a number until it is read out, or the reader's stream has ended."""
    while subscriber.ended is None:
        rows = await asyncio.to_thread(services.feed.after, last, READ_MAX)
        for row in rows:
            yield row
            last = row.id
        if len(rows) < READ_MAX:
            return


def _sse(event: StreamEvent) -> ServerSentEvent:
    number = None if event.id is None else str(event.id)
    return ServerSentEvent(event=event.name, data=event.data, id=number, sep=_SEP)


class StreamResponse(EventSourceResponse):
    """A stream whose reader is cut when one send takes too long, and always leaves the hub.

    Args:
        hub: Where the reader was taken in.
        subscriber: The reader.
        events: What to send.
    """

    def __init__(
        self, hub: StreamHub, subscriber: Subscriber, events: AsyncIterator[ServerSentEvent]
    ) -> None:
        policy = hub.policy
        super().__init__(
            events,
            ping=policy.ping_s,
            ping_message_factory=self._ping_event,
            send_timeout=policy.sse_send_s,
        )
        self._hub = hub
        self._subscriber = subscriber

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the reader goes, lags or may not listen any more."""
        try:
            await super().__call__(scope, receive, send)
        except* SendTimeoutError:  # of one of the tasks that serve it, or of two
            self._hub.cut(self._subscriber)  # returning early makes the server close the socket
        finally:
            self._hub.leave(self._subscriber)

    def _ping_event(self) -> ServerSentEvent:
        """Give a comment; it moves the reader's last id on over events that were not theirs."""
        mark = str(self._hub.head) if self._subscriber.has_all else None
        return ServerSentEvent(comment="ping", id=mark, sep=_SEP)

"""The one reader of the feed in this process, and its fan-out to everybody who listens.

Laws: numbered events reach a subscriber in feed order, each once; a reader that lags is cut and
counted, never waited for; a token that ends takes its streams along.
"""

import asyncio
from collections import Counter

import structlog

from api.deps import Services
from api.health_feed import HealthFeed, hears_health
from api.live_cases import LiveCases
from api.roles import LIVE_ROLES
from api.stream_scope import Viewer
from api.subscribers import EndReason, Subscriber, feed_event
from api.system_rows import FeedRow

READ_MAX = 500
"""Feed rows taken at once."""

_log = structlog.get_logger("api")


class StreamHub:
    """Tails the feed, the live positions and the health log; subscribers come and go."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.policy = services.policy
        self._subscribers: set[Subscriber] = set()
        self._live = LiveCases(services)
        self._health = HealthFeed(services)
        self._ended: Counter[EndReason] = Counter()
        self.head = 0
        self.is_stopped = False
        self.read_ms = services.steady_ms()

    async def start(self) -> None:
        """Find the end of the feed; call once before ``run``."""
        self.head = await asyncio.to_thread(self._services.feed.head)
        await self._live.refresh()
        await self._health.start()
        self.read_ms = self._services.steady_ms()

    async def run(self) -> None:
        """Tail, watch positions, health and tokens until cancelled; any bug ends all four."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tail())
                group.create_task(self._watch_positions())
                group.create_task(self._watch_health())
                group.create_task(self._recheck())
        finally:
            self.stop()

    def stop(self) -> None:
        """End every stream and take no new ones."""
        self.is_stopped = True
        for subscriber in list(self._subscribers):
            self._end(subscriber, EndReason.STOPPED)

    def join(self, viewer: Viewer) -> Subscriber:
        """Take a new reader in; it gets nothing before ``go_live``."""
        subscriber = Subscriber(viewer, self.policy.sse_queue)
        self._subscribers.add(subscriber)
        return subscriber

    def go_live(self, subscriber: Subscriber) -> int:
        """Queue everything from now on; gives the number up to which the reader must read."""
        subscriber.is_live = True
        for event in self._live.known(subscriber):
            subscriber.offer(event)
        return self.head

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a reader."""
        self._subscribers.discard(subscriber)

    def cut(self, subscriber: Subscriber) -> None:
        """End a reader that takes too long for one event."""
        self._end(subscriber, EndReason.SLOW)

    def metrics(self) -> dict[str, float]:
        """Numbers of this process, named as in ``metrics_table``."""
        return {
            "api_streams": len(self._subscribers),
            "api_streams_cut_total": self._ended[EndReason.SLOW],
            "api_streams_revoked_total": self._ended[EndReason.REVOKED],
            "api_feed_head": self.head,
            "api_feed_read_age_seconds": (self._services.steady_ms() - self.read_ms) / 1000,
        }

    async def _tail(self) -> None:
        is_lost = False
        while True:
            try:
                rows = await asyncio.to_thread(self._services.feed.after, self.head, READ_MAX)
            except self._services.busy as exc:
                if not is_lost:
                    _log.warning("feed_lost", error=type(exc).__name__)
                is_lost, rows = True, []
            else:
                self.read_ms = self._services.steady_ms()
                if is_lost:
                    _log.info("feed_back")
                is_lost = False
            for row in rows:
                self.publish(row)
            if any(row.kind == "incident" for row in rows):
                self._live.is_stale = True
            if len(rows) < READ_MAX:
                await asyncio.sleep(self.policy.feed_poll_ms / 1000)

    def publish(self, row: FeedRow) -> None:
        """Give one row to everybody who may see it; then it is behind us."""
        for subscriber in list(self._subscribers):
            if not subscriber.is_live or subscriber.ended:
                continue
            event = feed_event(subscriber.viewer, row)
            if event is not None and not subscriber.offer(event):
                self._end(subscriber, EndReason.SLOW)
        self.head = row.id

    async def _watch_positions(self) -> None:
        while True:
            await asyncio.sleep(self.policy.live_poll_ms / 1000)
            watchers = [
                subscriber
                for subscriber in self._subscribers
                if subscriber.is_live
                and not subscriber.ended
                and subscriber.viewer.principal.role in LIVE_ROLES
            ]
            try:
                await self._live.publish(watchers)
            except self._services.busy as exc:
                _log.debug("positions_skipped", error=type(exc).__name__)

    async def _watch_health(self) -> None:
        while True:
            await asyncio.sleep(self.policy.health_poll_ms / 1000)
            try:
                while await self._health.publish(self._health_listeners()):
                    pass
            except self._services.busy as exc:
                _log.debug("health_skipped", error=type(exc).__name__)

    def _health_listeners(self) -> list[Subscriber]:
        return [
            one
            for one in self._subscribers
            if one.is_live and not one.ended and hears_health(one.viewer.principal)
        ]

    async def _recheck(self) -> None:
        """End streams whose token has ended; take owners' vehicles as they are now."""
        while True:
            await asyncio.sleep(self.policy.recheck_ms / 1000)
            self._live.is_stale = True
            try:
                await self._recheck_once()
            except self._services.busy as exc:
                _log.debug("recheck_skipped", error=type(exc).__name__)

    async def _recheck_once(self) -> None:
        services, subscribers = self._services, list(self._subscribers)
        ids = {one.viewer.principal.token_id for one in subscribers}
        if not ids:
            return
        alive = await asyncio.to_thread(services.tokens.alive, ids, services.now_ms())
        for subscriber in subscribers:
            principal = subscriber.viewer.principal
            if principal.token_id not in alive:
                self._end(subscriber, EndReason.REVOKED)
            elif principal.scope.owner_id is not None:
                owned = await asyncio.to_thread(services.vehicles.owned, principal.scope.owner_id)
                subscriber.see_vehicles(owned)

    def _end(self, subscriber: Subscriber, reason: EndReason) -> None:
        if subscriber.ended is None:
            self._ended[reason] += 1
            subscriber.end(reason)
            _log.info("stream_ended", reason=reason.value)
        self._subscribers.discard(subscriber)

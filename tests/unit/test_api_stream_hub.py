"""The hub and one reader's stream, step by step: no hole at the seam, lagging readers go."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from starlette.types import Message

from api.deps import Services
from api.roles import Principal, Role, Scope
from api.routes.stream import StreamResponse, events
from api.stream_hub import StreamHub
from api.stream_scope import Viewer
from api.subscribers import EndReason
from api.system_rows import FeedRow
from support.api_city import a_feed_row, fill
from support.api_world import World, a_world
from support.delivery_run import eventually

WAIT_S = 10.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path, feed_poll_ms=5.0, sse_queue=4)
    fill(world)
    yield world
    world.engine.dispose()


@dataclass(slots=True)
class RacingFeed:
    """A feed in which something happens just after a read, before the reader has seen it."""

    services: Services
    then: list[Callable[[], None]] = field(default_factory=list)

    def after(self, feed_id: int, limit: int) -> Sequence[FeedRow]:
        """Read, and let the next thing happen."""
        rows = self.services.feed.after(feed_id, limit)
        if self.then:
            self.then.pop(0)()
        return rows

    def head(self) -> int:
        """The newest number."""
        return self.services.feed.head()


def a_desk() -> Viewer:
    """Somebody who sees the whole city."""
    scope = Scope(areas=("",))
    return Viewer(
        principal=Principal(token_id=str(Role.DESK), name="d", role=Role.DESK, scope=scope)
    )


async def numbers(stream: AsyncIterator[object], count: int) -> list[str]:
    """The ids of the next ``count`` numbered events."""
    found: list[str] = []
    async with asyncio.timeout(WAIT_S):
        while len(found) < count:
            number = getattr(await anext(stream), "id", None)
            if number is not None:
                found.append(number)
    return found


def test_what_is_published_at_the_seam_is_neither_lost_nor_doubled(world: World) -> None:
    """A row arrives after the last read of what was missed and before going live."""
    a_feed_row(world, 1)
    feed = RacingFeed(world.services)
    services = replace(world.services, feed=feed)
    hub = StreamHub(services)

    def publish() -> None:
        a_feed_row(world, 2)
        [row] = world.services.feed.after(1, 10)
        hub.publish(row)

    async def listen() -> list[str]:
        await hub.start()
        feed.then = [publish]
        stream = events(services, hub, hub.join(a_desk()), 0)
        found = await numbers(stream, 2)
        a_feed_row(world, 3)
        [row] = world.services.feed.after(2, 10)
        hub.publish(row)
        return found + await numbers(stream, 1)

    assert asyncio.run(listen()) == ["1", "2", "3"]


def test_a_reader_that_lags_is_cut_and_the_others_are_not(world: World) -> None:
    """Four events fit; the fifth ends the one that does not take them, at once."""
    hub = StreamHub(world.services)

    async def fall_behind() -> tuple[EndReason | None, EndReason | None, int]:
        await hub.start()
        quick, slow = hub.join(a_desk()), hub.join(a_desk())
        stream = events(world.services, hub, quick, None)
        await anext(stream)
        hub.go_live(slow)
        taken = asyncio.create_task(numbers(stream, 5))
        for number in range(1, 6):
            await asyncio.sleep(0)
            a_feed_row(world, number)
            hub.publish(world.services.feed.after(number - 1, 1)[0])
            await asyncio.sleep(0)
        return slow.ended, quick.ended, len(await taken)

    assert asyncio.run(fall_behind()) == (EndReason.SLOW, None, 5)
    assert hub.metrics()["api_streams_cut_total"] == 1
    assert hub.metrics()["api_streams"] == 1


def test_a_lost_feed_is_read_again_when_it_is_back(world: World) -> None:
    """The tail outlives a locked database and misses nothing."""

    class Locked(OSError):
        pass

    @dataclass(slots=True)
    class FlakyFeed:
        failures: int = 3

        def after(self, feed_id: int, limit: int) -> Sequence[FeedRow]:
            if self.failures:
                self.failures -= 1
                raise Locked
            return world.services.feed.after(feed_id, limit)

        def head(self) -> int:
            return 0

    a_feed_row(world, 1)
    hub = StreamHub(replace(world.services, feed=FlakyFeed(), busy=(Locked,)))

    async def run() -> None:
        await hub.start()
        task = asyncio.create_task(hub.run())
        await eventually(lambda: hub.head == 1, what="the row is read")
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(run())

    assert hub.is_stopped


def test_a_bug_in_the_tail_ends_the_hub_and_its_streams(world: World) -> None:
    """Nobody listens to a dead stream in good faith."""

    class BrokenFeed:
        def after(self, feed_id: int, limit: int) -> Sequence[FeedRow]:
            raise ZeroDivisionError((feed_id, limit))

        def head(self) -> int:
            return 0

    hub = StreamHub(replace(world.services, feed=BrokenFeed()))

    async def run() -> EndReason | None:
        await hub.start()
        reader = hub.join(a_desk())
        with pytest.raises(ExceptionGroup, match="TaskGroup"):
            await asyncio.wait_for(hub.run(), WAIT_S)
        return reader.ended

    assert asyncio.run(run()) is EndReason.STOPPED
    assert hub.is_stopped


def test_a_reader_whose_sends_take_too_long_is_cut_and_counted(tmp_path: Path) -> None:
    """On a busy loop its event and its ping are over time at once: one group of two errors."""
    world = a_world(tmp_path, ping_s=0.1, sse_send_s=0.15)
    fill(world)
    hub = StreamHub(world.services)

    async def never(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def silent() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nobody speaks")

    async def serve() -> None:
        await hub.start()
        asyncio.get_running_loop().call_later(0.12, threading.Event().wait, 0.2)
        subscriber = hub.join(a_desk())
        stream = events(world.services, hub, subscriber, None)
        await StreamResponse(hub, subscriber, stream)(
            {"type": "http", "method": "GET"}, silent, never
        )

    asyncio.run(serve())
    world.engine.dispose()
    assert hub.metrics()["api_streams_cut_total"] == 1
    assert hub.metrics()["api_streams"] == 0

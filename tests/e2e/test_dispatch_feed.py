"""The feed is numbered without holes, in order, and at once (P21)."""

import asyncio
import statistics
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parkguard.clock import wall_ms
from stores.delivery import SqlOutbox
from stores.schema import feed
from support.delivery_rows import T0_MS, feed_rows, put_row, records_at
from support.delivery_run import dispatching, eventually


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    with records_at(tmp_path / "records.db") as engine:
        yield engine


def put(engine: sa.Engine, number: int, *, channel: str = "feed") -> int:
    with engine.begin() as connection:
        return put_row(connection, number, at_ms=wall_ms(), channel=channel, receiver=channel)


def newest(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.max(feed.c.id))).scalar() or 0


def test_row_is_out_within_100_ms_of_its_commit(
    engine: sa.Engine, record_property: Callable[[str, object], None]
) -> None:
    """Poll 50 ms, number, commit: measured from commit to visible."""
    delays_s: list[float] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        async with dispatching(engine, []):
            for number in range(1, 31):
                put(engine, number)
                committed_s = loop.time()
                while newest(engine) < number:
                    assert loop.time() - committed_s < 5.0
                    await asyncio.sleep(0.002)
                delays_s.append(loop.time() - committed_s)

    asyncio.run(run())

    record_property("commit_to_feed_p50_ms", round(statistics.median(delays_s) * 1000))
    assert statistics.median(delays_s) < 0.1


def test_numbers_have_no_holes_where_ids_have(engine: sa.Engine) -> None:
    """Rolled back transactions and other channels take ids, not feed numbers."""
    for number in range(1, 21):
        with engine.connect() as abandoned:
            put_row(abandoned, 900 + number, at_ms=T0_MS, channel="feed", receiver="feed")
            abandoned.rollback()
        put(engine, number, channel="feed" if number % 2 else "mqtt")

    store = SqlOutbox(engine)
    counts = [len(store.number(now_ms=T0_MS, limit=3)) for _ in range(5)]

    assert counts == [3, 3, 3, 1, 0]
    fed = feed_rows(engine)
    assert [row["id"] for row in fed] == list(range(1, 11))
    assert [row["outbox_id"] for row in fed] == sorted(row["outbox_id"] for row in fed)


def test_two_numberers_by_mistake_make_neither_hole_nor_double(engine: sa.Engine) -> None:
    """The lock file keeps a second one out; if it fails the transaction still holds."""
    ids = [put(engine, number) for number in range(1, 201)]

    def work() -> None:
        store = SqlOutbox(engine)
        while store.number(now_ms=T0_MS, limit=7):
            pass

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    fed = feed_rows(engine)
    assert [(row["id"], row["outbox_id"]) for row in fed] == list(enumerate(ids, start=1))


def test_reader_that_resumes_anywhere_sees_the_whole_feed(engine: sa.Engine) -> None:
    """While a writer goes on: the pages after any number make up the feed."""
    seen: list[int] = []

    async def run() -> None:
        async with dispatching(engine, []):
            writer = asyncio.create_task(
                asyncio.to_thread(lambda: [put(engine, number) for number in range(1, 101)])
            )

            def page() -> bool:
                with engine.connect() as connection:
                    after = seen[-1] if seen else 0
                    query = sa.select(feed.c.id).where(feed.c.id > after).order_by(feed.c.id)
                    seen.extend(connection.execute(query.limit(3)).scalars())
                return len(seen) == 100

            await eventually(page, what="the whole feed")
            await writer

    asyncio.run(run())

    assert seen == list(range(1, 101))


def test_idle_check_sees_other_commits_only(engine: sa.Engine) -> None:
    """PRAGMA data_version makes an idle poll cheap and misses nothing."""
    store = SqlOutbox(engine)
    first = store.changed()
    idle = [store.changed() for _ in range(3)]

    put(engine, 1)

    assert first
    assert idle == [False, False, False]
    assert store.changed()
    assert not store.changed()
    store.close()

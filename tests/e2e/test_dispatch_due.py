"""Which rows are told, in which order, and which have nobody to be told to."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from alerts.delivery.model import (
    DeliveryReason,
    DueNotice,
    Failure,
)
from stores.delivery import SqlOutbox
from support.delivery_rows import (
    T0_MS,
    feed_rows,
    put_incident,
    put_row,
    records_at,
    row_of,
    states,
)
from support.delivery_run import Hears, dispatching, eventually, police

LATER_MS = T0_MS + 42_000


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    with records_at(tmp_path / "records.db") as engine:
        with engine.begin() as connection:
            put_incident(connection, 1, at_ms=T0_MS)
        yield engine


@pytest.fixture
def store(engine: sa.Engine) -> Iterator[SqlOutbox]:
    store = SqlOutbox(engine)
    yield store
    store.close()


def put(engine: sa.Engine, **changes: object) -> int:
    with engine.begin() as connection:
        return put_row(connection, 1, at_ms=T0_MS, **changes)  # type: ignore[arg-type]


def due(
    store: SqlOutbox, *, channel: str = "webhook", target: str = "police", limit: int = 10
) -> list[DueNotice]:
    return store.due(channel, target, now_ms=LATER_MS, busy=(), limit=limit)


def test_later_version_waits_for_the_earlier_one(engine: sa.Engine, store: SqlOutbox) -> None:
    """Order is kept per alert and receiver, and only there."""
    first = put(engine)
    put(engine, version=2)
    with engine.begin() as connection:
        put_incident(connection, 2, at_ms=T0_MS)
        other = put_row(connection, 2, at_ms=T0_MS)
    failure = Failure(reason=DeliveryReason.BUSY, detail="status 429", attempts=1)

    assert [notice.id for notice in due(store)] == [first, other]

    store.postponed(due(store)[0], failure, due_ms=LATER_MS + 1)

    assert [notice.id for notice in due(store)] == [other]


def test_receiver_names_match_their_target_only(engine: sa.Engine, store: SqlOutbox) -> None:
    """owner:wang is the owner target's; owners and o_ner are somebody else."""
    mine = put(engine, receiver="owner:wang")
    put(engine, receiver="owners")
    put(engine, receiver="owner")

    assert due(store, target="o_ner") == []
    assert {notice.receiver for notice in due(store, target="owner")} == {"owner:wang", "owner"}
    assert mine in {notice.id for notice in due(store, target="owner")}
    assert {notice.receiver for notice in store.stray({"webhook": ["owner"]}, limit=9)} == {
        "owners"
    }
    assert len(store.stray({}, limit=9)) == 3


def test_receiver_without_target_is_undelivered_at_once(engine: sa.Engine) -> None:
    """Nobody waits for a webhook that is not configured."""
    row_id = put(engine, receiver="fire_brigade")

    async def run() -> None:
        async with dispatching(engine, [police(Hears())]):
            await eventually(lambda: feed_rows(engine), what="shown to the desk")

    asyncio.run(run())

    assert row_of(engine, row_id)["state"] == "undelivered"
    assert row_of(engine, row_id)["last_error"].startswith("no_target")
    (fed,) = feed_rows(engine)
    assert (fed["audience"], fed["body"]["delivery"]["reason"]) == ("desk", "no_target")
    assert fed["body"]["delivery"]["attempts"] == 0


def test_long_past_notice_gets_its_attempt(engine: sa.Engine) -> None:
    """We were down for two days: it is told late, not dropped."""
    put(engine)
    hears = Hears()

    async def run() -> None:
        async with dispatching(
            engine, [police(hears)], clock=lambda: T0_MS + 2 * 86_400_000
        ) as board:
            await eventually(lambda: states(engine) == ["sent"], what="told")
            await eventually(lambda: "dispatch_sent_total" in board.metrics, what="status")

    asyncio.run(run())

    assert len(hears.heard) == 1


@pytest.mark.promise(39)
@pytest.mark.parametrize(
    ("due_in_s", "attempts", "told"),
    [(3_600, 0, True), (600, 1, False), (3_600 * 24 * 365 * 10, 1, True)],
)
def test_a_due_time_of_another_clock_is_not_waited_for(
    engine: sa.Engine, store: SqlOutbox, due_in_s: int, attempts: int, *, told: bool
) -> None:
    """Who was never told is told now; a wait that nobody would set is none; a real one is kept."""
    row = put(engine, due_ms=LATER_MS + due_in_s * 1_000, attempts=attempts)

    assert [notice.id for notice in due(store)] == ([row] if told else [])

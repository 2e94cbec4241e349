"""The outbox on a server when several sessions want the same rows."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from alerts.delivery.model import Accepted
from alerts.delivery.ports import OutboxError
from alerts.model import Channel, Notice
from stores.delivery import SqlOutbox
from stores.queries_outbox import put_notices
from stores.records import open_records, writing
from stores.records_months import make_months
from stores.records_turns import Turn, take_turn
from stores.schema import control, devices, feed, outbox
from support.postgres_server import PostgresServer
from support.postgres_sessions import held, wait_for_waiters
from support.stores_records import NOW_MS, a_notice, rows_of

pytestmark = pytest.mark.postgres
START_S = 60.0
"""Two programs start within this on a machine that is busy."""
CHILD = Path(__file__).parents[1] / "support" / "stores_records_child.py"


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.clean_database()


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    opened = open_records(url)
    yield opened
    opened.dispose()


def a_feed_notice(key: str, alert_id: str) -> Notice:
    """A row for people's screens."""
    notice = a_notice(key, alert_id=alert_id)
    return dataclasses.replace(notice, channel=Channel.FEED, receiver="feed")


def put(engine: sa.Engine, notices: Sequence[Notice]) -> list[int]:
    """Write notices; gives their ids."""
    with writing(engine) as connection:
        put_notices(connection, notices, at_ms=NOW_MS)
    return [row["id"] for row in rows_of(engine, outbox)]


def fed(engine: sa.Engine) -> list[tuple[int, int]]:
    """Feed number and outbox id of every row of the feed."""
    return [(row["id"], row["outbox_id"]) for row in rows_of(engine, feed)]


def hold(row_id: int) -> sa.Executable:
    """A colleague looks at a row with a lock, and goes to lunch."""
    return sa.select(outbox).where(outbox.c.id == row_id).with_for_update()


@pytest.mark.fault(38)
@pytest.mark.promise(21)
def test_held_row_keeps_only_its_own_alert_from_the_feed(engine: sa.Engine) -> None:
    """Others are numbered at once, without a hole; its later version waits for it."""
    first, other, later = put(
        engine,
        [a_feed_notice("a1:1", "a1"), a_feed_notice("a2:1", "a2"), a_feed_notice("a1:2", "a1")],
    )
    store = SqlOutbox(engine)

    with held(engine, hold(first)):
        meanwhile = len(store.number(now_ms=NOW_MS, limit=9))
        shown = fed(engine)
    after = len(store.number(now_ms=NOW_MS, limit=9))

    assert (meanwhile, shown) == (1, [(1, other)])
    assert (after, fed(engine)) == (2, [(1, other), (2, first), (3, later)])


@pytest.mark.fault(38)
def test_held_row_is_not_waited_for(engine: sa.Engine) -> None:
    """Its end is written down as soon as it is free; other rows end meanwhile."""
    put(engine, [a_notice("a1:1"), a_notice("a2:1", alert_id="a2")])
    store = SqlOutbox(engine)
    first, second = store.due("webhook", "police", now_ms=NOW_MS, busy=(), limit=9)

    with held(engine, hold(first.id)):
        with pytest.raises(OutboxError, match="could not obtain lock") as refused:
            store.accepted(first, Accepted(case="17"), at_ms=NOW_MS)
        store.accepted(second, Accepted(case="18"), at_ms=NOW_MS)
    store.accepted(first, Accepted(case="17"), at_ms=NOW_MS)

    assert refused.value.may_pass
    assert [row["state"] for row in rows_of(engine, outbox)] == ["sent", "sent"]


def start_two(url: str, *arguments: str) -> list[subprocess.Popen[str]]:
    """Two processes with the same job."""
    return [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(CHILD), url, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in "ab"
    ]


def said(children: Sequence[subprocess.Popen[str]]) -> list[list[str]]:
    """What each said before it was done; a complaint fails the test."""
    answers = [child.communicate(timeout=60) for child in children]
    assert [complaint for _, complaint in answers] == ["", ""]
    lines = [words.split() for words, _ in answers]
    assert [line.pop() for line in lines] == ["done", "done"]
    return lines


@pytest.mark.promise(12, 13, 21)
def test_two_processes_tell_each_row_once(
    postgres: PostgresServer, engine: sa.Engine, url: str
) -> None:
    """Real processes without the post, set off together: each end and each number is given once."""
    make_months(engine, NOW_MS)
    alerts = [f"a{k}" for k in range(20)]
    ids = put(
        engine,
        [
            *(a_feed_notice(f"{alert}:feed", alert) for alert in alerts),
            *(a_notice(f"{alert}:police", alert_id=alert) for alert in alerts),
        ],
    )
    with writing(engine) as connection:
        take_turn(connection, Turn.FEED)
        children = start_two(url, "tell")
        wait_for_waiters(postgres, 2, within_s=START_S)
    said(children)

    assert fed(engine) == list(enumerate(ids[:20], start=1))
    assert {(row["state"], row["attempts"]) for row in rows_of(engine, outbox)} == {("sent", 1)}
    assert len(rows_of(engine, control)) == 20


def test_two_processes_register_each_device_once(
    postgres: PostgresServer, engine: sa.Engine, url: str
) -> None:
    """Real processes, set off together: every id is one's own, slots have no holes."""
    with writing(engine) as connection:
        take_turn(connection, Turn.CONTROL)
        children = start_two(url, "register", "--count", "20")
        wait_for_waiters(postgres, 2, within_s=START_S)
    mine, yours = said(children)

    assert sorted(mine + yours) == sorted(f"trk-{k}" for k in range(20))
    assert [row["slot"] for row in rows_of(engine, devices)] == list(range(1, 21))
    assert len(rows_of(engine, control)) == 20

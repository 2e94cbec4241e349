"""One failing channel never delays or repeats another; order and deadlines hold (P13-P15)."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from typing_extensions import override

from alerts.delivery.backoff import Backoff
from alerts.delivery.lane import LOST_AFTER, Target
from alerts.delivery.model import Accepted, DeliveryError, DeliveryReason, DueNotice, Receipt
from alerts.delivery.webhook import WebhookChannel
from alerts.model import Channel
from parkguard.clock import wall_ms
from stores.records import writing
from support.delivery_rows import (
    feed_rows,
    incident,
    put_incident,
    put_row,
    records_at,
    row_of,
    states,
)
from support.delivery_run import (
    Hangs,
    Hears,
    Noticeboard,
    abandoned,
    dispatching,
    eventually,
    police,
)
from support.delivery_server import ACCEPTED, Script, answer, scripted


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    with records_at(tmp_path / "records.db") as engine:
        yield engine


def put(engine: sa.Engine, number: int, *, version: int = 1, **changes: object) -> int:
    """A due row in a transaction of its own, with its incident when it is the first."""
    at_ms = wall_ms()
    with engine.begin() as connection:
        if version == 1 and not changes:
            put_incident(connection, number, at_ms=at_ms)
        return put_row(connection, number, at_ms=at_ms, version=version, **changes)


def over_http(server: Script, **changes: object) -> Target:
    """The police target over a real webhook."""
    carrier = WebhookChannel(
        url=server.url, key=b"k", clock=wall_ms, allow_hosts=["127.0.0.1"], timeout_s=2.0
    )
    return police(carrier, **changes)


class Fails:
    """A carrier that fails by a script, then accepts; keeps the order of what came through."""

    def __init__(self, *reasons: DeliveryReason) -> None:
        self.reasons = list(reasons)
        self.attempts: list[int] = []
        self.heard: list[int] = []

    async def send(self, notice: DueNotice) -> Receipt:
        self.attempts.append(notice.id)
        if self.reasons:
            raise DeliveryError(self.reasons.pop(0), "scripted")
        self.heard.append(notice.id)
        return Accepted(case="17")

    async def close(self) -> None:
        pass


def test_hanging_webhook_delays_neither_feed_nor_other_channels(engine: sa.Engine) -> None:
    """P14: one target hangs for 60 s, the others have it within 2 s, once."""
    owner, mqtt, hanging = Hears(), Hears(), Hangs()
    targets = [
        police(hanging, timeout_s=60.0, slots=2),
        Target(channel=Channel.WEBHOOK, name="owner", carrier=owner),
        Target(channel=Channel.MQTT, name="", carrier=mqtt),
    ]

    async def run() -> None:
        async with abandoned(engine, targets):
            for number in range(1, 6):
                put(engine, number)
                put(engine, number, channel="feed", receiver="feed")
                put(engine, number, receiver="owner:wang", kind="owner_notice")
                put(engine, number, channel="mqtt", receiver="340102")
            await eventually(
                lambda: len(owner.heard) == len(mqtt.heard) == len(feed_rows(engine)) == 5,
                within_s=2.0,
                what="owner, MQTT and feed",
            )
            assert len(hanging.heard) == 2
            await eventually(lambda: states(engine).count("due") == 5, what="all but the police")

    asyncio.run(run())

    assert len(owner.heard) == len(mqtt.heard) == 5


def test_hanging_notice_leaves_the_other_slots_of_its_target(engine: sa.Engine) -> None:
    """One stuck telling is one slot, not the lane; the time limit gives it back."""

    class HangsOnce(Hears):
        @override
        async def send(self, notice: DueNotice) -> Receipt:
            self.heard.append(notice)
            if len(self.heard) == 1:
                await asyncio.Event().wait()
            return Accepted(case="17")

    carrier = HangsOnce()

    async def run() -> None:
        async with dispatching(engine, [police(carrier, slots=2, timeout_s=1.5)]):
            ids = [put(engine, number) for number in range(1, 6)]
            await eventually(
                lambda: states(engine).count("sent") == 4, within_s=1.4, what="the other four"
            )
            assert row_of(engine, ids[0])["state"] == "due"
            await eventually(lambda: states(engine) == ["sent"] * 5, what="the stuck one")

    asyncio.run(run())


def test_500_then_200_is_told_with_the_same_id(engine: sa.Engine) -> None:
    """A repeat has the same webhook-id and says that it is one."""

    async def run() -> Script:
        async with scripted(answer(500), ACCEPTED) as server:
            async with dispatching(engine, [over_http(server)]):
                put(engine, 1)
                await eventually(lambda: states(engine) == ["sent"], what="told")
            return server

    first, second = asyncio.run(run()).heard

    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert b'"attempt"' not in first.body
    assert b'"attempt":2' in second.body
    assert incident(engine, 1)["case_number"] == "17"


def test_retry_after_is_honoured(engine: sa.Engine) -> None:
    """429 with Retry-After 1 is not asked again within the second."""

    async def run() -> Script:
        async with scripted(answer(429, retry_after="1"), ACCEPTED) as server:
            async with dispatching(engine, [over_http(server)]):
                put(engine, 1)
                await eventually(lambda: states(engine) == ["sent"], what="told")
            return server

    first, second = asyncio.run(run()).heard

    assert second.at_s - first.at_s >= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 302])
def test_refusal_is_shown_to_the_desk_at_once(engine: sa.Engine, status: int) -> None:
    """Other 4xx: one attempt, rejected, and an undelivered row on the desk's feed."""

    async def run() -> Script:
        async with scripted(answer(status), ACCEPTED) as server:
            async with dispatching(engine, [over_http(server)]) as board:
                put(engine, 1)
                await eventually(lambda: feed_rows(engine), within_s=5.0, what="shown")
                await eventually(lambda: board.metrics.get("dispatch_rejected_total"), what="count")
            return server

    server = asyncio.run(run())

    assert len(server.heard) == 1
    assert states(engine) == ["rejected"]
    (fed,) = feed_rows(engine)
    assert (fed["action"], fed["audience"]) == ("undelivered", "desk")
    assert str(status) in fed["body"]["delivery"]["detail"]


def test_deadline_ends_in_undelivered_and_a_row_for_the_desk(engine: sa.Engine) -> None:
    """Retries stop at the deadline, never silently."""
    carrier = Fails(*[DeliveryReason.SERVER_FAULT] * 100)

    async def run() -> None:
        async with dispatching(engine, [police(carrier)]) as board:
            with engine.begin() as connection:
                put_incident(connection, 1, at_ms=wall_ms())
                put_row(connection, 1, at_ms=wall_ms(), deadline_ms=wall_ms() + 1000)
            await eventually(lambda: feed_rows(engine), what="shown")
            await eventually(
                lambda: board.metrics.get("dispatch_undelivered_total") == 1, what="counted"
            )

    asyncio.run(run())

    assert states(engine) == ["undelivered"]
    (fed,) = feed_rows(engine)
    assert fed["body"]["delivery"]["reason"] == "server_fault"
    assert fed["body"]["delivery"]["attempts"] == len(carrier.attempts) >= 3


def test_versions_arrive_in_order_though_the_first_fails(engine: sa.Engine) -> None:
    """No update overtakes the opening of its incident."""
    carrier = Fails(DeliveryReason.TIMED_OUT, DeliveryReason.TIMED_OUT)

    async def run() -> list[int]:
        ids = [put(engine, 1), put(engine, 1, version=2), put(engine, 1, version=3)]
        async with dispatching(engine, [police(carrier)]):
            await eventually(lambda: states(engine) == ["sent"] * 3, what="told")
        return ids

    ids = asyncio.run(run())

    assert carrier.heard == ids


def test_target_that_comes_back_has_everything_soon(engine: sa.Engine) -> None:
    """After a loss nobody waits ten minutes for a retry: the first success fetches the rest."""
    carrier = Fails(*[DeliveryReason.UNREACHABLE] * LOST_AFTER)
    slow = Backoff(first_s=1200.0, max_s=1200.0)

    async def run() -> Noticeboard:
        async with dispatching(engine, [police(carrier)], backoff=slow) as board:
            for number in range(1, LOST_AFTER + 1):
                put(engine, number)
            await eventually(
                lambda: board.reason == "webhook:police unreachable", what="said to be lost"
            )
            assert board.ready
            assert board.metrics["dispatch_pending_webhook"] == LOST_AFTER
            put(engine, LOST_AFTER + 1)
            await eventually(lambda: set(states(engine)) == {"sent"}, what="all told")
            await eventually(lambda: not board.reason, what="said to be back")
            return board

    board = asyncio.run(run())

    assert board.metrics["dispatch_targets_lost"] == 0
    assert board.metrics["dispatch_attempts_total"] == 2 * LOST_AFTER + 1


def test_receipt_is_not_forgotten_while_the_database_is_locked(engine: sa.Engine) -> None:
    """The commit is repeated, not the telling."""
    carrier = Hears(case="17")
    impatient = sa.create_engine(engine.url, connect_args={"timeout": 0.05})

    class Locks(Hears):
        """Takes the write lock just before it accepts."""

        @override
        async def send(self, notice: DueNotice) -> Receipt:
            lock.enter_context(writing(engine))
            return await carrier.send(notice)

    async def run() -> None:
        async with dispatching(impatient, [police(Locks())]) as board:
            put(engine, 1)
            await eventually(lambda: not board.ready and board.reason, what="not ready")
            assert "locked" in board.reason
            for _ in range(20):  # reads that go through do not make it ready
                assert not board.ready
                await asyncio.sleep(0.05)
            lock.close()
            await eventually(lambda: states(engine) == ["sent"], what="written down")
            await eventually(lambda: board.ready, what="ready again")

    with ExitStack() as lock:
        asyncio.run(run())
    impatient.dispose()

    assert len(carrier.heard) == 1
    assert incident(engine, 1)["case_number"] == "17"

"""The audit and the outbox by month: made ahead, found by time, forgotten as a whole."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from parkguard.wiring.forgetting import DAY_MS, forgetting
from stores.delivery import SqlOutbox
from stores.processing import RecordsProcessLedger
from stores.queries import AuditRow, put_audit
from stores.queries_outbox import put_notices
from stores.records import FORGET_MAX, downgrade, migrate, open_records, writing
from stores.records_months import Month, add_months, forget_old, make_months
from stores.records_policy import RecordsPolicy
from stores.records_turns import Turn, take_turn
from stores.schema import audit, outbox, outbox_keys
from support.postgres_server import PostgresServer
from support.postgres_sessions import Running, held, wait_for_waiters
from support.stores_records import NOW_MS, a_commit, a_notice, rows_of

NAMES = ("at_ms", "by", "role", "action", "object", "purpose")
SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)
"""NOW_MS is in September 2026."""


def looked(at_ms: int, what: str = "vehicle:v-1") -> AuditRow:
    return (at_ms, "zhao", "officer", "track_seen", what, "case")


def note(engine: sa.Engine, *times_ms: int) -> None:
    """Write audit rows of these moments."""
    with writing(engine) as connection:
        put_audit(connection, [looked(at_ms) for at_ms in times_ms])


def tell(engine: sa.Engine, *times_ms: int, state: str = "sent") -> None:
    """Notices that were written at these moments, and are over."""
    for at_ms in times_ms:
        with writing(engine) as connection:
            put_notices(connection, [a_notice(f"{state}:{at_ms}")], at_ms=at_ms)
    with writing(engine) as connection:
        connection.execute(sa.update(outbox).where(outbox.c.state == "due").values(state=state))


def forget_all(engine: sa.Engine, table: sa.Table, before_ms: int) -> list[str]:
    """Step by step, as the processor does; gives the months that went."""
    months: list[str] = []
    while (gone := forget_old(engine, table, before_ms)).more:
        months += gone.months
    return months


def in_partitions(engine: sa.Engine, table: sa.Table) -> dict[str, int]:
    """Rows by the partition that holds them."""
    where: sa.ColumnElement[str] = sa.literal_column("tableoid::regclass::text")
    query = sa.select(where, sa.func.count()).select_from(table).group_by(where)
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


@pytest.fixture
def fresh(postgres: PostgresServer) -> Iterator[sa.Engine]:
    """A database of its own: other tests do not want its partitions."""
    opened = open_records(postgres.new_database(), RecordsPolicy(lock_s=30))
    yield opened
    opened.dispose()


YESTERDAY = (
    "INSERT INTO audit (at_ms, by, role, action, object, purpose) VALUES {audit}",
    (
        "INSERT INTO outbox (key, kind, action, channel, receiver, audience, area, alert_id,"
        " incident_id, body, caused_recv_ms, created_ms, due_ms, deadline_ms, state, attempts)"
        " VALUES {outbox}"
    ),
    "DELETE FROM audit WHERE id = 4",
)
TIMES_MS = (SEPTEMBER.start_ms - 1, SEPTEMBER.start_ms, NOW_MS, 7, 2**60)
"""Around the turn of a month, and of two wrong clocks."""


def fill_yesterday(engine: sa.Engine) -> None:
    """Rows as 0.1.0 wrote them; the audit has given a number that is gone."""
    looks = ", ".join(f"({at}, 'zhao', 'officer', 'seen', 'v-1', '')" for at in TIMES_MS)
    told = ", ".join(
        f"('k{at}', 'alert', 'raised', 'webhook', 'police', 'police', '34', 'a1', NULL, '{{}}',"
        f" {at}, {at}, {at}, {at}, 'sent', 1)"
        for at in TIMES_MS
    )
    with writing(engine) as connection:
        for statement in YESTERDAY:
            connection.exec_driver_sql(statement.format(audit=looks, outbox=told))


@pytest.mark.promise(10)
def test_database_of_yesterday_keeps_every_row_up_and_down(bare_url: str) -> None:
    """And the next number is one that was never given; a key of yesterday is still taken."""
    engine = open_records(bare_url)
    migrate(engine, "0002")
    fill_yesterday(engine)
    before = {table: rows_of(engine, table) for table in (audit, outbox)}

    migrate(engine)
    up = {table: rows_of(engine, table) for table in (audit, outbox)}
    ledger = RecordsProcessLedger(engine, "0.2.0", now_ms=lambda: NOW_MS)
    ledger.commit(a_commit(1, notices=[a_notice("k7"), a_notice("fresh")]))
    note(engine, NOW_MS)
    downgrade(engine, "0002")
    down = {table: rows_of(engine, table) for table in (audit, outbox)}
    migrate(engine)

    assert up == before
    assert [row["id"] for row in down[audit]] == [1, 2, 3, 5, 6]
    assert [row["key"] for row in down[outbox]][5:] == ["fresh"]
    assert {table: rows_of(engine, table) for table in (audit, outbox)} == down
    engine.dispose()


@pytest.mark.postgres
def test_rows_of_yesterday_come_into_their_months(postgres: PostgresServer) -> None:
    """What a wrong clock wrote is kept aside."""
    engine = open_records(postgres.new_database(migrated=False))
    migrate(engine, "0002")
    fill_yesterday(engine)

    migrate(engine)

    for table, aside in ((audit, 1), (outbox, 2)):
        assert in_partitions(engine, table) == {
            f"{table.name}_y2026m08": 1,
            f"{table.name}_y2026m09": 2,
            f"{table.name}_default": aside,
        }
    engine.dispose()


@pytest.mark.promise(12)
def test_key_is_told_once_whatever_the_month(engine: sa.Engine) -> None:
    """A replay gives it again, a month later by the clock: the first row stays, and no second."""
    make_months(engine, NOW_MS)
    times = iter([NOW_MS, OCTOBER.start_ms, OCTOBER.start_ms + 1])
    ledger = RecordsProcessLedger(engine, "0.1.0", now_ms=lambda: next(times))
    twice = [a_notice("a1:1"), a_notice("a1:1"), a_notice("a1:2")]

    ledger.commit(a_commit(1, notices=twice))
    ledger.commit(a_commit(2, notices=[*twice, a_notice("a1:3")]))

    told = [(row["key"], row["created_ms"]) for row in rows_of(engine, outbox)]
    assert told == [("a1:1", NOW_MS), ("a1:2", NOW_MS), ("a1:3", OCTOBER.start_ms)]


@pytest.mark.promise(37)
def test_old_rows_go_and_what_is_due_stays(engine: sa.Engine) -> None:
    """More than one step of them; a key is free again only when its row is gone."""
    make_months(engine, NOW_MS)
    old_ms = NOW_MS - 500 * DAY_MS
    note(engine, *[old_ms] * (FORGET_MAX + 1), NOW_MS)
    tell(engine, old_ms, old_ms + 1, NOW_MS)
    with writing(engine) as connection:
        put_notices(connection, [a_notice("late")], at_ms=old_ms + 2)

    for table in (audit, outbox):
        forget_all(engine, table, NOW_MS - 400 * DAY_MS)

    assert [row["at_ms"] for row in rows_of(engine, audit)] == [NOW_MS]
    assert [row["key"] for row in rows_of(engine, outbox)] == [f"sent:{NOW_MS}", "late"]
    assert [row["key"] for row in rows_of(engine, outbox_keys)] == [f"sent:{NOW_MS}"]


def test_processor_forgets_both_step_by_step(engine: sa.Engine) -> None:
    """By its settings; 0 days keep for ever; on a server it makes the months."""
    note(engine, NOW_MS - 401 * DAY_MS, NOW_MS - 399 * DAY_MS)
    tell(engine, NOW_MS - 401 * DAY_MS)
    kept = RecordsPolicy(outbox_days=0)

    forgetting(engine, 30, kept, now_ms=lambda: NOW_MS)()

    assert [row["at_ms"] for row in rows_of(engine, audit)] == [NOW_MS - 399 * DAY_MS]
    assert len(rows_of(engine, outbox)) == 1
    assert make_months(engine, NOW_MS) == []


@pytest.mark.promise(39)
def test_clock_that_leaps_makes_nothing_old(engine: sa.Engine) -> None:
    """Ten years ahead for a moment: the audit is still there."""
    note(engine, NOW_MS)
    times = [NOW_MS, NOW_MS + 3650 * DAY_MS]
    step = forgetting(engine, 30, now_ms=lambda: times.pop(0) if times[1:] else times[0])

    step()

    assert [row["at_ms"] for row in rows_of(engine, audit)] == [NOW_MS]


@pytest.mark.parametrize("days", [{"audit_days": 179}, {"outbox_days": 30}, {"audit_days": -1}])
def test_retention_that_is_too_short_is_refused(days: dict[str, int]) -> None:
    """The audit by law, the outbox because the journal could tell its notices again."""
    with pytest.raises(ValueError, match="for ever"):
        RecordsPolicy(**days)  # type: ignore[arg-type]


@pytest.mark.postgres
def test_months_are_made_ahead_once(fresh: sa.Engine) -> None:
    """This one and two more, of both tables; over the turn of a year."""
    made = make_months(fresh, Month(2026, 11).start_ms)

    assert made == [
        f"{table}_{month}"
        for table in ("audit", "outbox")
        for month in ("y2026m11", "y2026m12", "y2027m01")
    ]
    assert make_months(fresh, Month(2026, 12).start_ms - 1) == []


@pytest.mark.postgres
def test_row_without_a_month_is_kept_and_moved_when_its_month_is_made(fresh: sa.Engine) -> None:
    """No insert ever fails; both edges of a month come to the right side."""
    edges = (SEPTEMBER.start_ms - 1, SEPTEMBER.start_ms, OCTOBER.start_ms - 1, OCTOBER.start_ms)
    note(fresh, *edges)
    aside = in_partitions(fresh, audit)

    with writing(fresh) as connection:
        add_months(connection, audit, {SEPTEMBER})

    assert aside == {"audit_default": 4}
    assert in_partitions(fresh, audit) == {"audit_default": 2, "audit_y2026m09": 2}
    assert [row["at_ms"] for row in rows_of(fresh, audit)] == list(edges)


@pytest.mark.promise(37)
@pytest.mark.postgres
def test_whole_month_goes_at_once_and_never_with_a_due_row(fresh: sa.Engine) -> None:
    """The month with the due row waits for it; the next one goes."""
    make_months(fresh, SEPTEMBER.start_ms)
    tell(fresh, SEPTEMBER.start_ms, OCTOBER.start_ms)
    with writing(fresh) as connection:
        put_notices(connection, [a_notice("late")], at_ms=SEPTEMBER.start_ms)
    before_ms = Month(2026, 11).start_ms

    gone = forget_all(fresh, outbox, before_ms)
    [late] = SqlOutbox(fresh).due("webhook", "", now_ms=NOW_MS, busy=(), limit=9)
    tell(fresh, state="undelivered")
    gone_later = forget_all(fresh, outbox, before_ms)

    assert (gone, late.key, gone_later) == (["outbox_y2026m10"], "late", ["outbox_y2026m09"])
    assert rows_of(fresh, outbox) == rows_of(fresh, outbox_keys) == []


@pytest.mark.postgres
def test_month_in_use_is_not_waited_for(fresh: sa.Engine) -> None:
    """A dump reads it for hours: the processor goes on after half a second, others at once."""
    make_months(fresh, NOW_MS)
    note(fresh, NOW_MS)

    with held(fresh, sa.select(audit)):
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            forget_old(fresh, audit, Month(2026, 12).start_ms)
        note(fresh, NOW_MS)

    assert forget_all(fresh, audit, OCTOBER.start_ms) == ["audit_y2026m09"]


@pytest.mark.postgres
def test_parts_that_start_at_once_make_a_month_once(
    postgres: PostgresServer, fresh: sa.Engine
) -> None:
    """One after the other; who comes late finds them."""
    with writing(fresh) as connection:
        take_turn(connection, Turn.MONTHS)
        starting = [Running(lambda: make_months(fresh, NOW_MS)) for _ in "abc"]
        wait_for_waiters(postgres, 3)

    made = [name for each in starting for name in each.answer()]

    assert len(made) == len(set(made)) == 6


@pytest.mark.postgres
def test_row_written_while_its_month_is_made_comes_into_it(
    postgres: PostgresServer, fresh: sa.Engine
) -> None:
    """Its writer waits; found by chaos at a first start: the default partition refused the row."""
    with writing(fresh) as connection:
        add_months(connection, audit, {SEPTEMBER})
        writer = Running(lambda: note(fresh, NOW_MS))
        wait_for_waiters(postgres, 1)
    writer.answer()

    assert in_partitions(fresh, audit) == {"audit_y2026m09": 1}

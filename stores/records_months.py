"""Months of the audit and the outbox: made ahead, and forgotten as a whole when they are old.

PostgreSQL holds a partition for each UTC month in which rows were written, and one for every
other time, so that no insert ever fails for want of a month. The time of a row is when it was
written: it never changes, and what is forgotten goes by it. It says nothing of a notice's key,
which a replay gives again at another time; that one is unique in ``outbox_keys``.

SQLite has plain tables: there the same rows go a few at a time.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from stores.records import FORGET_MAX, writing
from stores.records_turns import Turn, take_turn
from stores.schema import audit, outbox, outbox_keys

MONTHS_AHEAD = 2
"""Made beyond the present one: nobody needs to look at the database for so long."""
_QUICK_MS = 500
"""Wait so long for a table that is in use: whoever comes after us waits behind us."""
_TIMES: dict[sa.Table, sa.Column[int]] = {audit: audit.c.at_ms, outbox: outbox.c.created_ms}
_NAME = re.compile(r"(?:audit|outbox)_y(\d{4})m(\d{2})", re.ASCII)
_PARTITIONS = sa.text(
    "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
    " WHERE inhparent = to_regclass(:table) ORDER BY relname"
)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, at_ms: int) -> "Month":
        """The month of a moment, ms UTC; of years 1 to 9998."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        return cls(at.year, at.month)

    def after(self, count: int) -> "Month":
        """So many months later."""
        years, month = divmod(self.month - 1 + count, 12)
        return Month(self.year + years, month + 1)

    @property
    def start_ms(self) -> int:
        """Its first moment, ms UTC."""
        return round(datetime(self.year, self.month, 1, tzinfo=UTC).timestamp() * 1000)

    @property
    def name(self) -> str:
        """The end of its partition's name."""
        return f"y{self.year:04}m{self.month:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """One step of forgetting.

    Attributes:
        months: Partitions that were dropped.
        rows: Single rows that were removed.
        more: Whether there may be more: call again.
    """

    months: tuple[str, ...] = ()
    rows: int = 0
    more: bool = False


def make_months(engine: sa.Engine, now_ms: int) -> list[str]:
    """Make this month and the next ones where they are missing; gives the new partitions.

    Rows that came before their month was there are moved into it. Nothing on SQLite. Idempotent;
    several processes may call it at once.

    Args:
        engine: The records database.
        now_ms: Wall clock, ms UTC.
    """
    this = Month.of(now_ms)
    wanted = {this.after(k) for k in range(MONTHS_AHEAD + 1)}
    made: list[str] = []
    if engine.dialect.name == "postgresql":
        for table in _TIMES:
            with engine.connect() as connection:
                missing = wanted - _months_of(connection, table).keys()
            if missing:
                with _quick_turn(engine) as connection:
                    made += add_months(connection, table, missing)
    return made


def months_in(connection: sa.Connection, table: sa.Table) -> set[Month]:
    """Give the months in which rows of a plain table were written; not those of a wrong clock."""
    time = _TIMES[table]
    month_ms = 28 * 86_400_000  # no month is shorter
    found = connection.scalars(sa.select(time - time % month_ms).distinct())
    starts = {start for start in found if 0 <= start < Month(2050, 1).start_ms}
    return {Month.of(at_ms) for start in starts for at_ms in (start, start + month_ms - 1)}


def add_months(connection: sa.Connection, table: sa.Table, months: set[Month]) -> list[str]:
    """Make partitions in the caller's transaction; gives their names.

    Others read meanwhile. Who writes waits before the server chooses a partition: a row that was
    meant for the default one would be refused by it once its month is there.
    """
    made = []
    for month in sorted(months - _months_of(connection, table).keys()):
        name = f"{table.name}_{month.name}"
        _add_month(connection, table, name, (month.start_ms, month.after(1).start_ms))
        made.append(name)
    return made


def _add_month(
    connection: sa.Connection, table: sa.Table, name: str, within_ms: tuple[int, int]
) -> None:
    parent, time, (start_ms, end_ms) = table.name, _TIMES[table].name, within_ms
    run = connection.exec_driver_sql
    run(f"LOCK TABLE ONLY {parent} IN SHARE ROW EXCLUSIVE MODE")
    run(f"LOCK TABLE {parent}_default IN ACCESS EXCLUSIVE MODE")
    run(f"CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS)")
    run(
        f"WITH early AS (DELETE FROM {parent}_default"  # noqa: S608 - our own names
        f" WHERE {time} >= {start_ms} AND {time} < {end_ms} RETURNING *)"
        f" INSERT INTO {name} SELECT * FROM early"
    )
    run(f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({start_ms}) TO ({end_ms})")


def forget_old(engine: sa.Engine, table: sa.Table, before_ms: int) -> Forgotten:
    """Remove what was written before a moment and is over: one short step of it.

    On PostgreSQL a month goes when all of it is old and nothing of it is due; rows in no month,
    and those of SQLite, go one by one. A notice that is due stays.

    Args:
        engine: The records database.
        table: ``audit`` or ``outbox``.
        before_ms: Now minus the retention, ms UTC.
    """
    months = _drop_month(engine, table, before_ms) if engine.dialect.name == "postgresql" else ()
    rows = _forget_rows(engine, table, before_ms)
    keys = _forget_keys(engine, before_ms) if table is outbox else 0
    more = bool(months or rows) or keys == FORGET_MAX
    return Forgotten(months=months, rows=rows, more=more)


def _drop_month(engine: sa.Engine, table: sa.Table, before_ms: int) -> tuple[str, ...]:
    """Drop the oldest month that may go."""
    with engine.connect() as connection:
        months = _months_of(connection, table)
    for month in sorted(month for month in months if month.after(1).start_ms <= before_ms):
        with _quick_turn(engine) as connection:
            if month not in _months_of(connection, table):
                continue
            connection.exec_driver_sql(f"LOCK TABLE ONLY {table.name} IN ACCESS EXCLUSIVE MODE")
            if not _is_due(connection, table, month):
                connection.exec_driver_sql(f"DROP TABLE {months[month]}")
                return (months[month],)
    return ()


@contextmanager
def _quick_turn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One process at a time changes the months, and waits for no table that is in use."""
    with writing(engine) as connection:
        take_turn(connection, Turn.MONTHS)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_QUICK_MS}")
        yield connection


def _is_due(connection: sa.Connection, table: sa.Table, month: Month) -> bool:
    if table is not outbox:
        return False
    time = outbox.c.created_ms
    its_own = (time >= month.start_ms) & (time < month.after(1).start_ms)
    query = sa.select(outbox.c.id).where(its_own, outbox.c.state == "due").limit(1)
    return connection.execute(query).first() is not None


def _forget_rows(engine: sa.Engine, table: sa.Table, before_ms: int) -> int:
    """Look at the oldest rows by number, which needs no index; gives how many went."""
    on_server = engine.dialect.name == "postgresql"
    rows = table if not on_server else _default_of(table)
    time = rows.c[_TIMES[table].name]
    over = time < before_ms
    if table is outbox:
        over &= rows.c.state != "due"
    oldest = sa.select(rows.c.id).order_by(rows.c.id).limit(FORGET_MAX)
    with writing(engine) as connection:
        return connection.execute(sa.delete(rows).where(rows.c.id.in_(oldest), over)).rowcount


def _default_of(table: sa.Table) -> sa.Table:
    """The partition of every other time, as a table."""
    return table.to_metadata(sa.MetaData(), name=f"{table.name}_default")


def _forget_keys(engine: sa.Engine, before_ms: int) -> int:
    """Keys go as long after they were given; the journal, which could give them again, is gone."""
    old = (
        sa.select(outbox_keys.c.key)
        .where(outbox_keys.c.created_ms < before_ms)
        .order_by(outbox_keys.c.created_ms)
        .limit(FORGET_MAX)
    )
    with writing(engine) as connection:
        return connection.execute(sa.delete(outbox_keys).where(outbox_keys.c.key.in_(old))).rowcount


def _months_of(connection: sa.Connection, table: sa.Table) -> dict[Month, str]:
    """Partitions of a table by their month."""
    names = connection.scalars(_PARTITIONS, {"table": table.name})
    found = ((name, _NAME.fullmatch(name)) for name in names)
    return {Month(int(of[1]), int(of[2])): name for name, of in found if of}

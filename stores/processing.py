"""The processor's side of the records database: one transaction a commit, all or nothing.

Also the ``control`` table, by which the API and the dispatcher speak to the processor.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from alerts.ports import ProcessCommit
from devices.errors import StoreError
from stores import postgres_errors, sqlite_errors
from stores.charging import put_stations
from stores.commands import put_commands
from stores.processing_effects import put_effects
from stores.quarantine import mark_replayed, put_refusals
from stores.records import insert_of, writing
from stores.records_turns import Turn, take_turn
from stores.schema import books, control, reader_offsets

READER = "processor"
CONTROL_READ_BYTES = 16 * 1_048_576
"""Bodies of control rows given at once stop past this: 500 rows of held messages are 2 GB."""


def put_control(connection: sa.Connection, body: bytes, at_ms: int, *, kind: str = "") -> int:
    """Insert one control row inside the caller's transaction; gives its id.

    Ids are seen in the order in which they are given: on PostgreSQL two callers wait for each
    other, or the receiver could pass over the lower of two.

    Args:
        connection: Inside a writing transaction.
        body: JSON of ``devices.control``.
        at_ms: Wall clock, ms UTC.
        kind: ``schema.REQUEUE`` for what goes after the quarantine's retention.
    """
    take_turn(connection, Turn.CONTROL)
    put = sa.insert(control).values(at_ms=at_ms, body=body, kind=kind).returning(control.c.id)
    return int(connection.execute(put).scalar_one())


def put_controls(connection: sa.Connection, bodies: Sequence[bytes], at_ms: int) -> None:
    """Insert control rows in order, all by one statement; otherwise as ``put_control``."""
    take_turn(connection, Turn.CONTROL)
    rows = [{"at_ms": at_ms, "body": body} for body in bodies]
    if rows:
        connection.execute(sa.insert(control), rows)


@contextmanager
def store_errors() -> Iterator[None]:
    """Give the database's errors our name: what may pass is tried again, a bug is not.

    Raises:
        StoreError: Locked, full or away (may pass); damaged, read-only or a bug (may not).
    """
    try:
        yield
    except sa.exc.TimeoutError as exc:
        raise StoreError(f"records: {exc}", may_pass=True) from exc
    except sa.exc.DBAPIError as exc:
        passing = (
            exc.connection_invalidated
            or sqlite_errors.may_pass(exc.orig)
            or postgres_errors.may_pass(exc.orig)
        )
        said = " ".join(str(exc.orig).split())  # a server's errors have several lines
        raise StoreError(f"records: {said}", may_pass=passing) from exc


class RecordsControl:
    """The ``control`` table as the receiver reads it."""

    def __init__(self, engine: sa.Engine) -> None:
        """Read from ``engine``."""
        self._engine = engine

    def after(self, control_id: int, limit: int) -> list[tuple[int, bytes]]:
        """Rows (id, body) above ``control_id``, ascending; fewer than ``limit`` when they are long.

        Raises:
            StoreError: The database is away.
        """
        above = control.c.id > control_id
        sizes = (
            sa.select(control.c.id, sa.func.length(control.c.body))
            .where(above)
            .order_by(control.c.id)
            .limit(limit)
        )
        with store_errors(), self._engine.connect() as connection:
            upto, total = control_id, 0
            for row_id, size in connection.execute(sizes):
                total += size
                if upto > control_id and total > CONTROL_READ_BYTES:
                    break
                upto = row_id
            if upto == control_id:
                return []
            query = (
                sa.select(control.c.id, control.c.body)
                .where(above, control.c.id <= upto)
                .order_by(control.c.id)
            )
            return [(row.id, bytes(row.body)) for row in connection.execute(query)]


class RecordsProcessLedger:
    """Offset, books, quarantine, alerts, incidents and outbox of the processor."""

    def __init__(self, engine: sa.Engine, code_version: str, *, now_ms: Callable[[], int]) -> None:
        """``now_ms`` stamps when a notice was made (wall, ms UTC)."""
        self._engine = engine
        self._code_version = code_version
        self._now_ms = now_ms
        self._stood_at = 0

    def offset(self) -> int:
        """The committed offset, 0 at first."""
        with store_errors(), self._engine.connect() as connection:
            return _offset(connection)

    def commit(self, commit: ProcessCommit) -> None:
        """Store everything in one transaction, or nothing.

        A commit that ends at the committed offset is a repetition, its answer was lost: what is
        keyed stays as it is, and its books count once.

        Raises:
            StoreError: Nothing was stored. A commit behind the offset is another processor's; an
                offset behind our last commit is of a server that was put back (a standby that
                had not all of it): a processor that starts again goes on from there.
        """
        with store_errors(), writing(self._engine) as connection:
            take_turn(connection, Turn.PROCESSOR)
            committed = _offset(connection)
            if commit.upto_seq < committed:
                raise StoreError(
                    f"records: another processor is at entry {committed}, this one at "
                    f"{commit.upto_seq}: stop one of them",
                    may_pass=False,
                )
            if committed < self._stood_at:
                raise StoreError(
                    f"records: went back from entry {self._stood_at} to {committed}: "
                    "start again, the journal has the rest",
                    may_pass=False,
                )
            if commit.effects:
                put_effects(connection, commit.effects, now_ms=self._now_ms())
            if commit.commands:
                put_commands(connection, commit.commands)
            if commit.stations:
                put_stations(connection, commit.stations)
            if commit.quarantine:
                put_refusals(
                    connection,
                    commit.quarantine,
                    code_version=self._code_version,
                    now_ms=self._now_ms(),
                )
            if commit.requeued:
                mark_replayed(connection, commit.requeued, now_ms=self._now_ms())
            if commit.upto_seq > committed:
                _add_books(connection, commit.books)
                _move_offset(connection, commit)
        self._stood_at = commit.upto_seq


def _offset(connection: sa.Connection) -> int:
    query = sa.select(reader_offsets.c.seq).where(reader_offsets.c.reader == READER)
    return int(connection.execute(query).scalar() or 0)


def _add_books(connection: sa.Connection, counts: Mapping[tuple[str, str], int]) -> None:
    rows = [
        {"reader": READER, "name": name, "reason": reason, "count": count}
        for (name, reason), count in counts.items()
        if count
    ]
    if rows:
        insert = insert_of(connection, books)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["reader", "name", "reason"],
                set_={"count": books.c.count + insert.excluded["count"]},
            ),
            rows,
        )


def _move_offset(connection: sa.Connection, commit: ProcessCommit) -> None:
    insert = insert_of(connection, reader_offsets).values(
        reader=READER, seq=commit.upto_seq, recv_ms=commit.recv_ms
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["reader"],
            set_={"seq": insert.excluded.seq, "recv_ms": insert.excluded.recv_ms},
        )
    )

"""Moving records from SQLite to a PostgreSQL: everything in one transaction, or nothing.

Numbers go on where they stood, deleted ones included: a slot is never given twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from stores.records import writing
from stores.records_months import add_months, months_in
from stores.schema import audit, metadata, outbox

CHUNK_ROWS = 1_000
"""Rows sent at once; held messages have up to 64 KiB each."""


class CopyRefused(Exception):
    """Nothing was copied; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedTable:
    """One table: rows counted before in the source and afterwards in the target."""

    table: str
    source_rows: int
    target_rows: int


def copy_records(
    source: sa.Engine, target: sa.Engine, on_progress: Callable[[str, int, int], None]
) -> list[CopiedTable]:
    """Copy every table; nobody writes into the source meanwhile.

    Args:
        source: A SQLite at the present schema.
        target: A PostgreSQL at the present schema, without a row.
        on_progress: Called with table, rows done and rows in all of the whole copy.

    Raises:
        CopyRefused: The target holds rows, a value does not fit, or the counts differ.
    """
    with writing(source) as reading, writing(target) as put:
        _check_empty(put)
        put.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for table in (audit, outbox):
            add_months(put, table, months_in(reading, table))
        counts = {table.name: _count(reading, table) for table in metadata.sorted_tables}
        done, total = 0, sum(counts.values())
        for table in metadata.sorted_tables:
            for rows in _chunks(reading, table):
                _put(put, table, rows)
                done += len(rows)
                on_progress(table.name, done, total)
            _set_sequence(reading, put, table)
        copied = [
            CopiedTable(
                table=str(table.name),
                source_rows=counts[table.name],
                target_rows=_count(put, table),
            )
            for table in metadata.sorted_tables
        ]
        short = [each.table for each in copied if each.source_rows != each.target_rows]
        if short:
            raise CopyRefused(f"counts differ in {', '.join(short)}: nothing was copied, try again")
    return copied


def _check_empty(target: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        rows = _count(target, table)
        if rows:
            raise CopyRefused(
                f"the target holds {rows} rows in {table.name}: name an empty database, "
                "nothing is ever overwritten"
            )


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def _chunks(source: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, object]]]:
    binary = [column.name for column in table.c if isinstance(column.type, sa.LargeBinary)]
    query = sa.select(table).order_by(*table.primary_key.columns)
    with source.execution_options(yield_per=CHUNK_ROWS).execute(query) as found:
        for part in found.mappings().partitions():
            rows = [dict(row) for row in part]
            for row in rows:
                for name in binary:
                    row[name] = _bytes(row[name])
            yield rows


def _bytes(value: object) -> bytes:
    """SQLite holds text in a column of bytes, if somebody wrote it so."""
    return value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]


def _put(target: sa.Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    try:
        target.execute(sa.insert(table), rows)
    except (sa.exc.DataError, sa.exc.IntegrityError) as exc:
        keys = [column.name for column in table.primary_key]
        first, last = ([row[name] for name in keys] for row in (rows[0], rows[-1]))
        raise CopyRefused(
            f"{table.name}: {exc.orig} (between {first} and {last}): nothing was copied, "
            "mend the row in the source"
        ) from exc


def _set_sequence(source: sa.Connection, target: sa.Connection, table: sa.Table) -> None:
    """Go on counting above every number that was ever given."""
    column = table.autoincrement_column
    if column is None or table.dialect_options["sqlite"]["autoincrement"] is not True:
        return
    given = source.scalar(
        sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
    )
    sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
    target.execute(sa.select(sa.func.setval(sequence, int(given or 1), given is not None)))

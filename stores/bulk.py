"""Thousands of ids or rows as one parameter: as many parameters cost more than the query itself.

Measured 2026-11-29: SQLAlchemy and psycopg need about 20 µs of CPU for each of 500 parameters.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from stores.records import insert_of

_KINDS: Mapping[type[sa.types.TypeEngine[Any]], str] = {
    sa.String: "text",
    sa.Text: "text",
    sa.Integer: "integer",
    sa.BigInteger: "bigint",
    sa.Float: "double precision",
}
"""Types of JSON columns on PostgreSQL; none narrower than the table's: a cast would cut."""


def one_of(
    connection: sa.Connection, column: sa.ColumnElement[str], values: Collection[str]
) -> sa.ColumnElement[bool]:
    """Whether a column holds one of these texts, however many they are."""
    each = (
        "json_array_elements_text(CAST(:texts AS json)) AS each(value)"
        if connection.dialect.name == "postgresql"
        else "json_each(:texts)"
    )
    texts: sa.BindParameter[str] = sa.bindparam(
        "texts", msgspec.json.encode(sorted(values)).decode(), unique=True
    )
    listed = sa.text(f"SELECT value FROM {each}").bindparams(texts)  # noqa: S608 - of two texts
    return column.in_(listed.columns(sa.column("value", sa.String)))


def insert_all(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, object]],
    *,
    over: str | None = None,
) -> None:
    """Insert rows that all have the same columns.

    Args:
        connection: Inside a writing transaction.
        table: Where they go; no text holds a NUL (``stores.registry_widths``).
        rows: By column.
        over: A key: of a row that is there with it the rest is replaced. None: none may be there.
    """
    if not rows:
        return
    insert = insert_of(connection, table)
    if over is not None:
        changed = {name: insert.excluded[name] for name in rows[0] if name != over}
        insert = insert.on_conflict_do_update(index_elements=[over], set_=changed)
    _run(connection, table, insert, rows)


def insert_absent(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]
) -> int:
    """Insert rows whose key is not there yet, as ``insert_all``; gives how many were inserted."""
    if not rows:
        return 0
    insert = insert_of(connection, table).on_conflict_do_nothing()
    return _run(connection, table, insert, rows)


def _run(
    connection: sa.Connection,
    table: sa.Table,
    insert: sqlite.Insert | postgresql.Insert,
    rows: Sequence[Mapping[str, object]],
) -> int:
    """Run an INSERT for every row; gives how many rows it wrote."""
    names = [column.name for column in table.c if column.name in rows[0]]  # as SQL is compiled
    if connection.dialect.name == "postgresql":
        kinds = ", ".join(f"{name} {_KINDS[type(table.c[name].type)]}" for name in names)
        read = sa.text(
            f"SELECT {', '.join(names)} "  # noqa: S608 - our own columns
            f"FROM json_to_recordset(CAST(:rows AS json)) AS row({kinds})"
        ).bindparams(rows=msgspec.json.encode(rows).decode())
        columns = (sa.column(name, table.c[name].type) for name in names)
        return connection.execute(insert.from_select(names, read.columns(*columns))).rowcount
    made = str(insert.compile(dialect=connection.dialect, column_keys=names))
    cells = [tuple(map(row.__getitem__, names)) for row in rows]
    return connection.exec_driver_sql(made, cells).rowcount

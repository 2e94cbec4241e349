"""Opening and migrating the records database: SQLite by default, PostgreSQL by address.

Reads use ``engine.connect()``. Every write uses ``writing(engine)``: on SQLite it takes the
write lock at its begin, so that two processes never meet in the middle of a transaction.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.dialects import postgresql, sqlite

BUSY_MS = 10_000
"""A writer waits so long for another one; the longest commit seen is far below a second."""


def open_records(url: str) -> sa.Engine:
    """An engine for ``url``; nothing is created but the folder of a SQLite file.

    Errors do not repeat the values of a statement: they are plates and places.
    """
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)
    sa.event.listen(engine, "connect", _set_up)
    sa.event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One writing transaction: committed at the end, rolled back on any error."""
    with engine.execution_options(immediate=True).begin() as connection:
        yield connection


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # ``_begin`` says how a transaction begins
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the schema up to ``revision``; a database of yesterday opens today."""
    with writing(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Bring the schema down to ``revision`` (``base`` = nothing is left)."""
    with writing(engine) as connection:
        command.downgrade(_config(connection), revision)


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "stores:migrations")
    config.attributes["connection"] = connection
    return config


def insert_of(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, of the connection's own dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)

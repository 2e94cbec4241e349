"""Opening and migrating the records database: SQLite by default, PostgreSQL by address.

Reads use ``engine.connect()``. Every write uses ``writing(engine)``: on SQLite it takes the
write lock at its begin, so that two processes never meet in the middle of a transaction. On
PostgreSQL it locks the rows it touches, and ``stores.records_turns`` keeps what must be in order.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.dialects import postgresql, sqlite

from stores.postgres_errors import in_our_words
from stores.records_faults import RecordsUnusable
from stores.records_policy import RecordsPolicy
from stores.records_post import STUCK_S, Post
from stores.records_turns import Turn, take_turn

BUSY_MS = 10_000
"""A writer waits so long for another one; the longest commit seen is far below a second."""
_SCRIPTS = "stores:migrations"
FORGET_MAX = 2_000
"""Rows removed in one transaction: other writers wait for milliseconds only."""
IDLE_S = 30
"""A server ends a transaction of ours that does nothing for so long: our machine is gone."""


def open_records(
    url: str,
    policy: RecordsPolicy = RecordsPolicy(),  # noqa: B008 - frozen
    *,
    post: Post | None = None,
) -> sa.Engine:
    """An engine for ``url``; nothing is created but the folder of a SQLite file.

    Errors do not repeat the values of a statement: they are plates and places.

    Args:
        url: Of SQLite or PostgreSQL, with the password in it.
        policy: Pool and waits on a server.
        post: What one process does at a time; a server gives the engine one session, with it. A
            SQLite is in a ``data_dir``, whose lock files say the same.
    """
    if not url.startswith("sqlite"):
        return _open_server(url, policy, post)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)
    sa.event.listen(engine, "connect", _set_up)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _open_server(url: str, policy: RecordsPolicy, post: Post | None) -> sa.Engine:
    limits = {
        "lock_timeout": round(policy.lock_s * 1000),
        "statement_timeout": round(policy.statement_s * 1000),
        "idle_in_transaction_session_timeout": IDLE_S * 1000,
        "plan_cache_mode": "force_custom_plan",  # a plan made on an empty table lives for ever
    }
    if post is not None:
        limits |= {
            "idle_session_timeout": STUCK_S * 1000,
            # the server too notices a machine that vanished, within 11 s
            "tcp_keepalives_idle": 5,
            "tcp_keepalives_interval": 2,
            "tcp_keepalives_count": 3,
        }
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=policy.pool_max if post is None else 1,
        max_overflow=0,
        pool_timeout=policy.pool_wait_s,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "application_name": "parkguard",
            "connect_timeout": max(2, round(policy.connect_s)),  # libpq takes no less
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            # a machine that vanished without a word is noticed within connect_s + 10 s
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": round(policy.connect_s * 1000),
        },
    )
    sa.event.listen(engine, "handle_error", in_our_words)
    if post is not None:
        post.guard(engine)
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
    """Bring the schema up to ``revision``; a database of yesterday opens today.

    Raises:
        RecordsUnusable: It was migrated by a newer program.
    """
    with writing(engine) as connection:
        _take_migration(connection)
        try:
            command.upgrade(_config(connection), revision)
        except CommandError as exc:
            raise RecordsUnusable(
                f"records: {exc}", "a newer parkguard made this database, install that one"
            ) from exc


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Bring the schema down to ``revision`` (``base`` = nothing is left)."""
    with writing(engine) as connection:
        _take_migration(connection)
        command.downgrade(_config(connection), revision)


def revision_of(connection: sa.Connection) -> str | None:
    """The schema's revision; None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def revision_wanted() -> str | None:
    """The newest revision this program has."""
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    return ScriptDirectory.from_config(config).get_current_head()


def _take_migration(connection: sa.Connection) -> None:
    """One at a time, as long as it takes; a table that somebody uses is waited for ``lock_s``."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        take_turn(connection, Turn.MIGRATION)
        connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.attributes["connection"] = connection
    return config


def insert_of(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, of the connection's own dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)

"""A real PostgreSQL from Debian's package, on a free port of 127.0.0.1, for a whole test session.

fsync is on, logins are SCRAM. Every test gets a database of its own, copied from a migrated one.

with PostgresServer() as server:
    engine = open_records(server.new_database())
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest
import sqlalchemy as sa

from parkguard.children import ProgramMissing, ServerNotStarted, die_with_parent
from parkguard.demo_postgres import OWNER, account, connect, format_conf, make_cluster
from parkguard.passwords import new_secret
from stores.records import migrate, open_records
from stores.schema import metadata
from support.broker import WAIT_S, free_port, wait_until

TEMPLATE = "migrated"

_CLEAN = "; ".join(
    [f'DELETE FROM "{name}"' for name in metadata.tables]  # noqa: S608 - our own names
    + [
        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), 1, false)"
        for table in metadata.tables.values()
        if (column := table.autoincrement_column) is not None
    ]
)
"""Quicker than DROP DATABASE or TRUNCATE, which wait for the disk: one transaction, one fsync."""
_QUICK_AFTER_A_KILL = "recovery_init_sync_method = syncfs\n"
"""Not file by file, when it is started again."""


def launched(
    command: list[str], log: Path, connect: Callable[[], psycopg.Connection[tuple[object, ...]]]
) -> subprocess.Popen[bytes]:
    """Start a server as its own user and wait until ``connect`` gets in."""
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command
            die_with_parent(command, user=account()), stdout=file, stderr=file, cwd="/"
        )

    def answers() -> bool:
        if process.poll() is not None:
            said = log.read_text(errors="replace")[-2000:]
            pytest.fail(f"postgres ended with {process.returncode}: {said}")
        try:
            connect().close()
        except psycopg.OperationalError:
            return False
        return True

    wait_until(answers, within_s=30, what=f"PostgreSQL; see {log}")
    return process


class PostgresServer:
    """One server with files of its own.

    Attributes:
        host: Where it listens.
        port: ... and where there.
        password: Of the role that owns the databases.
        root_password: Of the superuser.
    """

    def __init__(self) -> None:
        self.root_password = new_secret()
        self.password = new_secret()
        self.host, self.port = "127.0.0.1", free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="parkguard-pg-"))
        self._command: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._shared: str | None = None

    def url(self, database: str, *, user: str = OWNER, password: str | None = None) -> str:
        """The address of a database with its password in it."""
        word = self.password if password is None else password
        return f"postgresql+psycopg://{user}:{word}@{self.host}:{self.port}/{database}"

    def new_database(self, *, migrated: bool = True) -> str:
        """Make a database; gives its address."""
        self._made += 1
        name = f"test_{self._made}"
        template = TEMPLATE if migrated else "template0"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
        return self.url(name)

    def clean_database(self) -> str:
        """Empty the database that most tests use in turn; gives its address.

        A test that left it without a table makes a new one necessary.
        """
        if self._shared is not None:
            try:
                self.run(_CLEAN, database=str(sa.make_url(self._shared).database))
            except psycopg.errors.UndefinedTable:
                self._shared = None
        if self._shared is None:
            self._shared = self.new_database()
        return self._shared

    def run(self, statement: str, *, database: str = "postgres") -> None:
        """Run one statement as the superuser, outside a transaction."""
        with self.connect(database) as connection:
            connection.execute(statement.encode())

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A session of the superuser; every statement is a transaction of its own."""
        return connect(self.port, self.root_password, database)

    @property
    def data(self) -> Path:
        """Its files."""
        return self._folder / "data"

    @property
    def pid(self) -> int:
        """Process id of the postmaster, 0 while it does not run."""
        return self._process.pid if self._process is not None else 0

    @contextmanager
    def speaking_tls(self, certificate: Path, key: Path) -> Iterator[None]:
        """Let it speak TLS too while the block runs; the key is a copy of its user's own."""
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            copy = self.data / name
            copy.touch(mode=0o600)
            copy.write_bytes(source.read_bytes())
            if (user := account()) is not None:
                shutil.chown(copy, user)
        try:
            self._set_tls("on")
            yield
        finally:
            self._set_tls("off")

    def _set_tls(self, value: str) -> None:
        self.run(f"ALTER SYSTEM SET ssl = {value}")
        self.run("SELECT pg_reload_conf()")
        wait_until(lambda: self._tls() == value, what=f"ssl = {value}")

    def _tls(self) -> str:
        with self.connect() as session:
            return str((session.execute("SHOW ssl").fetchone() or ("",))[0])

    def allow_replication(self) -> None:
        """Let a standby follow."""
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write("host replication all 127.0.0.1/32 scram-sha-256\n")
        self.run("SELECT pg_reload_conf()")

    def kill(self) -> None:
        """End the postmaster and all its processes at once (SIGKILL), as when the power fails."""
        if self._process is None:
            return
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for each in (pid, *map(int, children)):
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait(WAIT_S)
        self._process = None
        wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))

    def stop(self) -> None:
        """End it in good order; sessions are cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(WAIT_S)
            self._process = None

    def start(self) -> None:
        """Start it on the same port and data, and wait until it takes logins."""
        self._process = launched(self._command, self._folder / "log", self.connect)

    def said(self) -> str:
        """What it wrote so far."""
        return (self._folder / "log").read_text(errors="replace")

    def _make(self) -> None:
        """Its files."""
        conf = format_conf(port=self.port, sessions_max=60) + _QUICK_AFTER_A_KILL
        try:
            self._command = make_cluster(self._folder, conf=conf, password=self.root_password)
        except (ProgramMissing, ServerNotStarted) as exc:
            pytest.fail(str(exc))

    def __enter__(self) -> Self:
        self._make()
        self.start()
        self.run(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{self.password}'")
        self.run(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 OWNER {OWNER}")
        engine = open_records(self.url(TEMPLATE))
        migrate(engine)
        engine.dispose()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()  # what it wrote is thrown away
        shutil.rmtree(self._folder, ignore_errors=True)

"""A standby of a test's PostgreSQL: it follows, refuses writes, and takes over when it is told.

with Standby(server) as standby:
    engine = open_records(either_of(server, standby, "test_1"))
"""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest

from parkguard.children import die_with_parent
from parkguard.demo_postgres import account, connect, find_postgres
from support.broker import WAIT_S, free_port, wait_until
from support.postgres_server import PostgresServer, launched


class Standby:
    """A copy of a server with files of its own."""

    def __init__(self, primary: PostgresServer) -> None:
        self._primary = primary
        self.host, self.port = "127.0.0.1", free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="parkguard-standby-"))
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """The address of a database with its password in it."""
        return self._primary.url(database).replace(f":{self._primary.port}/", f":{self.port}/")

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A session of the superuser."""
        return connect(self.port, self._primary.root_password)

    def promote(self) -> None:
        """Let it take over, and wait until it takes writes."""
        with self.connect() as session:
            session.execute("SELECT pg_promote()")

    def wait_for_all(self) -> None:
        """Until it has what the primary has committed."""
        with self._primary.connect() as first, self.connect() as second:
            (upto,) = first.execute("SELECT pg_current_wal_lsn()::text").fetchone() or ("",)
            query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait_until(lambda: second.execute(query, (upto,)).fetchone() == (True,))

    def _start(self) -> None:
        programs, user, data = find_postgres(), account(), self._folder / "data"
        self._folder.chmod(0o755)
        data.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(data, user)
        source = (
            f"host=127.0.0.1 port={self._primary.port} user=root "
            f"password={self._primary.root_password}"
        )
        done = subprocess.run(  # noqa: S603 - our own command
            die_with_parent(
                [
                    str(programs / "pg_basebackup"),
                    *("--pgdata", str(data), "--dbname", source, "--write-recovery-conf"),
                    *("--checkpoint", "fast", "--no-sync"),
                ],
                user=user,
            ),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        if done.returncode != 0:
            pytest.fail(f"pg_basebackup: {done.stderr}")
        self._process = launched(
            [
                *(str(programs / "postgres"), "-D", str(data), "-p", str(self.port)),
                *("-c", "fsync=off"),  # what it has is thrown away
            ],
            self._folder / "log",
            self.connect,
        )

    def __enter__(self) -> Self:
        self._primary.allow_replication()
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # what it wrote is thrown away
            self._process.wait(WAIT_S)
        shutil.rmtree(self._folder, ignore_errors=True)


def either_of(primary: PostgresServer, standby: Standby, database: str) -> str:
    """One address for both: whichever takes writes."""
    hosts = "&".join(f"host=127.0.0.1:{port}" for port in (primary.port, standby.port))
    plain = primary.url(database).replace(f"@127.0.0.1:{primary.port}/", "@/")
    return f"{plain}?{hosts}&target_session_attrs=read-write"

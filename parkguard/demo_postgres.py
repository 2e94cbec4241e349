"""A PostgreSQL of the demo's own, on 127.0.0.1 alone, with SCRAM logins.

It refuses to run as root: then it is user ``postgres``, whom Debian's package makes, and who
may not be able to reach our folder. So its files are in a temporary one, gone with the server.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from parkguard.children import ProgramMissing, ServerNotStarted, die_with_parent
from parkguard.demo_servers import running, wait_for
from parkguard.passwords import new_secret
from parkguard.ports import free_ports

ACCOUNT = "postgres"
SUPERUSER = "root"
OWNER = "parkguard"
"""The role that the product logs in with: it owns its database and may do nothing else."""
DATABASE = "parkguard"

_CONF = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = {sessions_max}
shared_buffers = 32MB
password_encryption = scram-sha-256
log_min_messages = warning
"""
_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


def find_postgres() -> Path:
    """Give the folder of the newest installed server's programs.

    Raises:
        ProgramMissing: There is none.
    """
    versions = sorted(
        Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb"), key=lambda p: int(p.parts[4])
    )
    if not versions:
        raise ProgramMissing("PostgreSQL is not installed; run `apt-get install -y postgresql`")
    return versions[-1].parent


def account() -> str | None:
    """Who must run it; None = whoever we are."""
    return ACCOUNT if os.geteuid() == 0 else None


def format_conf(*, port: int, sessions_max: int = 100) -> str:
    """Give what is added to ``postgresql.conf``."""
    return _CONF.format(port=port, sessions_max=sessions_max)


def make_cluster(folder: Path, *, conf: str, password: str) -> list[str]:
    """Make a server's files below ``folder``; gives the command that runs it.

    Args:
        folder: Of its own, as ``tempfile.mkdtemp`` makes them.
        conf: Added to ``postgresql.conf``.
        password: Of the superuser.

    Raises:
        ProgramMissing: It is not installed.
        ServerNotStarted: With what initdb said.
    """
    programs, user = find_postgres(), account()
    folder.chmod(0o755)  # so that its user may pass; data is his alone
    data, word = folder / "data", folder / "word"
    data.mkdir(mode=0o700)
    word.touch(mode=0o600)
    word.write_text(password)
    if user is not None:
        shutil.chown(data, user)
        shutil.chown(word, user)
    done = subprocess.run(  # noqa: S603 - our own command
        die_with_parent(
            [
                str(programs / "initdb"),
                *("--pgdata", str(data), "--username", SUPERUSER, "--pwfile", str(word)),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"),
                "--no-sync",
            ],
            user=user,
        ),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    word.unlink()
    if done.returncode != 0:
        raise ServerNotStarted(f"initdb failed: {done.stderr.strip()}")
    with (data / "postgresql.conf").open("a") as file:
        file.write(conf)
    (data / "pg_hba.conf").write_text(_HBA)
    return [str(programs / "postgres"), "-D", str(data)]


def connect(
    port: int, password: str, database: str = "postgres"
) -> psycopg.Connection[tuple[object, ...]]:
    """A session of the superuser; every statement is a transaction of its own.

    Raises:
        psycopg.OperationalError: The server takes no logins now.
    """
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user=SUPERUSER,
        password=password,
        dbname=database,
        autocommit=True,
    )


@contextmanager
def own_postgres(*, logs: Path, password: str) -> Iterator[str]:
    """Run a server with an empty database while the block runs; gives the database's address.

    Args:
        logs: Folder of its output.
        password: Of ``OWNER``; not in the address.

    Raises:
        ProgramMissing: It is not installed.
        ServerNotStarted: It does not come up.
    """
    word = new_secret()
    (port,) = free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="parkguard-demo-"))
    log = logs / "postgres.log"
    try:
        command = make_cluster(folder, conf=format_conf(port=port), password=word)
        with running(command, log, cwd=Path("/"), user=account(), end_by=signal.SIGINT) as process:
            wait_for(process, log, lambda: _takes_logins(port, word), what="PostgreSQL")
            with connect(port, word) as session:
                session.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{password}'".encode())
                session.execute(
                    f"CREATE DATABASE {DATABASE} TEMPLATE template0 OWNER {OWNER}".encode()
                )
            yield f"postgresql+psycopg://{OWNER}@127.0.0.1:{port}/{DATABASE}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _takes_logins(port: int, password: str) -> bool:
    try:
        connect(port, password).close()
    except psycopg.OperationalError:
        return False
    return True

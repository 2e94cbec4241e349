"""Why the records database cannot be used, in one line that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

OLDEST = 14
"""PostgreSQL 13 gets no more fixes (end of life 2025-11). Tested on Debian's 15."""

_TODO = (
    ("password authentication failed", "write the role's password into the password file"),
    ("no password supplied", "write the role's password into the password file"),
    ("no pg_hba.conf entry", "let this host and role in: pg_hba.conf of the server"),
    ("certificate verify failed", "name who signed the server's certificate: sslrootcert"),
    ("does not match host name", "mend the host in records.url: as the certificate has it"),
    ("root certificate file", "mend sslrootcert in records.url: a file of certificates in PEM"),
    ("does not support SSL", "let the server speak TLS (ssl = on), or take sslmode away"),
    ("does not exist", "make role and database as docs/records.md says, or mend records.url"),
    ("too many", "raise max_connections of the server, or lower records.pool_max"),
    ("starting up", "wait: the server is starting"),
    ("shutting down", "start the server again"),
    ("could not translate host name", "mend the host in records.url"),
    ("failed to resolve host", "mend the host in records.url"),
    ("refused", "start the server, or mend host and port in records.url"),
    ("timeout", "look at network and firewall, or mend host and port in records.url"),
    ("permission denied", "make the role the database's owner: ALTER DATABASE ... OWNER TO ..."),
    ("lock timeout", "find who holds the lock: SELECT * FROM pg_stat_activity"),
)
_ELSE = "see the server's own log"


class RecordsUnusable(Exception):
    """The records database cannot be used; the message is one line: what is wrong, what to do."""

    def __init__(self, found: str, todo: str) -> None:
        """Keep both halves."""
        super().__init__(f"{found}: {todo}")
        self.found = found
        self.todo = todo


@contextmanager
def unusable_at(url: sa.URL) -> Iterator[None]:
    """Name what goes wrong with a server in the block.

    Raises:
        RecordsUnusable: The server is away, refuses us, or the schema is not to be had.
    """
    try:
        yield
    except sa.exc.DBAPIError as exc:
        said = " ".join(str(exc.orig).split())
        todo = next((todo for words, todo in _TODO if words in said), _ELSE)
        raise RecordsUnusable(f"records at {where(url)}: {said}", todo) from exc


def where(url: sa.URL) -> str:
    """Host, port and database: without names and secrets."""
    host = url.host or url.query.get("host") or "the local socket"
    return f"{host}:{url.port or 5432}/{url.database}"


def check_server(connection: sa.Connection) -> str:
    """Give the server's version; it must be new enough, hold UTF-8, and take writes.

    Raises:
        RecordsUnusable: It does not.
    """
    at = f"records at {where(connection.engine.url)}"
    asked = connection.exec_driver_sql(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
        " current_setting('server_encoding'), pg_is_in_recovery()"
    )
    number, version, encoding, is_standby = asked.one()
    if number < OLDEST * 10_000:
        raise RecordsUnusable(f"{at}: PostgreSQL {version}", f"use {OLDEST} or newer")
    if encoding != "UTF8":
        raise RecordsUnusable(
            f"{at}: the database holds {encoding}",
            "make it with ENCODING 'UTF8' (docs/records.md)",
        )
    if is_standby:
        raise RecordsUnusable(f"{at}: is a standby, read only", "name the primary in records.url")
    return f"PostgreSQL {str(version).split()[0]}"

"""What an error of SQLite or its files means: may it pass by itself, or must the process end."""

import errno
import sqlite3

_PRIMARY = 0xFF
"""The low byte of an extended result code is the primary one (sqlite.org/rescode.html)."""

_PASSING = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,  # a race for the WAL's locks, lost for 10 s
    }
)


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def may_pass(exc: BaseException | None) -> bool:
    """Whether waiting may help: a full disk or a lock. An I/O error never passes."""
    if isinstance(exc, OSError):
        return exc.errno in _NO_ROOM
    code = getattr(exc, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in _PASSING


def roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction that failed; harmless when SQLite has ended it already."""
    if connection.in_transaction:
        connection.rollback()

"""Telemetry in one SQLite file: a table a measurement, keyed (device, time, seq).

The embedded default. Writing a row twice changes nothing. The projector's own ledger (offset
and books) stands in a file of its own and moves after the rows are durable.
"""

import math
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from devices.errors import StoreError
from devices.telemetry import MEASUREMENTS, Row

EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000
"""Years 2000 to 2099: the core never sends another time (devices.units)."""
_SQL_TYPES = {"float": "REAL", "int": "INTEGER", "str": "TEXT"}
_MAY_PASS = ("locked", "busy", "full")


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _store_error(exc: sqlite3.Error) -> StoreError:
    text = str(exc)
    return StoreError(f"telemetry: {text}", may_pass=any(word in text for word in _MAY_PASS))


class SqliteTelemetry:
    """Writes and reads rows. One writer; any number of readers in other processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, and create what is missing in it."""
        self._db = _connect(path)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS device (n INTEGER PRIMARY KEY, id TEXT UNIQUE)"
        )
        for name, columns in MEASUREMENTS.items():
            fields = ", ".join(f'"{column}" {_SQL_TYPES[kind]}' for column, kind in columns.items())
            self._db.execute(
                f'CREATE TABLE IF NOT EXISTS "{name}" (device INTEGER, t_ms INTEGER, seq INTEGER, '
                f"{fields}, PRIMARY KEY (device, t_ms, seq)) WITHOUT ROWID"
            )
        self._numbers = dict(self._db.execute("SELECT id, n FROM device"))

    def write(self, rows: Sequence[Row]) -> None:
        """Store rows in one transaction; durable when this returns.

        Raises:
            StoreError: Nothing of the batch was stored.
            ValueError: A row that the core must never send (not finite, no such measurement).
        """
        tables: dict[str, list[tuple[object, ...]]] = {}
        for row in rows:
            _check(row)
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._number([row.device_id for row in rows if row.device_id not in self._numbers])
            for row in rows:
                key = (self._numbers[row.device_id], row.t_ms, row.seq)
                tables.setdefault(row.measurement, []).append((*key, *row.fields))
            for name, values in tables.items():
                marks = ", ".join("?" * (3 + len(MEASUREMENTS[name])))
                self._db.executemany(f'INSERT OR IGNORE INTO "{name}" VALUES ({marks})', values)  # noqa: S608 - names are our own
            self._db.execute("COMMIT")
        except sqlite3.Error as exc:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._numbers = dict(self._db.execute("SELECT id, n FROM device"))
            raise _store_error(exc) from exc

    def _number(self, ids: Sequence[str]) -> None:
        for device_id in dict.fromkeys(ids):
            cursor = self._db.execute("INSERT INTO device (id) VALUES (?)", (device_id,))
            self._numbers[device_id] = cursor.lastrowid or 0

    def track(
        self,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None = None,
        limit: int = 1000,
    ) -> list[Row]:
        """Fixes with a position of one device in [from_ms, to_ms], ascending by time and seq."""
        return self._select(
            "fix", device_id, (from_ms, to_ms), after, limit, " AND lat_deg IS NOT NULL"
        )

    def rows(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None = None,
        limit: int = 1000,
    ) -> list[Row]:
        """Rows of one measurement and device in [from_ms, to_ms], ascending by time and seq."""
        return self._select(measurement, device_id, (from_ms, to_ms), after, limit, "")

    def _select(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        device_id: str,
        period: tuple[int, int],
        after: tuple[int, int] | None,
        limit: int,
        where: str,
    ) -> list[Row]:
        columns = ", ".join(f'"{column}"' for column in MEASUREMENTS[measurement])
        cursor = self._db.execute(
            f'SELECT t_ms, seq, {columns} FROM "{measurement}" WHERE device = '  # noqa: S608 - names are our own
            "(SELECT n FROM device WHERE id = ?) AND t_ms BETWEEN ? AND ? AND (t_ms, seq) > (?, ?)"
            f"{where} ORDER BY t_ms, seq LIMIT ?",
            (device_id, *period, *(after or (period[0] - 1, 0)), limit),
        )
        return [Row(measurement, device_id, row[0], row[1], row[2:]) for row in cursor]

    def count(self, measurement: str) -> int:
        """Number of rows of a measurement."""
        (number,) = self._db.execute(f'SELECT count(*) FROM "{measurement}"').fetchone()  # noqa: S608 - our own name
        return int(number)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _check(row: Row) -> None:
    if len(row.fields) != len(MEASUREMENTS[row.measurement]):
        raise ValueError(f"{row.measurement} has {len(MEASUREMENTS[row.measurement])} fields")
    if not EARLIEST_MS <= row.t_ms < LATEST_MS:
        raise ValueError(f"t_ms {row.t_ms} is outside the years 2000 to 2099")
    if any(isinstance(value, float) and not math.isfinite(value) for value in row.fields):
        raise ValueError(f"a value of {row.measurement} is not finite")


class SqliteProjectLedger:
    """Offset and books of the projector, in one transaction."""

    def __init__(self, path: Path) -> None:
        """Open the file, and create what is missing in it."""
        self._db = _connect(path)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS offset "
            "(one INTEGER PRIMARY KEY, seq INTEGER, recv_ms INTEGER)"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS books (name TEXT, reason TEXT, count INTEGER, "
            "PRIMARY KEY (name, reason))"
        )

    def offset(self) -> int:
        """The committed offset, 0 at first."""
        row = self._db.execute("SELECT seq FROM offset").fetchone()
        return int(row[0]) if row else 0

    def commit(self, upto_seq: int, recv_ms: int, books: Mapping[tuple[str, str], int]) -> None:
        """Move the offset and add to the books in one transaction.

        Raises:
            StoreError: Nothing was stored.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO books VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
                "count = count + excluded.count",
                [(*key, count) for key, count in books.items() if count],
            )
            self._db.execute(
                "INSERT INTO offset VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET "
                "seq = excluded.seq, recv_ms = excluded.recv_ms",
                (upto_seq, recv_ms),
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as exc:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise _store_error(exc) from exc

    def books(self) -> dict[tuple[str, str], int]:
        """All counts by (name, reason)."""
        query = "SELECT name, reason, count FROM books"
        return {(name, reason): count for name, reason, count in self._db.execute(query)}

    def close(self) -> None:
        """Close the file."""
        self._db.close()

"""Telemetry in one SQLite file: a table a measurement, keyed (device, time, seq).

The embedded default. Writing a row twice changes nothing. The projector's own ledger (offset
and books) stands in a file of its own and moves after the rows are durable.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from devices.errors import StoreError
from devices.telemetry import MEASUREMENTS, Interval, Row
from stores.sqlite_errors import may_pass, roll_back
from stores.telemetry_charts import check_chart, check_intervals, filled
from stores.telemetry_rows import check_rows

_SQL_TYPES = {"float": "REAL", "int": "INTEGER", "str": "TEXT"}
_DEVICE = "device = (SELECT n FROM device WHERE id = ?)"
_PERIOD = f"{_DEVICE} AND t_ms BETWEEN ? AND ?"
_CACHE_KIB = 65_536
"""Pages kept in memory while writing: inner pages of the tables of 100,000 devices fit."""


class SqliteTelemetry:
    """Writes and reads rows. One writing process, any number of readers in others."""

    def __init__(self, path: Path) -> None:
        """Open the file, and create what is missing in it.

        Raises:
            StoreError: It cannot be opened.
        """
        self._lock = Lock()
        with _named("telemetry"):
            self._db = _connect(path)
            self._db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            if not self._is_whole():
                with _transaction(self._db):
                    self._create()
            self._numbers = self._known()

    def _is_whole(self) -> bool:
        """Whether all tables and columns are there: then a reader waits for no writer."""
        wanted = {"device": {"n", "id"}, **{name: set(each) for name, each in MEASUREMENTS.items()}}
        return all(columns <= self._columns(name) for name, columns in wanted.items())

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self._db.execute(f'PRAGMA table_info("{table}")')}

    def _create(self) -> None:
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS device (n INTEGER PRIMARY KEY, id TEXT UNIQUE)"
        )
        for name, columns in MEASUREMENTS.items():
            fields = ", ".join(f'"{column}" {_SQL_TYPES[kind]}' for column, kind in columns.items())
            self._db.execute(
                f'CREATE TABLE IF NOT EXISTS "{name}" (device INTEGER, t_ms INTEGER, seq INTEGER, '
                f"{fields}, PRIMARY KEY (device, t_ms, seq)) WITHOUT ROWID"
            )
            there = self._columns(name)
            for column, kind in columns.items():
                if column not in there:  # a file of yesterday
                    self._db.execute(f'ALTER TABLE "{name}" ADD "{column}" {_SQL_TYPES[kind]}')

    def write(self, rows: Sequence[Row]) -> None:
        """Store rows in one transaction; durable when this returns. The first row of a key stays.

        Raises:
            StoreError: Nothing of the batch was stored.
            ValueError: A row that the core must never send; nothing of the batch was stored.
        """
        check_rows(rows)
        if not rows:
            return
        with self._lock, _named("telemetry"):
            try:
                with _transaction(self._db):
                    self._number(rows)
                    for name in MEASUREMENTS:
                        self._insert(name, [row for row in rows if row.measurement == name])
            except BaseException:
                self._numbers = self._known()  # what was given out is rolled back
                raise

    def _insert(self, name: str, rows: Sequence[Row]) -> None:
        """In key order: neighbours share their pages."""
        if rows:
            names = ("device", "t_ms", "seq", *MEASUREMENTS[name])
            columns = ", ".join(f'"{column}"' for column in names)
            marks = ", ".join("?" * len(names))
            numbers = self._numbers
            keyed = sorted(
                ((numbers[row.device_id], row.t_ms, row.seq, row.fields) for row in rows),
                key=lambda keyed: keyed[:3],
            )
            self._db.executemany(
                f'INSERT OR IGNORE INTO "{name}" ({columns}) VALUES ({marks})',  # noqa: S608 - names are our own
                [(number, t_ms, seq, *fields) for number, t_ms, seq, fields in keyed],
            )

    def _number(self, rows: Sequence[Row]) -> None:
        for device_id in {row.device_id for row in rows} - self._numbers.keys():
            cursor = self._db.execute("INSERT INTO device (id) VALUES (?)", (device_id,))
            self._numbers[device_id] = cursor.lastrowid or 0

    def _known(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT id, n FROM device"))

    def track(
        self,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None = None,
        limit: int = 1000,
    ) -> list[Row]:
        """Fixes with a position of one device in [from_ms, to_ms], ascending by time and seq.

        Args:
            device_id: Registry id; an unknown one has no rows.
            from_ms: First time, ms UTC.
            to_ms: Last time, ms UTC.
            after: Key (t_ms, seq) of the last row of the page before.
            limit: Most rows.

        Raises:
            StoreError: The file cannot be read.
        """
        return self._select(
            "fix", device_id, (from_ms, to_ms), after, limit, " AND lat_deg NOTNULL"
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
        """Rows of one measurement and device; arguments and order as ``track``."""
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
        """A later page begins at its key: it does not walk over the pages before."""
        columns = ", ".join(f'"{column}"' for column in MEASUREMENTS[measurement])
        from_ms, to_ms = period
        above = after or (from_ms - 1, 0)
        query = (
            f'SELECT t_ms, seq, {columns} FROM "{measurement}" WHERE device = '  # noqa: S608 - names are our own
            "(SELECT n FROM device WHERE id = ?) AND t_ms BETWEEN ? AND ? AND (t_ms, seq) > (?, ?)"
            f"{where} ORDER BY t_ms, seq LIMIT ?"
        )
        values = (device_id, max(from_ms, above[0]), to_ms, *above, limit)
        with self._lock, _named("telemetry"):
            found = self._db.execute(query, values).fetchall()
        return [Row(measurement, device_id, row[0], row[1], row[2:]) for row in found]

    def history(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        column: str,
        device_id: str,
        from_ms: int,
        to_ms: int,
        every_ms: int,
    ) -> list[Interval]:
        """One measure by intervals of ``every_ms``, ascending; only those in which it was known.

        Raises:
            StoreError: The file cannot be read.
            ValueError: It cannot be drawn (``check_chart``).
        """
        check_chart(measurement, column, from_ms, to_ms, every_ms)
        query = (
            f'SELECT t_ms / ? * ?, avg("{column}"), min("{column}"), max("{column}"), count(*) '  # noqa: S608 - names are our own
            f'FROM "{measurement}" WHERE {_PERIOD} AND "{column}" NOTNULL GROUP BY 1 ORDER BY 1'
        )
        values = (every_ms, every_ms, device_id, from_ms, to_ms)
        with self._lock, _named("telemetry"):
            found = self._db.execute(query, values).fetchall()
        return [
            Interval(begin_ms, mean, float(least), float(most), rows)
            for begin_ms, mean, least, most, rows in found
        ]

    def availability(
        self, measurement: str, device_id: str, from_ms: int, to_ms: int, *, every_ms: int
    ) -> list[tuple[int, int]]:
        """Rows of each interval that touches the period as (begin_ms, rows), ascending.

        Raises:
            StoreError: The file cannot be read.
            ValueError: The intervals have no length, or are too many.
        """
        check_intervals(from_ms, to_ms, every_ms)
        query = f'SELECT t_ms / ? * ?, count(*) FROM "{measurement}" WHERE {_PERIOD} GROUP BY 1'  # noqa: S608 - our own name
        values = (every_ms, every_ms, device_id, from_ms, to_ms)
        with self._lock, _named("telemetry"):
            counts = dict(self._db.execute(query, values).fetchall())
        return filled(counts, from_ms, to_ms, every_ms)

    def count(self, measurement: str) -> int:
        """Number of rows of a measurement; walks over all of them."""
        with self._lock, _named("telemetry"):
            (number,) = self._db.execute(f'SELECT count(*) FROM "{measurement}"').fetchone()  # noqa: S608 - our own name
        return int(number)

    def erase(self, device_id: str) -> None:
        """Take every row of one device out; harmless when there is none.

        Raises:
            StoreError: Nothing was erased.
        """
        with self._lock, _named("telemetry"), _transaction(self._db):
            self._db.execute("PRAGMA secure_delete=ON")
            for name in MEASUREMENTS:
                self._db.execute(f'DELETE FROM "{name}" WHERE {_DEVICE}', (device_id,))  # noqa: S608 - our own name

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class SqliteProjectLedger:
    """Offset and books of the projector, in one transaction."""

    def __init__(self, path: Path) -> None:
        """Open the file, and create what is missing in it.

        Raises:
            StoreError: It cannot be opened.
        """
        with _named("project"):
            self._db = _connect(path)
            tables = "SELECT count(*) FROM sqlite_master WHERE name IN ('offset', 'books')"
            if self._db.execute(tables).fetchone() != (2,):  # a reader waits for no writer
                self._create()

    def _create(self) -> None:
        with _transaction(self._db):
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
        with _named("project"):
            row = self._db.execute("SELECT seq FROM offset").fetchone()
        return int(row[0]) if row else 0

    def commit(self, upto_seq: int, recv_ms: int, books: Mapping[tuple[str, str], int]) -> None:
        """Move the offset and add to the books in one transaction.

        One that ends at the committed offset is a repetition: its books count once.

        Raises:
            StoreError: Nothing was stored. A commit behind the offset is another projector's.
        """
        with _named("project"), _transaction(self._db):
            committed = self.offset()
            if upto_seq < committed:
                raise StoreError(
                    f"project: another projector is at entry {committed}, this one at {upto_seq}: "
                    "stop one of them",
                    may_pass=False,
                )
            if upto_seq == committed:
                return
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

    def books(self) -> dict[tuple[str, str], int]:
        """All counts by (name, reason)."""
        query = "SELECT name, reason, count FROM books"
        with _named("project"):
            found = self._db.execute(query).fetchall()
        return {(name, reason): count for name, reason, count in found}

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        roll_back(connection)


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        raise StoreError(f"{what}: {exc}", may_pass=may_pass(exc)) from exc

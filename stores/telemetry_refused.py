"""Rows that the telemetry store did not take: a small SQLite file for people to look at.

Derived and bounded: the books count every row, and the journal has what each was made from.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from devices.errors import StoreError
from devices.refused import RefusedRow, StoreReason
from devices.telemetry import Row
from stores.sqlite_errors import may_pass

KEPT_MAX = 10_000
"""Rows kept; further ones are only counted. They come from one fault and look alike."""


class SqliteRefusedRows:
    """Keeps refused rows by key. One writing process, any number of readers."""

    def __init__(self, path: Path) -> None:
        """Make the file at the first row only."""
        self._path = path

    def keep(self, refused: Sequence[RefusedRow]) -> None:
        """Keep them; the same one twice is one.

        Raises:
            StoreError: Nothing was kept.
        """
        if not refused:
            return
        rows = [
            (*one.row[:4], one.reason.value, one.said, msgspec.json.encode(one.row.fields))
            for one in refused
        ]
        with self._opened() as connection:
            (there,) = connection.execute("SELECT count(*) FROM refused").fetchone()
            connection.executemany(
                "INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows[: max(0, KEPT_MAX - there)],
            )

    def all(self) -> list[RefusedRow]:
        """Every row that is kept, by key."""
        if not self._path.exists():
            return []
        with self._opened() as connection:
            found = connection.execute("SELECT * FROM refused ORDER BY 1, 2, 3, 4").fetchall()
        return [
            RefusedRow(
                Row(measurement, device_id, t_ms, seq, tuple(msgspec.json.decode(fields))),
                StoreReason(reason),
                said,
            )
            for measurement, device_id, t_ms, seq, reason, said, fields in found
        ]

    def forget(self, device_id: str) -> None:
        """Delete one device's rows (erasure).

        Raises:
            StoreError: Nothing was deleted.
        """
        if self._path.exists():
            with self._opened() as connection:
                connection.execute("DELETE FROM refused WHERE device = ?", (device_id,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The file in one transaction; all of the block, or nothing."""
        try:
            connection = sqlite3.connect(self._path, timeout=10)
            try:
                with connection:
                    connection.execute("PRAGMA secure_delete = ON")
                    connection.execute(
                        "CREATE TABLE IF NOT EXISTS refused (measurement TEXT, device TEXT, "
                        "t_ms INTEGER, seq INTEGER, reason TEXT, said TEXT, fields BLOB, "
                        "PRIMARY KEY (measurement, device, t_ms, seq))"
                    )
                    yield connection
            finally:
                connection.close()
        except sqlite3.Error as exc:
            raise StoreError(f"refused rows: {exc}", may_pass=may_pass(exc)) from exc

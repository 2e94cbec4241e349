"""The journal on one machine: SQLite segments, group commit, ``synchronous=FULL``.

The writer is the receiver alone (a lock file holds it). Readers are in other processes; they
read by number in short statements, so that the WAL can be checkpointed under them.
"""

import fcntl
import os
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.entry import Entry, Incoming
from devices.errors import JournalError
from stores import journal_segments as files

_SCHEMA = """
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, recv_ms INTEGER NOT NULL,
    elapsed_ms INTEGER NOT NULL, flags INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE meta (one INTEGER PRIMARY KEY, control_upto INTEGER NOT NULL);
"""
_COLUMNS = "seq, kind, recv_ms, elapsed_ms, flags, topic, payload"
_CHECK_MAX_BYTES = 64 * 1_048_576
"""A newest segment up to this size is checked page by page at the writer's start."""
_MAY_PASS = ("full", "locked", "busy")


class SqliteJournalWriter:
    """Appends batches; one at a time, in one process."""

    def __init__(
        self, folder: Path, *, segment_bytes: int, reserve_bytes: int, now_ms: Callable[[], int]
    ) -> None:
        """Take the writer's lock and open the newest segment.

        Args:
            folder: Where the segments are; created when missing.
            segment_bytes: A batch that finds the segment larger begins a new one.
            reserve_bytes: Intake stops while less than this is free.
            now_ms: Wall clock, for the meta row only.

        Raises:
            JournalError: Another writer runs, or the newest segment is damaged.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._reserve = folder, reserve_bytes
        self._segment_bytes, self._now_ms = segment_bytes, now_ms
        self._lock = _lock(folder / "writer.lock")
        found = files.segments(folder)
        if found and found[-1].suffix == ".db":
            self._path = found[-1]
            _check(self._path)
            self._db = _open(self._path)
        else:
            self._path = files.segment_path(folder, 1)
            self._db = self._create(self._path, 0)
        self._last = self._db.execute("SELECT max(seq) FROM entry").fetchone()[0] or (
            files.first_of(self._path) - 1
        )

    def append(self, entries: Sequence[Incoming], *, control_upto: int | None = None) -> int:
        """Store the batch for good (fsync) and give the last number.

        Raises:
            JournalError: Nothing of the batch was stored.
        """
        if not entries:
            return self._last
        if files.free_bytes(self._folder) < self._reserve:
            raise JournalError(
                f"less than {self._reserve >> 20} MiB free in {self._folder}; free some space",
                may_pass=True,
            )
        if not self._path.exists():
            raise JournalError(f"{self._path} is gone; restore it or start anew", may_pass=False)
        try:
            if self._path.stat().st_size + self._wal_bytes() > self._segment_bytes:
                self._rotate()
            self._insert(entries, control_upto)
        except sqlite3.Error as exc:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            text = str(exc)
            may_pass = any(word in text for word in _MAY_PASS)
            raise JournalError(f"{self._path.name}: {text}", may_pass=may_pass) from exc
        self._last += len(entries)
        return self._last

    def _insert(self, entries: Sequence[Incoming], control_upto: int | None) -> None:
        first = self._last + 1
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(first + k, *entry) for k, entry in enumerate(entries)],
        )
        if control_upto is not None:
            self._db.execute("UPDATE meta SET control_upto = ?", (control_upto,))
        self._db.execute("COMMIT")

    def _rotate(self) -> None:
        """Begin a new segment; the old one is never written again."""
        path = files.segment_path(self._folder, self._last + 1)
        if path == self._path:
            return
        new = self._create(path, self.control_upto())
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()
        self._db, self._path = new, path

    def _create(self, path: Path, control_upto: int) -> sqlite3.Connection:
        """Make a complete, durable, empty segment and only then give it its name."""
        aside = path.with_suffix(".new")
        aside.unlink(missing_ok=True)
        made = sqlite3.connect(aside, isolation_level=None)
        made.executescript(_SCHEMA)
        made.execute("INSERT INTO meta VALUES (1, ?)", (control_upto,))
        made.close()
        aside.replace(path)
        files.sync_folder(self._folder)
        return _open(path)

    def _wal_bytes(self) -> int:
        wal = self._path.with_name(self._path.name + "-wal")
        return wal.stat().st_size if wal.exists() else 0

    def control_upto(self) -> int:
        """Highest control id in the journal, 0 when none."""
        return int(self._db.execute("SELECT control_upto FROM meta").fetchone()[0])

    def last(self) -> Entry | None:
        """The newest entry, also when the newest segment is still empty."""
        return _newest(self._folder)

    def close(self) -> None:
        """Close the segment and let the lock go."""
        self._db.close()
        os.close(self._lock)


class SqliteJournalReader:
    """Reads by number, over all segments, archived ones too."""

    def __init__(self, folder: Path) -> None:
        """Open nothing yet; the writer may come later."""
        self._folder = folder
        self._db: sqlite3.Connection | None = None
        self._first = 0
        self._following: int | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def read(self, after_seq: int, limit: int) -> list[Entry]:
        """Up to ``limit`` entries above ``after_seq``, ascending; of one segment at a time."""
        wanted = after_seq + 1
        ready = self._db is not None and self._holds(wanted)
        if not ready and not self._open_for(wanted):
            return []
        rows = self._rows(after_seq, limit)
        if not rows and self._moved_on(wanted):
            self._open_for(wanted)
            rows = self._rows(after_seq, limit)
        return rows

    def _rows(self, after_seq: int, limit: int) -> list[Entry]:
        if self._db is None:
            return []
        cursor = self._db.execute(
            f"SELECT {_COLUMNS} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - our own columns
            (after_seq, limit),
        )
        return [Entry(*row) for row in cursor.fetchall()]

    def _holds(self, seq: int) -> bool:
        return self._first <= seq and (self._following is None or seq < self._following)

    def _moved_on(self, seq: int) -> bool:
        """Whether a newer segment has begun that holds ``seq``."""
        if self._following is None:
            later = [
                first
                for p in files.segments(self._folder)
                if (first := files.first_of(p)) > self._first
            ]
            self._following = later[0] if later else None
        return self._following is not None and seq >= self._following

    def _open_for(self, seq: int) -> bool:
        """Open the segment that holds ``seq``, or the oldest one after it."""
        found = files.segments(self._folder)
        if not found:
            return False
        firsts = [files.first_of(path) for path in found]
        k = max((k for k, first in enumerate(firsts) if first <= seq), default=0)
        path = found[k]
        if self._db is not None:
            self._db.close()
        if path.suffix == ".zst":
            path = self._unpack(path)
        self._db = files.connect_reading(path)
        self._first = firsts[k]
        self._following = firsts[k + 1] if k + 1 < len(firsts) else None
        return True

    def _unpack(self, path: Path) -> Path:
        if self._scratch is not None:
            self._scratch.cleanup()
        self._scratch = tempfile.TemporaryDirectory(prefix="parkguard-journal-")
        return files.unpack(path, Path(self._scratch.name))

    def first_seq(self) -> int:
        """Number of the oldest entry still kept; 1 for a journal that lost nothing."""
        found = files.segments(self._folder)
        return files.first_of(found[0]) if found else 1

    def last_seq(self) -> int:
        """Number of the newest entry, 0 when empty."""
        newest = _newest(self._folder)
        return newest.seq if newest else 0

    def note(self, reader: str, seq: int) -> None:
        """Say that ``reader`` needs nothing up to ``seq`` any more."""
        files.note_reader(self._folder, reader, seq)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _newest(folder: Path) -> Entry | None:
    for path in reversed(files.segments(folder)):
        if path.suffix != ".db":
            return None
        connection = files.connect_reading(path)
        try:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM entry ORDER BY seq DESC LIMIT 1"  # noqa: S608 - our own columns
            ).fetchone()
        finally:
            connection.close()
        if row:
            return Entry(*row)
    return None


def _check(path: Path) -> None:
    """Refuse a damaged segment with what to do."""
    try:
        connection = sqlite3.connect(path, timeout=10)
        if path.stat().st_size <= _CHECK_MAX_BYTES:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        else:
            (answer,) = connection.execute("SELECT 'ok' FROM meta").fetchone()
        connection.close()
    except sqlite3.DatabaseError as exc:
        answer = str(exc)
    if answer != "ok":
        raise JournalError(
            f"{path} is damaged ({answer}). Move it aside, try `sqlite3 {path.name} .recover`, or "
            "restore it from a backup; entries already read by all parts are safe in their stores",
            may_pass=False,
        )


def _lock(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        pid = os.read(handle, 20).decode(errors="replace").strip()
        os.close(handle)
        raise JournalError(
            f"another receiver (process {pid or '?'}) writes this journal; stop it first",
            may_pass=False,
        ) from exc
    os.ftruncate(handle, 0)
    os.write(handle, f"{os.getpid()}\n".encode())
    return handle

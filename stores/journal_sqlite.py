"""The journal on one machine: SQLite segments, group commit, ``synchronous=FULL``.

The writer is the receiver alone (a lock file holds it). Readers are in ``journal_reading``,
retention is in ``journal_segments``.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from devices.entry import Entry, Incoming
from devices.errors import JournalError
from stores import journal_files as files
from stores.journal_format import (
    FORM,
    GROUP,
    INSERT_GROUP,
    INSERT_ONE,
    PAGE_BYTES,
    Stored,
    bring_up,
    form_of,
    with_checksum,
)
from stores.journal_opening import floor_of, hold_writer_lock, newest_segment
from stores.sqlite_errors import may_pass, roll_back

_WAL_BYTES = 16 << 20
"""Move the WAL's content into the segment when about so much is in it."""
_PAGES_A_COMMIT = 4
"""Pages a commit writes again beside its new ones: last leaf, its parents, meta."""
_WAIT_S = 1.0
"""Wait for somebody's lock so long within one append; the receiver tries again."""


def numbered(entries: Sequence[Incoming], first: int) -> list[Stored]:
    """Rows of a batch, from this number on."""
    return [with_checksum((seq, *entry)) for seq, entry in enumerate(entries, first)]


class SqliteJournalWriter:
    """Appends batches; one call at a time, in one process."""

    _db: sqlite3.Connection
    _first: int
    _last_seq: int
    _control_upto: int
    _pages: int
    _wal_pages: int

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int,
        reserve_bytes: int,
        now_ms: Callable[[], int],
        start_after: int = 0,
    ) -> None:
        """Take the writer's lock and open the newest segment, or begin the first one.

        Args:
            folder: Where the segments are; created when missing.
            segment_bytes: A batch that finds the segment larger begins a new one.
            reserve_bytes: Intake stops while less than this is free.
            now_ms: Wall clock, ms UTC; says when a segment was made.
            start_after: Numbers go on above this and above what readers noted, when the journal
                ends below (an older copy was put back): no reader may pass over new entries.

        Raises:
            JournalError: Another writer runs, or the newest segment is damaged or missing.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._now_ms = folder, now_ms
        self._segment_bytes, self._reserve_bytes = segment_bytes, reserve_bytes
        self._stopped = ""
        self._lock = hold_writer_lock(folder)
        try:
            with self._named():
                first = newest_segment(folder)
                floor = floor_of(folder, start_after)
                if first is None:
                    self._open(self._create(floor + 1, follows=0, control_upto=0))
                else:
                    self._go_on(first, floor)
        except JournalError:
            os.close(self._lock)
            raise

    def append(self, entries: Sequence[Incoming], *, control_upto: int | None = None) -> int:
        """Store the batch for good (fsync) and give the last number.

        Raises:
            JournalError: Nothing of the batch was stored.
        """
        if not entries:
            return self._last_seq
        if self._stopped:
            raise JournalError(self._stopped, may_pass=False)
        self._check_space()
        upto = self._control_upto if control_upto is None else control_upto
        with self._named():
            try:
                self._make_way()
                self._insert(entries, upto)
            finally:
                roll_back(self._db)
            self._check_files()
        self._last_seq += len(entries)
        self._control_upto = upto
        return self._last_seq

    def control_upto(self) -> int:
        """Highest control id in the journal, 0 when none."""
        return self._control_upto

    def last(self) -> Entry | None:
        """The newest entry, also when the newest segment is still empty."""
        for first in reversed(files.first_numbers(self._folder)):
            newest = files.newest_entry(self._folder, first)
            if newest is not None:
                return newest
        return None

    def close(self) -> None:
        """Close the segment and let the lock go."""
        self._db.close()
        os.close(self._lock)

    def _check_space(self) -> None:
        if files.free_bytes(self._folder) < self._reserve_bytes:
            raise JournalError(
                f"less than {self._reserve_bytes >> 20} MiB free for {self._folder}: free some "
                "space, intake goes on by itself",
                may_pass=True,
            )

    def _insert(self, entries: Sequence[Incoming], control_upto: int) -> None:
        rows = numbered(entries, self._last_seq + 1)
        whole = len(rows) // GROUP * GROUP
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            INSERT_GROUP,
            [tuple(chain(*rows[k : k + GROUP])) for k in range(0, whole, GROUP)],
        )
        self._db.executemany(INSERT_ONE, rows[whole:])
        if control_upto != self._control_upto:
            self._db.execute("UPDATE meta SET control_upto = ?", (control_upto,))
        self._db.execute("COMMIT")
        before, self._pages = self._pages, self._count_pages()
        self._wal_pages += self._pages - before + _PAGES_A_COMMIT

    def _make_way(self) -> None:
        """Checkpoint or rotate in time; an error here comes before anything is stored."""
        full = self._pages * PAGE_BYTES >= self._segment_bytes
        if full and self._last_seq >= self._first:
            self._rotate()
        elif self._wal_pages * PAGE_BYTES >= _WAL_BYTES:
            self._checkpoint()

    def _rotate(self) -> None:
        """Begin a new segment at a batch boundary; the old one is never written again."""
        self._checkpoint()
        self._check_files()
        self._begin(self._last_seq + 1)

    def _checkpoint(self) -> None:
        """Move the WAL into the segment. A reader in the middle of a statement leaves the rest."""
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._wal_pages = 0

    def _go_on(self, first: int, floor: int) -> None:
        """Go on in the newest segment, or begin one behind it.

        What an earlier process wrote is brought into the segment and synced first: pages whose sync
        failed look sound until the power goes, and so would what is written after them. While a
        reader holds the log, or when the segment has another form, a new one begins.
        """
        self._open(first)
        (held, _, _) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        empty = self._last_seq < first
        if empty:
            bring_up(self._db)
        if self._last_seq < floor:
            self._begin(floor + 1)
        elif not empty and (held or form_of(self._db) != FORM):
            self._begin(self._last_seq + 1)

    def _begin(self, first: int) -> None:
        """Open a new segment behind the one that is open."""
        old = self._db
        self._open(self._create(first, follows=self._last_seq, control_upto=self._control_upto))
        old.close()

    def _create(self, first: int, *, follows: int, control_upto: int) -> int:
        files.create_segment(
            self._folder,
            first,
            follows=follows,
            control_upto=control_upto,
            made_ms=self._now_ms(),
        )
        return first

    def _open(self, first: int) -> None:
        path = files.live_path(self._folder, first)
        database = files.connect_writing(path, wait_s=_WAIT_S)
        (last,) = database.execute("SELECT max(seq) FROM entry").fetchone()
        (upto,) = database.execute("SELECT control_upto FROM meta").fetchone()
        self._db, self._first = database, first
        self._last_seq = first - 1 if last is None else last
        self._control_upto = upto
        self._pages, self._wal_pages = self._count_pages(), 0
        self._written = [path, files.wal_path(path)]
        self._identity = self._identify()

    def _count_pages(self) -> int:
        return int(self._db.execute("PRAGMA page_count").fetchone()[0])

    def _identify(self) -> list[tuple[int, int]]:
        return [(stat.st_dev, stat.st_ino) for stat in map(os.stat, self._written)]

    def _check_files(self) -> None:
        """SQLite goes on writing into a deleted file: what it said is only true of a name."""
        if self._identify() != self._identity:
            raise FileNotFoundError("the files are other ones than those opened")

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Failures as ``JournalError``; after one that cannot pass nothing is taken any more."""
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            passing = may_pass(exc)
            reason = f"journal {self._folder}: {exc}"
            if not passing:
                self._stopped = f"{reason}. Mend it and start again; nothing was acknowledged"
            raise JournalError(self._stopped or reason, may_pass=passing) from exc

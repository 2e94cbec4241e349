"""The journal's readers: any number of them, in other processes, over all segments.

They read by number in short statements, so that the WAL can be checkpointed under them.
"""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import zstandard

from devices.entry import Entry
from devices.errors import JournalError
from stores import journal_files as files
from stores.journal_format import READ
from stores.sqlite_errors import may_pass

_RELIST_POLLS = 100
"""Every so many idle polls a reader lists the folder: numbers may go on above a hole."""


GLANCE = 50
"""Entries between two looks at how long they are: 3 MiB at most."""
READ_BYTES = 4 << 20
"""A read ends when its payloads are about this long: 2,000 messages of 64 KiB would be 128 MiB and
stop a reader for seconds. Ours."""


class SqliteJournalReader:
    """Reads by number, over all segments, archived ones too. One call at a time."""

    def __init__(self, folder: Path) -> None:
        """Open nothing yet; the writer may come later."""
        self._folder = folder
        self._firsts: list[int] = []
        self._opened: tuple[int, sqlite3.Connection] | None = None
        self._idle = 0

    def read(self, after_seq: int, limit: int) -> list[Entry]:
        """Up to ``limit`` entries above ``after_seq``, ascending; fewer when they are long.

        Raises:
            JournalError: A segment cannot be read.
        """
        found: list[Entry] = []
        after, left_bytes = after_seq, READ_BYTES
        while len(found) < limit and left_bytes > 0:
            following = self._following(after + 1)  # known before the rows are: it is closed then
            rows = self._rows(after, limit - len(found), left_bytes)
            if rows:
                found += rows
                after = rows[-1].seq
                left_bytes -= sum(len(row.payload) for row in rows)
            elif following is not None:
                after = following - 1
            elif not self._has_grown(after + 1):
                break
        return found

    def first_seq(self) -> int:
        """Number of the oldest entry still kept; 1 for a journal that lost nothing."""
        self._firsts = files.first_numbers(self._folder)
        return self._firsts[0] if self._firsts else 1

    def last_seq(self) -> int:
        """Number of the newest entry, 0 when empty."""
        for first in reversed(files.first_numbers(self._folder)):
            with readable(first):
                newest = files.newest_entry(self._folder, first)
            if newest is not None:
                return newest.seq
        return 0

    def note(self, reader: str, seq: int) -> None:
        """Say that ``reader`` needs nothing up to ``seq`` any more."""
        files.note_reader(self._folder, reader, seq)

    def close(self) -> None:
        """Close the segment that is open."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def _following(self, seq: int) -> int | None:
        """First number of the segment after the one that ``seq`` belongs to."""
        place = bisect_right(self._firsts, seq)
        return self._firsts[max(place, 1)] if max(place, 1) < len(self._firsts) else None

    def _rows(self, after: int, limit: int, most_bytes: int) -> list[Entry]:
        if not self._firsts:
            return []
        first = self._firsts[max(bisect_right(self._firsts, after + 1) - 1, 0)]
        with readable(first):
            try:
                connection = self._segment(first)
            except FileNotFoundError:  # dropped since it was listed
                self._firsts.remove(first)
                return []
            rows = connection.execute(READ, (after, limit))
            found: list[Entry] = []
            while most_bytes > 0 and (more := list(map(Entry._make, islice(rows, GLANCE)))):
                found += more
                most_bytes -= sum(len(row.payload) for row in more)
            return found

    def _segment(self, first: int) -> sqlite3.Connection:
        if self._opened is None or self._opened[0] != first:
            self.close()
            self._opened = (first, files.connect_reading(self._folder, first))
        return self._opened[1]

    def _has_grown(self, seq: int) -> bool:
        """Whether there are segments that were not listed yet.

        Without a hole the next one begins with ``seq``, so that one look at its name is enough.
        """
        self._idle += 1
        begun = seq not in self._firsts and files.live_path(self._folder, seq).exists()
        if not begun and self._firsts and self._idle % _RELIST_POLLS:
            return False
        listed, self._firsts = self._firsts, files.first_numbers(self._folder)
        return self._firsts != listed


@contextmanager
def readable(first: int) -> Iterator[None]:
    """Says of what cannot be read the segment's name, and what to do.

    Raises:
        JournalError: It cannot be read.
    """
    try:
        yield
    except (sqlite3.Error, zstandard.ZstdError, OSError) as exc:
        raise JournalError(
            f"journal segment {first:012d}: {exc}; see `parkguard journal verify`",
            may_pass=may_pass(exc),
        ) from exc

"""Reads of the journal only what is wanted: SQLite looks at kind and topic, the rest stays bytes.

There is no index but the numbers: every entry of the time that is asked for is looked at, a stretch
at a time, and only those that are wanted become rows in Python (docs/journal.md).
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from devices.entry import Entry
from devices.model import DeviceClass
from stores import journal_files as files
from stores.journal_format import COLUMNS
from stores.journal_reading import GLANCE, READ_BYTES, SqliteJournalReader, readable

STRETCH = 20_000
"""Entries that are looked at in one statement: some 10 ms, so that a deadline is kept. Ours."""
_PICK = f"""
    SELECT {COLUMNS} FROM entry WHERE seq > :after AND seq <= :upto AND (
        kind <> 0 OR topic IN (SELECT value FROM json_each(:topics))
        OR (:foreign AND substr(topic, 1, :size) <> :prefix)
    ) ORDER BY seq LIMIT :limit
"""  # noqa: S608 - our own columns
_EVENTS = f"""
    SELECT {COLUMNS} FROM entry WHERE seq > :after AND seq <= :upto AND kind = 0
        AND substr(topic, 1, :size) = :prefix AND topic LIKE '%/event'
    ORDER BY seq LIMIT :limit
"""  # noqa: S608 - our own columns
_CONTROLS = f"""
    SELECT {COLUMNS} FROM entry WHERE seq > :after AND seq <= :upto AND kind = 1
    ORDER BY seq LIMIT :limit
"""  # noqa: S608 - our own columns
_LAST = "SELECT max(seq) FROM entry"
_AT = "SELECT seq, recv_ms FROM entry WHERE seq >= ? ORDER BY seq LIMIT 1"


class Wanted:
    """Which entries: a query, and its values beside the stretch."""

    def __init__(self, query: str, values: Mapping[str, object]) -> None:
        """Keep them."""
        self.query, self.values = query, dict(values)


class Said(Wanted):
    """Messages of these topics, all that people did, all ticks."""

    def __init__(self, topics: Collection[str], *, up: str, foreign: bool) -> None:
        """Name them; ``foreign``: and all topics that do not begin with ``up``."""
        listed = msgspec.json.encode(sorted(topics)).decode()
        values = {"topics": listed, "prefix": up, "size": len(up), "foreign": foreign}
        super().__init__(_PICK, values)


class Controls(Wanted):
    """What people did, and nothing else."""

    def __init__(self) -> None:
        """There is one kind of it."""
        super().__init__(_CONTROLS, {})


class TrackerEvents(Wanted):
    """Events of all trackers, and nothing else."""

    def __init__(self, up: str) -> None:
        """``up``: how every topic of ours begins, with a slash at its end."""
        prefix = f"{up}{DeviceClass.TRACKER.value}/"
        super().__init__(_EVENTS, {"prefix": prefix, "size": len(prefix)})


class Picked(NamedTuple):
    """What was wanted, ascending; all up to ``upto_seq`` was looked at.

    Attributes:
        upto_seq: Not above where it began: there is nothing more.
    """

    entries: list[Entry]
    upto_seq: int


class JournalPicker(SqliteJournalReader):
    """A reader that finds a time, and passes over what nobody asks for."""

    def __init__(self, folder: Path) -> None:
        """Open nothing yet."""
        super().__init__(folder)
        self._last: tuple[int, int] = (-1, 0)

    def pick(self, after_seq: int, wanted: Wanted, *, limit: int, upto_seq: int) -> Picked:
        """What is wanted of the next entries above ``after_seq``, none above ``upto_seq``.

        Raises:
            JournalError: A segment cannot be read.
        """
        if not self._firsts:
            self.first_seq()
        while after_seq < upto_seq and self._firsts:
            first = self._firsts[max(bisect_right(self._firsts, after_seq + 1) - 1, 0)]
            last = min(self._last_of(first), upto_seq)
            if after_seq < last:
                return self._picked(first, after_seq, min(last, after_seq + STRETCH), wanted, limit)
            following = self._following(after_seq + 1)
            if following is None:
                break
            after_seq = following - 1
        return Picked([], after_seq)

    def first_since(self, since_ms: int) -> int:
        """Number of the first entry received at ``since_ms`` or later; above the newest: none.

        A wall clock that was set back makes it one of several; what is read too much is harmless.

        Raises:
            JournalError: A segment cannot be read.
        """
        self.first_seq()
        for first in list(self._firsts):
            with readable(first):
                ends_ms = files.ends_ms(self._folder, first)
            if ends_ms is not None and ends_ms >= since_ms:
                found = self._halved(first, since_ms)
                if found is not None:
                    return found
        return self.last_seq() + 1

    def newest(self) -> tuple[int, int]:
        """Number of the newest entry, and when it was received, ms UTC; zeros when empty.

        Raises:
            JournalError: A segment cannot be read.
        """
        for first in reversed(files.first_numbers(self._folder)):
            with readable(first):
                newest = files.newest_entry(self._folder, first)
            if newest is not None:
                return newest.seq, newest.recv_ms
        return 0, 0

    def received_ms(self, seq: int) -> int:
        """When the entry of this number, or the next one, was received, ms UTC; 0: there is none.

        Raises:
            JournalError: A segment cannot be read.
        """
        found = self.read(seq - 1, 1)
        return found[0].recv_ms if found else 0

    def _picked(self, first: int, after: int, upto: int, wanted: Wanted, limit: int) -> Picked:
        values = wanted.values | {"after": after, "upto": upto, "limit": limit}
        left_bytes, found = READ_BYTES, list[Entry]()
        with readable(first):
            rows = self._segment(first).execute(wanted.query, values)
            while more := list(map(Entry._make, islice(rows, GLANCE))):
                found += more
                left_bytes -= sum(len(row.payload) for row in more)
                if left_bytes <= 0:
                    return Picked(found, found[-1].seq)
        return Picked(found, found[-1].seq if len(found) == limit else upto)

    def _last_of(self, first: int) -> int:
        """Number of a segment's last entry; of the newest one it may grow."""
        if self._last[0] != first or first == self._firsts[-1]:
            with readable(first):
                (last,) = self._segment(first).execute(_LAST).fetchone()
            self._last = (first, last or 0)
        return self._last[1]

    def _halved(self, first: int, since_ms: int) -> int | None:
        low, high = first, self._last_of(first) + 1
        end = high
        with readable(first):
            connection = self._segment(first)
            while low < high:
                middle = (low + high) // 2
                found = connection.execute(_AT, (middle,)).fetchone()
                if found is None or found[1] >= since_ms:
                    high = middle
                else:
                    low = found[0] + 1
        return low if low < end else None

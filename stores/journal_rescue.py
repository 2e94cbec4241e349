"""Save what can be read of a damaged segment; the damaged files are put aside, never changed."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from devices.errors import JournalError
from stores import journal_files as files
from stores.files import sync
from stores.journal_format import (
    COLUMNS,
    FORM,
    INSERT_ONE,
    Fields,
    form_of,
    is_sound,
    make_tables,
    with_checksum,
)
from stores.journal_opening import hold_writer_lock

_ROWS_A_READ = 1_000
_GIVE_UP = 20_000
"""So many numbers in a row without an entry end the search: a page holds at most some hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescued:
    """What came of it.

    Attributes:
        saved: Entries in the new segment.
        missing: Numbers between them that could not be read, as (first, last).
        last: The newest number saved, the one before the segment when none.
        aside: Where the damaged files are now.
    """

    saved: int
    missing: tuple[tuple[int, int], ...]
    last: int
    aside: Path


def rescue(folder: Path, first: int, *, now_ms: int) -> Rescued:
    """Replace a segment by one of all its sound entries; the receiver must not run.

    Args:
        folder: The journal.
        first: Which segment, by its first number.
        now_ms: Wall clock, ms UTC; names the folder of the damaged files.

    Raises:
        JournalError: The receiver runs, or nothing of the segment can be read.
    """
    lock = hold_writer_lock(folder)
    try:
        live = files.live_path(folder, first)
        if not live.exists():
            raise JournalError(f"{live} is not there, or archived", may_pass=False)
        fresh = files.aside_of(live)
        saved, missing, last = _copy_sound(folder, first, fresh)
        aside = folder / f"{files.DAMAGED}{first:012d}-{now_ms}"
        aside.mkdir(mode=0o700)
        for path in (live, files.wal_path(live), files.index_path(live)):
            if path.exists():
                path.rename(aside / path.name)
        fresh.replace(live)
        sync(folder)
        return Rescued(saved=saved, missing=missing, last=last, aside=aside)
    except (sqlite3.Error, OSError) as exc:
        raise JournalError(
            f"{folder.name}/{first:012d}.db: {exc}; nothing of it can be saved this way: put it "
            "back from a backup, or move it away",
            may_pass=False,
        ) from exc
    finally:
        os.close(lock)


def _copy_sound(
    folder: Path, first: int, fresh: Path
) -> tuple[int, tuple[tuple[int, int], ...], int]:
    saved, last = 0, first - 1
    missing: list[tuple[int, int]] = []
    with (
        closing(files.connect_reading(folder, first)) as damaged,
        closing(files.begin_file(fresh)) as made,
    ):
        form = form_of(damaged)
        follows = "follows" if form == FORM else str(first - 1)
        row = damaged.execute(f"SELECT control_upto, made_ms, {follows} FROM meta").fetchone()  # noqa: S608 - our own words
        make_tables(made, control_upto=row[0], made_ms=row[1], follows=row[2])
        made.execute("BEGIN")
        for fields in _sound(damaged, first, form):
            if fields[0] != last + 1:
                missing.append((last + 1, fields[0] - 1))
            made.execute(INSERT_ONE, with_checksum(fields))
            saved, last = saved + 1, fields[0]
        made.execute("COMMIT")
    sync(fresh)
    return saved, tuple(missing), last


def _sound(damaged: sqlite3.Connection, first: int, form: int) -> Iterator[Fields]:
    """Every entry that can be read and is what was written, ascending."""
    summed = ", checksum" if form == FORM else ""
    query = f"SELECT {COLUMNS}{summed} FROM entry WHERE seq"  # noqa: S608 - our own columns
    seq, missed = first, 0
    while missed < _GIVE_UP:
        try:
            bounds = (seq, seq + _ROWS_A_READ)
            rows = damaged.execute(f"{query} >= ? AND seq < ? ORDER BY seq", bounds).fetchall()
        except sqlite3.DatabaseError:
            rows = list(_one_by_one(damaged, f"{query} = ?", seq))
        seq += _ROWS_A_READ
        missed = 0 if rows else missed + _ROWS_A_READ
        for row in rows:
            if not summed or is_sound(row):
                yield row[:7]


def _one_by_one(damaged: sqlite3.Connection, query: str, begin: int) -> Iterator[Fields]:
    for seq in range(begin, begin + _ROWS_A_READ):
        try:
            yield from damaged.execute(query, (seq,))
        except sqlite3.DatabaseError:
            continue

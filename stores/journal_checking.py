"""Whether a segment of the journal is whole: its log, its pages, its entries. Writes nothing."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from devices.entry import Entry
from stores import journal_files as files
from stores.journal_format import COLUMNS, FORM, form_of, is_sound
from stores.journal_wal import damage_of

CHECK_MAX_BYTES = 1 << 30
"""A larger newest segment is not checked page by page at a start. quick_check takes 2.1 s a GiB
in memory (measured 2026-11-25); segments have 256 MiB unless set otherwise."""
CHECK_ROWS = 100_000
"""So many of the newest entries are read again at a start, about 0.4 s (measured 2026-11-28)."""
_FAULTS = 5
"""More faults of one segment are counted, not listed."""
_ROWS_A_READ = 2_000
"""Short statements: the writer's checkpoints go on meanwhile."""
_READ = f"SELECT {COLUMNS}{{}} FROM entry WHERE seq > ? ORDER BY seq LIMIT {_ROWS_A_READ}"  # noqa: S608 - our own columns
_PLAIN_HEAD, _PACKED_HEAD = b"SQLite format 3\0", b"\x28\xb5\x2f\xfd"


@dataclass(slots=True, kw_only=True)
class Checked:
    """What reading a segment through has shown.

    Attributes:
        first: Number it is named by.
        rows: Entries that were read.
        last: Number of its newest entry; ``first - 1`` when it has none.
        follows: The newest number before it as its writer knew it, None when it does not say.
        elapsed_ms: Steady clock of its newest entry, 0 for none.
        faults: What is wrong, at most a few, and how many more.
    """

    first: int
    rows: int = 0
    last: int
    follows: int | None = None
    elapsed_ms: int = 0
    faults: list[str] = field(default_factory=list)


def check_newest(folder: Path, first: int) -> str:
    """What is wrong with the segment that is to be written, or "", in bounded time."""
    try:
        with ExitStack() as after, closing(files.connect_reading(folder, first)) as connection:
            live = files.live_path(folder, first)
            (last,) = connection.execute("SELECT max(seq) FROM entry").fetchone()
            checked = Checked(first=first, last=max(first - 1, (last or 0) - CHECK_ROWS))
            small = live.stat().st_size <= CHECK_MAX_BYTES
            for fault in _faults_of_file(connection, live, after, pages=small):
                return fault
            _read_through(connection, checked, lambda _rows: None, holes=False)
            return "; ".join(checked.faults)
    except sqlite3.DatabaseError as exc:
        return str(exc)


def check_whole(
    folder: Path, first: int, *, before: Checked | None, progressed: Callable[[int], None]
) -> Checked:
    """Read a whole segment, archived or not, beside a running writer.

    Args:
        folder: The journal.
        first: Which segment.
        before: The segment before it, to see that nothing is missing between them.
        progressed: Told of every few rows that were read.

    Raises:
        FileNotFoundError: It was dropped meanwhile.
        OSError: There is no room to unpack it, or it cannot be read by this user.
    """
    checked = Checked(first=first, last=first - 1)
    try:
        with ExitStack() as after, closing(files.connect_reading(folder, first)) as connection:
            live = files.live_path(folder, first)
            checked.faults += _faults_of_file(connection, live, after, pages=True)
            if form_of(connection) == FORM:
                (checked.follows,) = connection.execute("SELECT follows FROM meta").fetchone()
            checked.elapsed_ms = before.elapsed_ms if before else 0
            checked.faults += _missing_between(before, checked)
            _read_through(connection, checked, progressed, holes=True)
    except (sqlite3.DatabaseError, zstandard.ZstdError) as exc:
        checked.faults.append(str(exc))
    if len(checked.faults) > _FAULTS:
        checked.faults[_FAULTS:] = [f"and {len(checked.faults) - _FAULTS} faults more"]
    return checked


def verify(folder: Path, progressed: Callable[[int], None]) -> Iterator[Checked]:
    """Check every segment of a journal, oldest first; ``progressed`` as in ``check_whole``."""
    before = None
    for first in files.first_numbers(folder):
        try:
            before = check_whole(folder, first, before=before, progressed=progressed)
        except FileNotFoundError:  # dropped since it was listed
            before = None
        else:
            yield before


def faults_of_closed(folder: Path) -> list[str]:
    """What is wrong with closed segments by their first bytes alone; 13 us each (2026-11-28)."""
    found = [_glance(folder, first) for first in files.first_numbers(folder)[:-1]]
    return [fault for fault in found if fault]


def _glance(folder: Path, first: int) -> str:
    live = files.live_path(folder, first)
    path, head = live, _PLAIN_HEAD
    if not live.exists():
        path, head = files.archive_path(folder, first), _PACKED_HEAD
    try:
        with path.open("rb") as file:
            return "" if file.read(len(head)) == head else f"{path.name} is no segment"
    except FileNotFoundError:
        return ""  # dropped meanwhile
    except OSError as exc:
        return f"{path.name}: {exc.strerror}"


def _faults_of_file(
    connection: sqlite3.Connection, live: Path, after_connection: ExitStack, *, pages: bool
) -> Iterator[str]:
    """Faults of its log and, when asked for, of its pages; ``damage_of`` says what outlives it."""
    damage = damage_of(files.wal_path(live), files.index_path(live), after_connection)
    if damage:
        yield damage
    if pages:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            yield " ".join(answer.split())


def _missing_between(before: Checked | None, checked: Checked) -> Iterator[str]:
    """What the writer had before this segment and is not there."""
    if before is not None and not before.faults and checked.follows is not None:
        if checked.follows > before.last:
            yield f"entries {before.last + 1} to {checked.follows} before it are missing"
        elif checked.follows < before.last:
            yield f"it goes on from {checked.follows}, not from {before.last} before it"


def _read_through(
    connection: sqlite3.Connection,
    checked: Checked,
    progressed: Callable[[int], None],
    *,
    holes: bool,
) -> None:
    """Read all entries above ``checked.last``: checksums, numbers without holes, a steady clock."""
    summed = form_of(connection) == FORM
    query = _READ.format(", checksum" if summed else "")
    while rows := connection.execute(query, (checked.last,)).fetchall():
        for row in rows:
            entry = Entry._make(row[:7])
            if holes and entry.seq != checked.last + 1:
                missing = f"entries {checked.last + 1} to {entry.seq - 1} are missing"
                checked.faults.append(missing)
            if summed and not is_sound(row):
                checked.faults.append(f"entry {entry.seq} is not what was written (checksum)")
            elif holes and entry.elapsed_ms < checked.elapsed_ms:
                checked.faults.append(f"entry {entry.seq} is before the one in front of it")
            else:
                checked.elapsed_ms = entry.elapsed_ms
            checked.last = entry.seq
        checked.rows += len(rows)
        progressed(len(rows))

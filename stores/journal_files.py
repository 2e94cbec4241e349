"""The journal's files: ``{first number}.db`` segments, ``.db.zst`` archives, reader notes.

A segment is a SQLite file in WAL mode; its name is the number of its first entry. The newest one
is written, the others are closed and never change.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import zstandard

from devices.entry import Entry
from stores.files import sync
from stores.journal_format import NEWEST, PAGE_BYTES, make_tables

LIVE, ARCHIVED = ".db", ".db.zst"
NOTES = "readers"
DAMAGED = "damaged-"
"""Folders of files that a rescue put aside."""


def live_path(folder: Path, first: int) -> Path:
    """The plain file of a segment."""
    return folder / f"{first:012d}{LIVE}"


def archive_path(folder: Path, first: int) -> Path:
    """The compressed file of a segment."""
    return folder / f"{first:012d}{ARCHIVED}"


def first_numbers(folder: Path) -> list[int]:
    """First numbers of all segments, ascending; empty when there is no folder yet."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    found = {name.removesuffix(".zst").removesuffix(LIVE) for name in names if _is_segment(name)}
    return sorted(int(number) for number in found if number.isdecimal())


def create_segment(
    folder: Path, first: int, *, follows: int, control_upto: int, made_ms: int
) -> Path:
    """Make a complete, durable, empty segment, and only then give it its name.

    One that is there already was left by a failure right after this; it is as good. ``follows``
    is the newest number before it, 0 when there is none.
    """
    path = live_path(folder, first)
    if path.exists():
        return path
    aside = aside_of(path)
    with closing(begin_file(aside)) as made:
        make_tables(made, follows=follows, control_upto=control_upto, made_ms=made_ms)
    sync(aside)
    for left in (wal_path(path), index_path(path)):
        left.unlink(missing_ok=True)  # of a deleted file: SQLite would put it into this one
    aside.replace(path)
    sync(folder)
    return path


def aside_of(path: Path) -> Path:
    """Where a file is made before it gets its name."""
    return path.with_name(f".{path.name}.new")


def begin_file(aside: Path) -> sqlite3.Connection:
    """Begin a segment's file, empty and ours alone, in place of what a killed process left."""
    aside.unlink(missing_ok=True)
    os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(aside, isolation_level=None)
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    return connection


def connect_writing(path: Path, *, wait_s: float) -> sqlite3.Connection:
    """A connection for the segment's only writer; it checkpoints when told to."""
    connection = sqlite3.connect(
        path, timeout=wait_s, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")  # SQLite would keep its errors to itself
    return connection


def connect_reading(folder: Path, first: int) -> sqlite3.Connection:
    """A connection that only reads a segment, archived or not; another process may write.

    Raises:
        FileNotFoundError: The segment was dropped.
    """
    live = live_path(folder, first)
    try:
        return _connect(live, "mode=ro")
    except sqlite3.OperationalError:
        if live.exists():
            raise
    with _unpacked(archive_path(folder, first)) as plain:
        return _connect(plain, "mode=ro&immutable=1")


def free_bytes(folder: Path) -> int:
    """Free space on the disk of a folder, for this user."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def wal_path(live: Path) -> Path:
    """The write-ahead log beside a segment."""
    return live.with_name(live.name + "-wal")


def index_path(live: Path) -> Path:
    """The index of that log, made anew whenever it is missing."""
    return live.with_name(live.name + "-shm")


def newest_entry(folder: Path, first: int) -> Entry | None:
    """The newest entry of one segment."""
    with closing(connect_reading(folder, first)) as connection:
        row = connection.execute(NEWEST).fetchone()
    return None if row is None else Entry(*row)


def ends_ms(folder: Path, first: int) -> int | None:
    """When the newest entry of a segment was received, ms UTC; an archive is not unpacked for it.

    Never too early: ``retire`` dates an archive so, and a copy is dated later.
    """
    if not live_path(folder, first).exists():
        return archive_path(folder, first).stat().st_mtime_ns // 1_000_000
    newest = newest_entry(folder, first)
    return None if newest is None else newest.recv_ms


def note_reader(folder: Path, reader: str, seq: int) -> None:
    """Say that a reader needs nothing up to ``seq``. Not synced: behind its offset at worst."""
    notes = folder / NOTES
    notes.mkdir(parents=True, exist_ok=True)
    aside = notes / f".{reader}.{os.getpid()}"
    aside.write_text(f"{seq}\n", encoding="ascii")
    aside.replace(notes / reader)


def noted_readers(folder: Path) -> dict[str, int]:
    """How far every reader that ever noted is; a torn note counts as 0."""
    noted = {}
    for path in (folder / NOTES).glob("[!.]*"):
        text = path.read_text(encoding="ascii", errors="replace").strip()
        noted[path.name] = int(text) if text.isdecimal() else 0
    return noted


def _is_segment(name: str) -> bool:
    return name.endswith((LIVE, ARCHIVED)) and not name.startswith(".")


def _connect(path: Path, how: str) -> sqlite3.Connection:
    """Open and touch the file, so that it stays readable whatever becomes of its name."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{how}",
        uri=True,
        timeout=10,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("SELECT 1 FROM meta").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@contextmanager
def _unpacked(packed: Path) -> Iterator[Path]:
    """A plain copy beside the journal (its disk is the one with room), gone when opened.

    A reader killed while it unpacks leaves a hidden ``.reading-*`` file; ``retire`` removes it.
    """
    with (
        packed.open("rb") as source,
        tempfile.NamedTemporaryFile(dir=packed.parent, prefix=".reading-") as plain,
    ):
        zstandard.ZstdDecompressor().copy_stream(source, plain)
        plain.flush()
        yield Path(plain.name)

"""The journal's files: ``{first number}.db`` segments, archived ones as ``.db.zst``, reader notes.

A segment is a SQLite file in WAL mode; its name is the number of its first entry. A closed one
that every reader is past is compressed, and dropped when its retention is over.
"""

import os
import shutil
import sqlite3
from itertools import pairwise
from pathlib import Path

import zstandard

ARCHIVE_LEVEL = 3
"""zstd level: about a tenth of the size at some 200 MB/s."""


def segment_path(folder: Path, first_seq: int) -> Path:
    """The live file of a segment."""
    return folder / f"{first_seq:012d}.db"


def first_of(path: Path) -> int:
    """Number of a segment's first entry, from its name."""
    return int(path.name.split(".", 1)[0])


def segments(folder: Path) -> list[Path]:
    """Live and archived segments, oldest first; of one that is both, the live one."""
    found = {first_of(path): path for path in folder.glob("*.db.zst")}
    found |= {first_of(path): path for path in folder.glob("*.db")}
    return [found[first] for first in sorted(found)]


def connect_reading(path: Path) -> sqlite3.Connection:
    """A connection that only reads; another process may write."""
    connection = sqlite3.connect(
        f"file:{path}?mode=ro", uri=True, timeout=10, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA query_only=ON")
    return connection


def unpack(path: Path, scratch: Path) -> Path:
    """Unpack an archived segment into ``scratch``; gives the plain file."""
    plain = scratch / path.name.removesuffix(".zst")
    with path.open("rb") as packed, plain.open("wb") as out:
        zstandard.ZstdDecompressor().copy_stream(packed, out)
    return plain


def note_reader(folder: Path, reader: str, seq: int) -> None:
    """Say that a reader needs nothing up to ``seq``. Advisory: always behind its real offset."""
    notes = folder / "readers"
    notes.mkdir(exist_ok=True)
    aside = notes / f".{reader}.tmp"
    aside.write_text(f"{seq}\n", encoding="ascii")
    aside.replace(notes / reader)


def noted_readers(folder: Path) -> dict[str, int]:
    """Every reader that ever noted an offset."""
    notes = folder / "readers"
    return {path.name: int(path.read_text(encoding="ascii")) for path in notes.glob("[a-z]*")}


def retire(folder: Path, *, now_ms: int, retention_ms: int, readers: tuple[str, ...]) -> None:
    """Archive closed segments that ``readers`` are past; drop them after the retention.

    A reader that never noted an offset holds everything.
    """
    noted = noted_readers(folder)
    passed = min(noted.get(reader, 0) for reader in readers)
    files = segments(folder)
    for path, following in pairwise(files):
        if first_of(following) - 1 > passed:
            return
        if path.suffix == ".db":
            path = _archive(path)  # noqa: PLW2901 - the same segment, smaller
        if path.stat().st_mtime * 1000 < now_ms - retention_ms:
            path.unlink()


def _archive(path: Path) -> Path:
    """Compress one closed segment; its time is kept."""
    with sqlite3.connect(path, timeout=10, isolation_level=None) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    stat = path.stat()
    packed = path.with_name(path.name + ".zst")
    aside = path.with_name(path.name + ".tmp")
    with path.open("rb") as plain, aside.open("wb") as out:
        zstandard.ZstdCompressor(level=ARCHIVE_LEVEL).copy_stream(plain, out)
        out.flush()
        os.fsync(out.fileno())
    os.utime(aside, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    aside.replace(packed)
    sync_folder(path.parent)
    path.unlink()
    return packed


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def free_bytes(folder: Path) -> int:
    """Free space of the file system."""
    return shutil.disk_usage(folder).free

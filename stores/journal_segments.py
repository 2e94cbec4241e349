"""Retention of the journal: closed segments that every reader is past are compressed, then dropped.

A segment's age is the receive time of its newest entry; the archive keeps it as its file time.
"""

import os
import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import zstandard

from devices.errors import JournalError
from stores import journal_files as files
from stores.files import sync

ARCHIVE_LEVEL = 3
"""zstd level. Source: decisions.md 4."""
AT_MOST = 4
"""Segments compressed in one call, some seconds of work at 256 MiB each; the rest next time."""
_LEFTOVER_MS = 3_600_000
"""Packing and unpacking take seconds: what is older than an hour was left by a killed process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """What one call did.

    Attributes:
        archived: First numbers of the segments compressed.
        dropped: First numbers of the segments deleted for age.
    """

    archived: tuple[int, ...]
    dropped: tuple[int, ...]


def retire(
    folder: Path,
    *,
    now_ms: int,
    retention_ms: int,
    readers: Collection[str],
    at_most: int = AT_MOST,
) -> Retired:
    """Archive closed segments that all readers are past; drop them after the retention.

    May run beside writer and readers, in any process; harmless when repeated or killed.

    Args:
        folder: The journal.
        now_ms: Wall clock, ms UTC.
        retention_ms: A segment whose newest entry is older is deleted.
        readers: Who must have noted an offset; one that never did holds everything. Whoever
            else noted one counts too.
        at_most: Most segments compressed in this call.

    Raises:
        JournalError: A segment could not be read, or its archive not be written.
    """
    noted = files.noted_readers(folder)
    passed = min([noted.get(reader, 0) for reader in readers] + list(noted.values()), default=0)
    archived: list[int] = []
    dropped: list[int] = []
    try:
        for first in _closed(folder, passed):
            if _newest_ms(folder, first) < now_ms - retention_ms:
                _delete(folder, first)
                dropped.append(first)
            elif files.live_path(folder, first).exists():
                if len(archived) == at_most:
                    break
                if _archive(folder, first):
                    archived.append(first)
        _sweep(folder, now_ms, retention_ms)
    except (sqlite3.Error, OSError, zstandard.ZstdError) as exc:
        raise JournalError(f"journal archive: {exc}", may_pass=True) from exc
    return Retired(archived=tuple(archived), dropped=tuple(dropped))


def _closed(folder: Path, passed: int) -> list[int]:
    """Segments that nobody needs to write or read, oldest first.

    While the newest is empty its predecessor stays: it holds the newest entry.
    """
    firsts = files.first_numbers(folder)
    if firsts and files.newest_entry(folder, firsts[-1]) is None:
        firsts.pop()
    return [first for first, following in pairwise(firsts) if following - 1 <= passed]


def _newest_ms(folder: Path, first: int) -> int:
    if files.live_path(folder, first).exists():
        newest = files.newest_entry(folder, first)
        return 0 if newest is None else newest.recv_ms
    return _changed_ms(files.archive_path(folder, first))


def _archive(folder: Path, first: int) -> bool:
    """Compress one closed segment; False when something still holds its WAL: next time."""
    live, packed = files.live_path(folder, first), files.archive_path(folder, first)
    newest_ms = _newest_ms(folder, first)
    with closing(files.connect_writing(live, wait_s=0.1)) as connection:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        return False
    aside = files.aside_of(packed)
    try:
        _compress(live, aside)
        os.utime(aside, ns=(newest_ms * 1_000_000, newest_ms * 1_000_000))
        aside.replace(packed)
    except BaseException:
        aside.unlink(missing_ok=True)  # half of it must not take up the space that is short
        raise
    sync(folder)
    _unlink_live(folder, first)
    return True


def _compress(plain: Path, packed: Path) -> None:
    """Durable, and read back before the original may go."""
    size = plain.stat().st_size
    with plain.open("rb") as source, packed.open("wb") as out:
        packed.chmod(0o600)
        zstandard.ZstdCompressor(level=ARCHIVE_LEVEL, write_checksum=True).copy_stream(
            source, out, size=size
        )
        out.flush()
        os.fsync(out.fileno())
    _read_back(packed, size)


def _read_back(packed: Path, size: int) -> None:
    """Unpack into nothing: the checksum holds and no byte is missing, or the original stays."""
    with packed.open("rb") as source, Path(os.devnull).open("wb") as nowhere:
        _, written = zstandard.ZstdDecompressor().copy_stream(source, nowhere)
    if written != size:
        raise OSError(f"{packed.name} holds {written} of {size} bytes")


def _delete(folder: Path, first: int) -> None:
    files.archive_path(folder, first).unlink(missing_ok=True)
    _unlink_live(folder, first)


def _unlink_live(folder: Path, first: int) -> None:
    """The file first: what is left of a WAL without it is nothing."""
    live = files.live_path(folder, first)
    for path in (live, files.wal_path(live), files.index_path(live)):
        path.unlink(missing_ok=True)


def _sweep(folder: Path, now_ms: int, retention_ms: int) -> None:
    """Remove what killed processes and late readers left, and old files that a rescue put aside."""
    for path in (*folder.glob(".reading-*"), *folder.glob(".*.zst.new")):
        if _changed_ms(path) < now_ms - _LEFTOVER_MS:
            path.unlink(missing_ok=True)
    for path in folder.glob("*.db-*"):
        if not path.with_name(path.name.partition("-")[0]).exists():
            path.unlink(missing_ok=True)
    for path in folder.glob(f"{files.DAMAGED}*"):
        if _changed_ms(path) < now_ms - retention_ms:
            shutil.rmtree(path)


def _changed_ms(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000_000

"""What the journal holds, told without reading it: segments, bytes, numbers, readers, room."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import zstandard

from devices.errors import JournalError
from stores import journal_files as files
from stores.journal_reading import SqliteJournalReader

_FRAME_HEAD_BYTES = 18
"""Longest head of a zstd frame (RFC 8878, section 3.1.1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment.

    Attributes:
        first: Number of its first entry; names it.
        last: Number of its newest entry; ``first - 1`` when it has none.
        bytes: On the disk, with its log.
        plain_bytes: Before compression.
        archived: Whether it is compressed.
    """

    first: int
    last: int
    bytes: int
    plain_bytes: int
    archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLag:
    """How far one reader is.

    Attributes:
        noted: It needs nothing up to this number; None: it never said, and holds everything.
        entries: Entries behind that.
        behind_ms: From the first entry it has not read to the newest, by receive time.
    """

    reader: str
    noted: int | None
    entries: int
    behind_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStats:
    """The whole journal.

    Attributes:
        segments: Ascending.
        entries: How many are kept; a hole in the numbers inside an archive is not seen.
        oldest_ms: When the oldest entry came, ms UTC; when its segment is archived, when the newest
            entry of that segment came; 0 when there is none.
        newest_ms: When the newest one came, ms UTC.
        readers: Those that must read everything, and whoever else noted an offset.
        free_bytes: Free for this user on the journal's disk.
    """

    segments: tuple[Segment, ...]
    entries: int
    oldest_ms: int
    newest_ms: int
    readers: tuple[ReaderLag, ...]
    free_bytes: int


def take_stats(folder: Path, readers: Collection[str]) -> JournalStats:
    """Look at a journal beside its running writer; ``readers`` must have noted an offset.

    Raises:
        JournalError: A segment cannot be read.
    """
    try:
        segments = _segments(folder)
    except (sqlite3.Error, zstandard.ZstdError, OSError) as exc:
        raise JournalError(
            f"journal {folder}: {exc}; see `parkguard journal verify`", may_pass=False
        ) from exc
    reader = SqliteJournalReader(folder)
    try:
        last = max((one.last for one in segments if one.last >= one.first), default=0)
        oldest_ms = _oldest_ms(folder, reader, segments)
        newest_ms = _recv_ms(reader, last) if last else 0
        lags = [
            _lag(reader, name, noted, last=last, newest_ms=newest_ms)
            for name, noted in (dict.fromkeys(readers) | files.noted_readers(folder)).items()
        ]
    finally:
        reader.close()
    return JournalStats(
        segments=tuple(segments),
        entries=sum(segment.last - segment.first + 1 for segment in segments),
        oldest_ms=oldest_ms,
        newest_ms=newest_ms,
        readers=tuple(lags),
        free_bytes=files.free_bytes(folder),
    )


def _segments(folder: Path) -> list[Segment]:
    """All of them. Of an archive the last number is known by its successor alone."""
    firsts = files.first_numbers(folder)
    found = []
    for first, following in pairwise([*firsts, 0]):
        live = files.live_path(folder, first)
        try:
            if live.exists():
                newest = files.newest_entry(folder, first)
                size = live.stat().st_size + _size(files.wal_path(live))
                last = first - 1 if newest is None else newest.seq
                segment = Segment(
                    first=first, last=last, bytes=size, plain_bytes=size, archived=False
                )
            else:
                segment = _archived(files.archive_path(folder, first), first, following - 1)
        except FileNotFoundError:
            continue  # dropped meanwhile
        found.append(segment)
    return found


def _archived(packed: Path, first: int, last: int) -> Segment:
    with packed.open("rb") as file:
        head = zstandard.get_frame_parameters(file.read(_FRAME_HEAD_BYTES))
    return Segment(
        first=first,
        last=last,
        bytes=packed.stat().st_size,
        plain_bytes=head.content_size,
        archived=True,
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _oldest_ms(folder: Path, reader: SqliteJournalReader, segments: list[Segment]) -> int:
    """Of an archive by its file time: unpacking it takes room that may be short."""
    if not segments:
        return 0
    packed = files.archive_path(folder, segments[0].first)
    if segments[0].archived and packed.exists():
        return packed.stat().st_mtime_ns // 1_000_000
    return _recv_ms(reader, segments[0].first)


def _recv_ms(reader: SqliteJournalReader, seq: int) -> int:
    """When an entry came, or the next one after it; 0 when there is none."""
    entry = next(iter(reader.read(seq - 1, 1)), None)
    return entry.recv_ms if entry else 0


def _lag(
    reader: SqliteJournalReader, name: str, noted: int | None, *, last: int, newest_ms: int
) -> ReaderLag:
    unread = (noted or 0) + 1
    entries = max(0, last - unread + 1)
    behind_ms = max(0, newest_ms - _recv_ms(reader, unread)) if entries else 0
    return ReaderLag(reader=name, noted=noted, entries=entries, behind_ms=behind_ms)

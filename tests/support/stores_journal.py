"""Batches for the journal, writers on a folder, and a writer in a process of its own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.entry import Entry, EntryKind, Incoming
from stores.journal_reading import SqliteJournalReader
from stores.journal_sqlite import SqliteJournalWriter

NOW_MS = 1_790_000_000_000
"""A believable moment, ms UTC."""
DAY_MS = 86_400_000
CHILD = Path(__file__).with_name("stores_journal_child.py")


def a_batch(count: int = 1, *, first: int = 1, payload_bytes: int = 40) -> list[Incoming]:
    """Messages that can be told apart: the clock's seconds count from ``first``."""
    return [
        Incoming(
            kind=int(EntryKind.MQTT),
            recv_ms=NOW_MS + number * 1000,
            elapsed_ms=number * 1000,
            flags=0,
            topic="pg/v1/up/trk/trk-000001/fix",
            payload=str(number).encode().ljust(payload_bytes, b"."),
        )
        for number in range(first, first + count)
    ]


@contextmanager
def writing_to(
    folder: Path,
    *,
    segment_bytes: int = 1 << 30,
    reserve_bytes: int = 0,
    start_after: int = 0,
) -> Iterator[SqliteJournalWriter]:
    """A writer, closed at the end."""
    writer = SqliteJournalWriter(
        folder,
        segment_bytes=segment_bytes,
        reserve_bytes=reserve_bytes,
        now_ms=lambda: NOW_MS,
        start_after=start_after,
    )
    try:
        yield writer
    finally:
        writer.close()


@contextmanager
def reading_from(folder: Path) -> Iterator[SqliteJournalReader]:
    """A reader, closed at the end."""
    reader = SqliteJournalReader(folder)
    try:
        yield reader
    finally:
        reader.close()


def fill(folder: Path, *, batches: int, size: int = 100, segment_bytes: int = 1 << 16) -> int:
    """Write so many batches into segments of that size; gives the last number."""
    last = 0
    with writing_to(folder, segment_bytes=segment_bytes) as writer:
        for _ in range(batches):
            last = writer.append(a_batch(size, first=last + 1, payload_bytes=200))
    return last


def read_all(read: Callable[[int, int], list[Entry]], *, limit: int = 70) -> list[Entry]:
    """Everything there is, read piece by piece."""
    found: list[Entry] = []
    while some := read(found[-1].seq if found else 0, limit):
        assert len(some) <= limit
        found += some
    return found


def numbers_of(folder: Path) -> list[int]:
    """The numbers of all entries, as a fresh reader finds them."""
    with reading_from(folder) as reader:
        return [entry.seq for entry in read_all(reader.read)]


@contextmanager
def writing_child(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that appends for ever and prints each number that ``append`` returned."""
    with subprocess.Popen(  # noqa: S603
        [sys.executable, str(CHILD), str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def lines_of(child: subprocess.Popen[str], count: int = 1) -> list[str]:
    """The next lines that it says."""
    assert child.stdout is not None
    return [child.stdout.readline() for _ in range(count)]


def output_of(child: subprocess.Popen[str]) -> str:
    """What it said until it ended."""
    said, complaint = child.communicate(timeout=30)
    assert complaint == "", complaint
    return said

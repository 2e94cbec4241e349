"""Readers of a journal that is written meanwhile: where a read ends, and what it waits for."""

import sqlite3
from pathlib import Path

from stores.journal_reading import GLANCE, READ_BYTES
from support.stores_journal import (
    a_batch,
    fill,
    numbers_of,
    reading_from,
    writing_to,
)


def test_reader_follows_while_segments_rotate(tmp_path: Path) -> None:
    """A reader sees every batch by its next poll, over all segments."""
    seen = 0
    with writing_to(tmp_path, segment_bytes=1 << 16) as writer, reading_from(tmp_path) as reader:
        for k in range(30):
            last = writer.append(a_batch(60, first=k * 60, payload_bytes=200))
            while entries := reader.read(seen, 500):
                assert entries[0].seq == seen + 1
                seen = entries[-1].seq

            assert seen == last
            assert reader.last_seq() == last


def test_limit_bounds_a_read(tmp_path: Path) -> None:
    """Also across segments."""
    fill(tmp_path, batches=10)

    with reading_from(tmp_path) as reader:
        lengths = {len(reader.read(after, 30)) for after in (0, 299, 950)}

    assert max(lengths) == 30


def test_a_read_ends_when_its_entries_are_long(tmp_path: Path) -> None:
    """2,000 of the longest messages would be 128 MiB at once; nothing is passed over."""
    long = [incoming._replace(payload=b"k" * 60_000) for incoming in a_batch(300)]
    with writing_to(tmp_path) as writer, reading_from(tmp_path) as reader:
        writer.append(long)
        reads = [reader.read(0, 2_000)]
        while more := reader.read(reads[-1][-1].seq, 2_000):
            reads.append(more)

    sizes = [sum(len(entry.payload) for entry in entries) for entries in reads]
    assert max(sizes) <= READ_BYTES + GLANCE * 60_000
    assert [entry.seq for entries in reads for entry in entries] == list(range(1, 301))


def test_wal_can_be_checkpointed_under_an_idle_reader(tmp_path: Path) -> None:
    """A reader holds no read transaction between polls."""
    with writing_to(tmp_path) as writer, reading_from(tmp_path) as reader:
        writer.append(a_batch(50))
        reader.read(0, 10)
        reader.last_seq()
        other = sqlite3.connect(next(tmp_path.glob("*.db")))
        busy, _, _ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        other.close()

    assert busy == 0


def test_numbers_go_on_above_what_readers_have_seen(tmp_path: Path) -> None:
    """An older copy of the journal put back: new entries are not numbered as old ones."""
    with writing_to(tmp_path) as writer, reading_from(tmp_path) as reader:
        writer.append(a_batch(10))
        reader.note("processor", 25)

    with writing_to(tmp_path) as writer:
        last = writer.append(a_batch(5))

    assert last == 30
    assert numbers_of(tmp_path) == [*range(1, 11), *range(26, 31)]


def test_reader_that_waits_crosses_a_hole(tmp_path: Path) -> None:
    """It has read the older part to its end and must notice that numbers go on higher."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(10))
    with reading_from(tmp_path) as reader:
        assert len(reader.read(0, 100)) == 10
        with writing_to(tmp_path, start_after=50) as writer:
            writer.append(a_batch(1))

            polls = [reader.read(10, 100) for _ in range(300)]

    assert [entry.seq for entry in next(filter(None, polls))] == [51]

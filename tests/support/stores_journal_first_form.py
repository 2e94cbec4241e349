"""A journal as release 0.1 wrote it first: no checksums, no word on what a segment follows."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from devices.entry import Incoming

_SCHEMA = """
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, recv_ms INTEGER NOT NULL,
    elapsed_ms INTEGER NOT NULL, flags INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE meta (
    one INTEGER PRIMARY KEY, control_upto INTEGER NOT NULL, made_ms INTEGER NOT NULL
);
"""


def begin_first_form(folder: Path, first: int = 1, *, control_upto: int = 0) -> Path:
    """An empty segment."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{first:012d}.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("PRAGMA page_size=8192")
        made.execute("PRAGMA journal_mode=WAL")
        made.executescript(_SCHEMA)
        made.execute("INSERT INTO meta VALUES (1, ?, 0)", (control_upto,))
    return path


def append_first_form(path: Path, first: int, entries: Sequence[Incoming]) -> int:
    """Write entries as that release did; gives the last number."""
    rows = [(seq, *entry) for seq, entry in enumerate(entries, first)]
    with closing(sqlite3.connect(path, isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        writing.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        writing.execute("COMMIT")
    return first + len(rows) - 1

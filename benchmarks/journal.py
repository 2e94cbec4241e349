"""What durability costs: the journal's append, FULL (as shipped) beside NORMAL, by batch size.

    python -m benchmarks.journal [--entries 20000] [--folder DIR] [--json]

Fixes of docs/wire.md's size. FULL syncs every commit before it is acknowledged; NORMAL leaves
that to the next checkpoint: a power cut would lose acknowledged messages. Encode is the rows with
their checksums alone; insert is an append without sync and encode; sync is FULL without NORMAL.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from typing_extensions import override

from benchmarks.parked import T0_MS, reports, topic_of
from devices.entry import Incoming
from stores.journal_sqlite import SqliteJournalWriter, numbered

BATCHES = (1, 10, 100, 500)
REPEATS = 3
COMMITS_MAX = 500
"""Batches of one are measured over so many commits, or they take minutes on a slow disk."""
SEGMENT_BYTES = 256 << 20
Line = dict[str, float | int | str]


class UnsyncedJournal(SqliteJournalWriter):
    """The same writer, with a commit that is not synced."""

    @override
    def _open(self, first: int) -> None:
        super()._open(first)
        self._db.execute("PRAGMA synchronous=NORMAL")


def messages(count: int) -> list[Incoming]:
    """Fixes as the receiver hands them over."""
    made = []
    for device, t_ms, payload in reports(count, vehicles=1_000, every_s=10):
        raw = json.dumps(payload, separators=(",", ":")).encode()
        made.append(Incoming(0, t_ms + 50, t_ms - T0_MS + 50, 0, topic_of(device), raw))
    return made


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall, seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def append(
    writer_type: type[SqliteJournalWriter], batches: list[list[Incoming]], folder: Path
) -> tuple[float, float]:
    """CPU and wall of appending all batches to a new journal, seconds."""
    with TemporaryDirectory(dir=folder) as name:
        writer = writer_type(
            Path(name), segment_bytes=SEGMENT_BYTES, reserve_bytes=0, now_ms=lambda: T0_MS
        )
        took = timed(lambda: [writer.append(batch) for batch in batches])
        writer.close()
    return took


def measure(entries: list[Incoming], size: int, folder: Path) -> Line:
    """One batch size: medians over the repeats, microseconds a message."""
    some = entries[: size * COMMITS_MAX]
    batches = [some[k : k + size] for k in range(0, len(some), size)]
    us = 1e6 / len(some)
    runs = [
        (
            timed(lambda: [numbered(batch, 1) for batch in batches]),
            append(UnsyncedJournal, batches, folder),
            append(SqliteJournalWriter, batches, folder),
        )
        for _ in range(REPEATS)
    ]
    encode, normal, full = (
        [statistics.median(run[what][kind] for run in runs) * us for kind in (0, 1)]
        for what in (0, 1, 2)
    )
    return {
        "batch": size,
        "full_cpu_us": round(full[0], 1),
        "full_wall_us": round(full[1], 1),
        "normal_cpu_us": round(normal[0], 1),
        "normal_wall_us": round(normal[1], 1),
        "encode_cpu_us": round(encode[0], 1),
        "encode_wall_us": round(encode[1], 1),
        "insert_wall_us": round(normal[1] - encode[1], 1),
        "sync_wall_us": round(full[1] - normal[1], 1),
        "sync_wall_ms_per_commit": round((full[1] - normal[1]) * size / 1000, 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk to be measured")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    entries = messages(told.entries)
    lines = [measure(entries, size, told.folder) for size in BATCHES]
    if told.json:
        bytes_each = round(statistics.mean(len(entry.payload) for entry in entries))
        print(json.dumps({"payload_bytes": bytes_each, "lines": lines}))
        return
    for line in lines:
        print("  ".join(f"{name} {value}" for name, value in line.items()))


if __name__ == "__main__":
    main()

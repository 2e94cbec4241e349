"""The journal between processes: one writes, is killed, or fails; others read meanwhile."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from devices.errors import JournalError
from support.stores_journal import (
    lines_of,
    numbers_of,
    output_of,
    reading_from,
    writing_child,
    writing_to,
)
from support.strace import traced

SMALL_BYTES = "40000"
"""A segment is full after a few of the child's batches, so that kills meet rotations."""
LINES_BEFORE_KILL = (1, 2, 40, 7, 150, 23, 3, 90)


def faults_of(folder: Path) -> set[str]:
    """What SQLite says of every segment; ``{"ok"}`` when all are sound."""
    said = set()
    for path in folder.glob("*.db"):
        with closing(sqlite3.connect(path)) as connection:
            said |= {row[0] for row in connection.execute("PRAGMA integrity_check")}
    return said


def test_second_writer_is_refused_by_process_id(tmp_path: Path) -> None:
    """The error names who holds the journal; the first one goes on."""
    with writing_child(tmp_path) as child:
        lines_of(child)

        with pytest.raises(JournalError, match=str(child.pid)) as refused:
            writing_to(tmp_path).__enter__()

        assert not refused.value.may_pass
        assert int(lines_of(child)[0]) > 0


@pytest.mark.promise(1)
def test_killed_writer_loses_nothing_it_returned(tmp_path: Path) -> None:
    """SIGKILL at any moment: every returned number is there, without holes, in sound segments."""
    for count in LINES_BEFORE_KILL:
        with writing_child(tmp_path, "--segment-bytes", SMALL_BYTES) as child:
            said = lines_of(child, count)
            child.kill()
            said += output_of(child).splitlines()

        numbers = numbers_of(tmp_path)

        assert numbers == list(range(1, len(numbers) + 1))
        assert numbers[-1] >= int(said[-1])
        assert faults_of(tmp_path) == {"ok"}

    assert len(list(tmp_path.glob("*.db"))) > len(LINES_BEFORE_KILL)


def test_killed_writer_leaves_control_mark_and_entries_together(tmp_path: Path) -> None:
    """The child marks each batch with its last number: both are there, or neither is."""
    for count in LINES_BEFORE_KILL:
        with writing_child(tmp_path, "--segment-bytes", SMALL_BYTES) as child:
            lines_of(child, count)

        with writing_to(tmp_path) as writer:
            upto = writer.control_upto()

        assert upto == numbers_of(tmp_path)[-1]


def test_reader_follows_another_process_over_its_segments(tmp_path: Path) -> None:
    """Entries come without hole or double while the writer rotates under the reader."""
    seen: list[int] = []
    with (
        writing_child(tmp_path, "--segment-bytes", SMALL_BYTES) as child,
        reading_from(tmp_path) as reader,
    ):
        while not seen or len(list(tmp_path.glob("*.db"))) < 12:
            returned = int(lines_of(child)[0])
            seen += [entry.seq for entry in reader.read(len(seen), 10_000)]
            assert seen[-1] >= returned

    assert seen == list(range(1, len(seen) + 1))


@pytest.mark.fault(28)
def test_io_error_stops_the_process(tmp_path: Path) -> None:
    """A write that fails for another reason than space is never tried again."""
    limits = ("--segment-bytes", "100000000", "--file-limit", "60000")
    with writing_child(tmp_path, *limits) as child:
        said = output_of(child).split("\n")

    returned = [int(line) for line in said if line.isdigit()]
    assert said[-2] == "refused may_pass=False"
    assert numbers_of(tmp_path)[: returned[-1]] == list(range(1, returned[-1] + 1))


@pytest.mark.fault(26, 28)
@pytest.mark.parametrize(
    "error", ["pwrite64:error=EROFS", "fdatasync:error=EIO", "pwrite64:error=EIO"]
)
def test_error_of_the_disk_stops_the_process(tmp_path: Path, error: str) -> None:
    """A file system turned read-only, a sync or a write that fails: nothing more is returned."""
    folder = tmp_path / "journal"
    with writing_child(folder) as child:
        said = lines_of(child, 3)
        calls = ("-e", f"trace={error.partition(':')[0]}", "-e", f"inject={error}")
        with traced(child.pid, tmp_path / "calls", *calls):
            said += output_of(child).splitlines()

    returned = [int(line) for line in said if line.strip().isdigit()]
    assert said[-1] == "refused may_pass=False"
    assert numbers_of(folder)[: returned[-1]] == list(range(1, returned[-1] + 1))

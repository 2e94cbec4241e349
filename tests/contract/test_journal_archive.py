"""Retention of the journal: compressed when every reader is past, dropped when it is old."""

import subprocess
import sys
from pathlib import Path

import pytest

from devices.errors import JournalError
from stores.journal_segments import retire
from support.stores_journal import (
    DAY_MS,
    NOW_MS,
    a_batch,
    fill,
    numbers_of,
    read_all,
    reading_from,
    writing_to,
)
from support.stores_tmpfs import fill_up, small_disk

READERS = ("processor", "projector")


def note(folder: Path, **seqs: int) -> None:
    """Say how far readers are."""
    with reading_from(folder) as reader:
        for name, seq in seqs.items():
            reader.note(name, seq)


def tidy(folder: Path, *, after_days: float = 0.0, retention_days: float = 30.0) -> None:
    """Retire so long after the first entry."""
    retire(
        folder,
        now_ms=NOW_MS + round(after_days * DAY_MS),
        retention_ms=round(retention_days * DAY_MS),
        readers=READERS,
        at_most=1000,
    )


def archived(folder: Path) -> list[str]:
    """Names of compressed segments."""
    return sorted(path.name for path in folder.glob("*.zst"))


def test_closed_segments_past_all_readers_are_compressed(tmp_path: Path) -> None:
    """The newest stays; reading everything again gives the same entries."""
    last = fill(tmp_path, batches=12)
    with reading_from(tmp_path) as reader:
        before = read_all(reader.read)
    segments = len(list(tmp_path.glob("*.db")))
    note(tmp_path, processor=last, projector=last)

    tidy(tmp_path)

    with reading_from(tmp_path) as reader:
        after = read_all(reader.read)
        first = reader.first_seq()
    assert len(archived(tmp_path)) == segments - 1
    assert len(list(tmp_path.glob("*.db"))) == 1
    assert after == before
    assert first == 1


@pytest.mark.promise(4)
def test_slowest_reader_holds_a_segment(tmp_path: Path) -> None:
    """What the projector still needs is neither compressed nor dropped, however old."""
    last = fill(tmp_path, batches=12)
    note(tmp_path, processor=last, projector=5)

    tidy(tmp_path, after_days=1000)

    assert archived(tmp_path) == []
    assert numbers_of(tmp_path) == list(range(1, last + 1))


@pytest.mark.promise(4)
def test_reader_that_never_noted_holds_everything(tmp_path: Path) -> None:
    """A part that was not started yet loses nothing."""
    last = fill(tmp_path, batches=12)
    note(tmp_path, processor=last)

    tidy(tmp_path, after_days=1000)

    assert numbers_of(tmp_path) == list(range(1, last + 1))


@pytest.mark.promise(4)
def test_another_noted_reader_counts_too(tmp_path: Path) -> None:
    """A rebuild that notes its progress is not overtaken."""
    last = fill(tmp_path, batches=12)
    note(tmp_path, processor=last, projector=last, rebuild=3)

    tidy(tmp_path, after_days=1000)

    assert numbers_of(tmp_path) == list(range(1, last + 1))


def test_segments_are_dropped_after_the_retention_of_their_entries(tmp_path: Path) -> None:
    """Age is the receive time of the newest entry, not of the file or of its compression."""
    last = fill(tmp_path, batches=12)
    note(tmp_path, processor=last, projector=last)
    tidy(tmp_path)

    tidy(tmp_path, after_days=29)
    young = numbers_of(tmp_path)
    tidy(tmp_path, after_days=31)
    old = numbers_of(tmp_path)

    assert young == list(range(1, last + 1))
    assert old == list(range(old[0], last + 1))
    assert old[0] > 1
    assert archived(tmp_path) == []
    with reading_from(tmp_path) as reader:
        assert reader.first_seq() == old[0]
        assert reader.read(0, 1)[0].seq == old[0]


def test_idle_reader_on_a_closed_segment_does_not_stop_the_archiver(tmp_path: Path) -> None:
    """The processor's connection rests on the segment it has just read to its end."""
    with writing_to(tmp_path, segment_bytes=1 << 16) as writer, reading_from(tmp_path) as resting:
        last = writer.append(a_batch(500, payload_bytes=200))
        assert len(resting.read(0, 1000)) == last
        writer.append(a_batch(1))
        note(tmp_path, processor=last, projector=last)

        tidy(tmp_path)

        assert archived(tmp_path) == ["000000000001.db.zst"]
        assert [entry.seq for entry in resting.read(last, 10)] == [last + 1]


def test_reader_in_the_middle_of_a_segment_survives_its_compression(tmp_path: Path) -> None:
    """An unnoted reader goes on where it was."""
    last = fill(tmp_path, batches=12)
    note(tmp_path, processor=last, projector=last)
    with reading_from(tmp_path) as reader:
        seen = reader.read(0, 50)

        tidy(tmp_path)
        while some := reader.read(seen[-1].seq, 50):
            seen += some

    assert [entry.seq for entry in seen] == list(range(1, last + 1))


def test_predecessor_of_an_empty_segment_stays(tmp_path: Path) -> None:
    """It holds the newest entry: the steady clock goes on from it."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(10))
    with writing_to(tmp_path, start_after=20):
        note(tmp_path, processor=20, projector=20)

        tidy(tmp_path, after_days=1000)

    assert numbers_of(tmp_path) == list(range(1, 11))


def test_one_call_compresses_no_more_than_told(tmp_path: Path) -> None:
    """The caller's loop is not held up by a backlog."""
    last = fill(tmp_path, batches=12)
    note(tmp_path, processor=last, projector=last)

    for _ in range(2):
        retire(tmp_path, now_ms=NOW_MS, retention_ms=DAY_MS, readers=READERS, at_most=1)

    assert len(archived(tmp_path)) == 2


def test_crash_between_compression_and_deletion_is_mended(tmp_path: Path) -> None:
    """Both files are there: entries are read once, the next call removes the plain one."""
    last = fill(tmp_path, batches=12)
    first = min(tmp_path.glob("*.db"))
    copy = first.read_bytes()
    note(tmp_path, processor=last, projector=last)
    tidy(tmp_path)
    first.write_bytes(copy)

    twice = numbers_of(tmp_path)
    tidy(tmp_path)

    assert twice == numbers_of(tmp_path) == list(range(1, last + 1))
    assert not first.exists()


def test_full_disk_leaves_the_segment_and_no_half_archive(tmp_path: Path) -> None:
    """The error may pass; the next call does it."""
    with small_disk(tmp_path / "disk", kib=8000) as disk:
        last = fill(disk, batches=30, size=200)
        note(disk, processor=last, projector=last)
        ballast = fill_up(disk)
        with pytest.raises(JournalError) as refused:
            tidy(disk)
        left = [path.name for path in disk.glob(".*")]
        ballast.unlink()

        tidy(disk)

        assert refused.value.may_pass
        assert left == []
        assert numbers_of(disk) == list(range(1, last + 1))
        assert len(list(disk.glob("*.db"))) == 1


@pytest.mark.parametrize("content", ["", "12x\n"])
def test_torn_note_holds_everything(tmp_path: Path, content: str) -> None:
    """A note is not synced: after a power cut it may be empty."""
    last = fill(tmp_path, batches=12)
    note(tmp_path, processor=last, projector=last)
    (tmp_path / "readers" / "projector").write_text(content)

    tidy(tmp_path, after_days=1000)

    assert numbers_of(tmp_path) == list(range(1, last + 1))


def test_no_plain_copy_is_left_behind_by_a_killed_reader(tmp_path: Path) -> None:
    """Reading an archived segment leaves no file that others could find."""
    last = fill(tmp_path / "journal", batches=12)
    note(tmp_path / "journal", processor=last, projector=last)
    tidy(tmp_path / "journal")
    before = sorted(path.name for path in (tmp_path / "journal").iterdir())
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = (
        "import os, signal, sys, pathlib\n"
        "from stores.journal_reading import SqliteJournalReader\n"
        "reader = SqliteJournalReader(pathlib.Path(sys.argv[1]))\n"
        "assert reader.read(0, 10)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, str(tmp_path / "journal")],
        env={"TMPDIR": str(scratch)},
        check=False,
    )

    assert sorted(path.name for path in (tmp_path / "journal").iterdir()) == before
    assert list(scratch.iterdir()) == []

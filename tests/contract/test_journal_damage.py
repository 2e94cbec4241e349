"""Damaged files of the journal: found, refused with what to do, never written over, rescued."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from devices.errors import JournalError
from stores.journal_checking import check_whole, faults_of_closed
from stores.journal_rescue import rescue
from stores.journal_segments import retire
from support.stores_damage import (
    checked,
    closed_journal,
    contents,
    faults_of,
    killed_journal,
    noise,
)
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

PLACES = 40
"""Places of damage tried in one file, evenly over it."""


@pytest.mark.fault(27)
def test_noise_anywhere_in_a_segment_is_found_or_harmless(tmp_path: Path) -> None:
    """64 random bytes: `verify` names the segment, or every entry is still as it was."""
    path = closed_journal(tmp_path)
    whole = path.read_bytes()
    with reading_from(tmp_path) as reader:
        before = read_all(reader.read, limit=1000)
    found = 0
    for number in range(PLACES):
        path.write_bytes(whole)
        noise(path, len(whole) * number // PLACES + 40, seed=number)
        if faults_of(tmp_path):
            found += 1
            continue
        with reading_from(tmp_path) as reader:
            assert read_all(reader.read, limit=1000) == before

    assert found > PLACES * 0.9


@pytest.mark.parametrize("field", ["topic", "payload", "recv_ms", "checksum"])
def test_field_of_another_kind_is_found(tmp_path: Path, field: str) -> None:
    """Damage to the head of a row turns a text into a number."""
    path = closed_journal(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        kind = 1.5 if field != "payload" else 7
        connection.execute(f"UPDATE entry SET {field} = ? WHERE seq = 9", (kind,))  # noqa: S608 - ours
        connection.commit()

    found = faults_of(tmp_path)

    assert "checksum" in found


@pytest.mark.fault(27)
@pytest.mark.promise(5)
def test_damaged_segment_is_refused_and_nothing_is_written_over(tmp_path: Path) -> None:
    """A start leaves every byte as it is; the error names file, fault and procedure."""
    path = closed_journal(tmp_path)
    noise(path, 30 * 8192 + 3000, seed=1)
    before = contents(tmp_path)

    with pytest.raises(JournalError, match=r"checksum.*nothing was written.*rescue") as refused:
        writing_to(tmp_path).__enter__()

    assert not refused.value.may_pass
    assert contents(tmp_path) == before


@pytest.mark.fault(27)
def test_noise_in_the_log_of_a_killed_writer_is_refused(tmp_path: Path) -> None:
    """SQLite alone would pass over every commit behind it without a word."""
    returned = killed_journal(tmp_path)
    log = next(tmp_path.glob("*-wal"))
    noise(log, log.stat().st_size // 2, seed=2)
    before = contents(tmp_path)

    with pytest.raises(JournalError, match="write-ahead log") as refused:
        writing_to(tmp_path).__enter__()

    assert not refused.value.may_pass
    assert contents(tmp_path) == before
    assert len(numbers_of(tmp_path)) < returned
    assert "write-ahead log" in faults_of(tmp_path)


@pytest.mark.fault(27)
def test_noise_in_the_head_of_the_log_is_refused(tmp_path: Path) -> None:
    """SQLite alone would take the whole log for empty."""
    killed_journal(tmp_path)
    noise(next(tmp_path.glob("*-wal")), 0, seed=3, length=24)

    with pytest.raises(JournalError, match="head of its write-ahead log"):
        writing_to(tmp_path).__enter__()


def test_log_that_ends_in_a_torn_commit_is_no_damage(tmp_path: Path) -> None:
    """A power cut tears the last commit, which nobody was told of: the start goes on before it."""
    killed_journal(tmp_path)
    log = next(tmp_path.glob("*-wal"))
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - 5000)

    with writing_to(tmp_path) as writer:
        last = writer.append(a_batch(1))

    assert numbers_of(tmp_path) == list(range(1, last + 1))
    assert faults_of(tmp_path).count("missing") == 0


def test_what_a_killed_writer_left_is_brought_into_the_segment_first(tmp_path: Path) -> None:
    """Pages whose sync failed may be gone after a power cut: nothing is written behind them."""
    returned = killed_journal(tmp_path)
    log = next(tmp_path.glob("*-wal"))
    assert log.stat().st_size > 0

    with writing_to(tmp_path):
        left = log.stat().st_size

    assert left == 0
    assert numbers_of(tmp_path)[:returned] == list(range(1, returned + 1))


def test_log_that_a_reader_holds_is_left_behind(tmp_path: Path) -> None:
    """A long read of another program: the writer begins a new segment instead."""
    returned = killed_journal(tmp_path)
    with reading_from(tmp_path) as reader:
        reader.read(0, 1)
        (_, held) = reader._opened or (0, None)
        assert held is not None
        held.execute("BEGIN")
        held.execute("SELECT count(*) FROM entry").fetchone()
        with writing_to(tmp_path) as writer:
            last = writer.append(a_batch(1))
        held.execute("COMMIT")

    assert len(list(tmp_path.glob("*.db"))) == 2
    assert last > returned
    assert numbers_of(tmp_path) == list(range(1, last + 1))


TAKE_INDEX = """
import fcntl, os, sys
index = os.open(sys.argv[1], os.O_RDWR)
try:
    fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128)
except OSError:
    sys.exit("held")
"""
"""Another process asks for the byte by which SQLite knows the first one that opens a segment
(UNIX_SHM_DMS of its os_unix.c): who gets it cuts the index off below all others."""


def test_check_keeps_the_locks_of_its_own_connection(tmp_path: Path) -> None:
    """Whoever opens the segment beside it must not take himself for the first one (SIGBUS)."""
    killed_journal(tmp_path)
    (segment,) = tmp_path.glob("*.db")
    index = segment.with_name(segment.name + "-shm")
    asked: list[bytes] = []

    def ask(_rows: int) -> None:
        command = [sys.executable, "-c", TAKE_INDEX, str(index)]
        said = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own
        asked.append(said.stderr)

    checked = check_whole(tmp_path, 1, before=None, progressed=ask)

    assert checked.faults == []
    assert set(asked) == {b"held\n"}


@pytest.mark.fault(26)
def test_log_of_a_deleted_segment_is_not_put_into_the_next_one(tmp_path: Path) -> None:
    """It has the same name, and SQLite would take its pages for the new file's."""
    killed_journal(tmp_path)
    next(tmp_path.glob("*.db")).unlink()

    with writing_to(tmp_path) as writer:
        last = writer.append(a_batch(3))

    assert last == 3
    assert numbers_of(tmp_path) == [1, 2, 3]
    assert faults_of(tmp_path) == ""


@pytest.mark.fault(27)
def test_rescue_saves_every_sound_entry(tmp_path: Path) -> None:
    """A ruined page costs its own entries; the damaged files are kept; the journal goes on."""
    path = closed_journal(tmp_path)
    noise(path, 20 * 8192, seed=4, length=8192)
    damaged = path.read_bytes()

    done = rescue(tmp_path, 1, now_ms=NOW_MS)

    lost = sum(last - first + 1 for first, last in done.missing)
    assert 0 < lost < 60
    assert (done.saved, done.last) == (2000 - lost, 2000)
    assert (done.aside / path.name).read_bytes() == damaged
    assert "are missing" in faults_of(tmp_path)
    with writing_to(tmp_path) as writer:
        assert writer.append(a_batch(1)) == 2001
    assert len(numbers_of(tmp_path)) == 2001 - lost


def test_rescue_of_a_noisy_log_keeps_what_is_before_the_noise(tmp_path: Path) -> None:
    """And the start is accepted afterwards; what came behind shows as gaps of the devices."""
    killed_journal(tmp_path)
    log = next(tmp_path.glob("*-wal"))
    noise(log, log.stat().st_size // 2, seed=5)
    readable = numbers_of(tmp_path)

    done = rescue(tmp_path, 1, now_ms=NOW_MS)

    assert readable == numbers_of(tmp_path) == list(range(1, done.last + 1))
    with writing_to(tmp_path) as writer:
        assert writer.append(a_batch(1)) == done.last + 1


def test_what_a_rescue_put_aside_goes_after_the_retention(tmp_path: Path) -> None:
    """It is personal data as the journal is."""
    aside = tmp_path / "damaged-000000000001-1"
    aside.mkdir()
    (aside / "000000000001.db").write_bytes(b"damaged")
    changed_ms = aside.stat().st_mtime_ns // 1_000_000
    left = []
    for days in (29, 31):
        now_ms = changed_ms + days * DAY_MS
        retire(tmp_path, now_ms=now_ms, retention_ms=30 * DAY_MS, readers=("processor",))
        left.append(aside.exists())

    assert left == [True, False]


def test_rescue_is_refused_while_the_receiver_runs(tmp_path: Path) -> None:
    """It would write into the file that is put aside."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(1))

        with pytest.raises(JournalError, match="stop it first"):
            rescue(tmp_path, 1, now_ms=NOW_MS)


def test_segment_that_was_taken_away_is_missed(tmp_path: Path) -> None:
    """Its successor knows what it follows."""
    fill(tmp_path, batches=12)
    _, second, third, *_ = sorted(tmp_path.glob("*.db"))
    second.unlink()

    found = faults_of(tmp_path)

    assert found == f"entries {int(second.stem)} to {int(third.stem) - 1} before it are missing"


def test_numbers_that_go_on_higher_are_no_fault(tmp_path: Path) -> None:
    """The writer began there itself, above what readers had seen."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(10))
    with writing_to(tmp_path, start_after=50) as writer:
        writer.append(a_batch(10, first=11))

    assert faults_of(tmp_path) == ""


def test_noise_in_an_archive_is_found(tmp_path: Path) -> None:
    """By the checksum of the compression; the other segments are told to be whole."""
    last = fill(tmp_path, batches=12)
    with reading_from(tmp_path) as reader:
        for name in ("processor", "projector"):
            reader.note(name, last)
    retire(
        tmp_path,
        now_ms=NOW_MS,
        retention_ms=DAY_MS,
        readers=("processor", "projector"),
        at_most=100,
    )
    packed = sorted(tmp_path.glob("*.zst"))
    whole = faults_of(tmp_path)
    noise(packed[1], packed[1].stat().st_size // 2, seed=6)
    noise(packed[2], 0, seed=7)

    found = {one.first for one in checked(tmp_path) if one.faults}

    assert whole == ""
    assert found == {int(path.name.split(".")[0]) for path in packed[1:3]}
    assert faults_of_closed(tmp_path) == [f"{packed[2].name} is no segment"]
    with (
        reading_from(tmp_path) as reader,
        pytest.raises(JournalError, match=packed[1].name.removesuffix(".db.zst")),
    ):
        read_all(reader.read)

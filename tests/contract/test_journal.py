"""What every journal keeps to; the SQLite segments are the first adapter."""

import sqlite3
from pathlib import Path

import pytest

from devices.errors import JournalError
from support.stores_journal import (
    NOW_MS,
    a_batch,
    fill,
    numbers_of,
    read_all,
    reading_from,
    writing_to,
)
from support.stores_tmpfs import fill_up, small_disk


def test_numbers_begin_at_one_and_have_no_holes(tmp_path: Path) -> None:
    """Three batches are numbered on, whatever their size."""
    with writing_to(tmp_path) as writer:
        lasts = [writer.append(a_batch(size)) for size in (1, 130, 7)]

    assert lasts == [1, 131, 138]
    assert numbers_of(tmp_path) == list(range(1, 139))


def test_an_entry_comes_back_as_it_was_given(tmp_path: Path) -> None:
    """Bytes, topic, both clocks, kind and flags are not touched, also when they are odd."""
    batch = a_batch(2)
    batch[1] = batch[1]._replace(topic="a\x00皖", payload=b"\xff\x00\n", flags=3, elapsed_ms=2**60)

    with writing_to(tmp_path) as writer, reading_from(tmp_path) as reader:
        writer.append(batch)
        entries = reader.read(0, 10)

    assert [entry[1:] for entry in entries] == [tuple(incoming) for incoming in batch]


def test_empty_batch_stores_nothing(tmp_path: Path) -> None:
    """It gives the present last number and does not touch ``control_upto``."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(3), control_upto=5)
        last = writer.append([], control_upto=9)
        upto = writer.control_upto()

    assert (last, upto) == (3, 5)


def test_empty_journal_has_no_last_entry(tmp_path: Path) -> None:
    """A reader may come before the writer, too."""
    with reading_from(tmp_path / "later") as reader:
        seen = (reader.read(0, 10), reader.first_seq(), reader.last_seq())
    with writing_to(tmp_path / "later") as writer:
        told = (writer.last(), writer.control_upto())

    assert seen == ([], 1, 0)
    assert told == (None, 0)


def test_rotation_keeps_numbers_and_control_mark(tmp_path: Path) -> None:
    """Segments are named by their first number; a restart goes on in the newest."""
    with writing_to(tmp_path, segment_bytes=1 << 16) as writer:
        lasts = [writer.append(a_batch(100, payload_bytes=200), control_upto=k) for k in range(12)]
    with writing_to(tmp_path, segment_bytes=1 << 16) as writer:
        again = writer.append(a_batch(1))
        newest, upto = writer.last(), writer.control_upto()

    firsts = sorted(int(path.stem) for path in tmp_path.glob("*.db"))
    assert len(firsts) >= 3
    assert (lasts[-1], again, upto) == (1200, 1201, 11)
    assert newest is not None
    assert newest.seq == 1201
    assert numbers_of(tmp_path) == list(range(1, 1202))


def test_new_segment_holds_the_control_mark_before_its_first_entry(tmp_path: Path) -> None:
    """A batch that fails right after the rotation: no control row is copied twice."""
    poison = a_batch(1)[0]._replace(topic="\ud800")
    with writing_to(tmp_path, segment_bytes=1) as writer:
        writer.append(a_batch(1), control_upto=7)
        with pytest.raises(UnicodeEncodeError):
            writer.append([poison])
    with writing_to(tmp_path) as writer:
        upto = writer.control_upto()

    assert sorted(int(path.stem) for path in tmp_path.glob("*.db")) == [1, 2]
    assert upto == 7


def test_segment_above_a_hole_holds_the_control_mark(tmp_path: Path) -> None:
    """Numbers begin again above the readers, control ids do not."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(1), control_upto=7)

    with writing_to(tmp_path, start_after=50) as writer:
        assert writer.control_upto() == 7


def test_smallest_segments_hold_one_batch_each(tmp_path: Path) -> None:
    """An empty segment is never begun again, however small segments are to be."""
    with writing_to(tmp_path, segment_bytes=1) as writer:
        for _ in range(4):
            writer.append(a_batch(3))

    assert sorted(int(path.stem) for path in tmp_path.glob("*.db")) == [1, 4, 7, 10]
    assert numbers_of(tmp_path) == list(range(1, 13))


@pytest.mark.promise(5)
@pytest.mark.fault(24)
def test_full_disk_refuses_the_batch_whole_and_resumes(tmp_path: Path) -> None:
    """Nothing of it is stored, what was stored stays intact, freed space is enough to go on."""
    with small_disk(tmp_path / "disk", kib=1500) as disk, writing_to(disk / "journal") as writer:
        before = writer.append(a_batch(200))
        ballast = fill_up(disk, leave_bytes=16_384)
        for _ in range(3):
            with pytest.raises(JournalError) as refused:
                writer.append(a_batch(1000, first=201, payload_bytes=200))
            assert refused.value.may_pass
        kept = numbers_of(disk / "journal")
        ballast.unlink()

        after = writer.append(a_batch(1000, first=201, payload_bytes=200))

        assert kept == list(range(1, before + 1))
        assert numbers_of(disk / "journal") == list(range(1, after + 1))
        assert after == 1200


@pytest.mark.fault(24)
def test_refused_batch_leaves_the_control_mark(tmp_path: Path) -> None:
    """The mark and the entries are one transaction: the receiver takes the same ids again."""
    with small_disk(tmp_path / "disk", kib=1500) as disk:
        with writing_to(disk / "journal") as writer:
            writer.append(a_batch(200), control_upto=4)
            ballast = fill_up(disk, leave_bytes=16_384)
            with pytest.raises(JournalError):
                writer.append(a_batch(1000, first=201, payload_bytes=200), control_upto=9)
            refused = writer.control_upto()
            ballast.unlink()
        with writing_to(disk / "journal") as writer:
            reopened = writer.control_upto()

    assert (refused, reopened) == (4, 4)


@pytest.mark.fault(24)
def test_full_disk_at_rotation_resumes(tmp_path: Path) -> None:
    """No room for the new segment: the batch waits, then goes into a sound one."""
    with (
        small_disk(tmp_path / "disk", kib=4000) as disk,
        writing_to(disk / "journal", segment_bytes=1 << 16) as writer,
    ):
        last = writer.append(a_batch(500, payload_bytes=200))
        ballast = fill_up(disk)
        for _ in range(2):
            with pytest.raises(JournalError) as refused:
                writer.append(a_batch(10))
            assert refused.value.may_pass
        ballast.unlink()

        assert writer.append(a_batch(10)) == last + 10
        assert numbers_of(disk / "journal") == list(range(1, last + 11))


@pytest.mark.promise(5)
@pytest.mark.fault(24)
def test_intake_stops_while_there_is_still_reserved_space(tmp_path: Path) -> None:
    """Below the reserve nothing is written, though the disk would take it."""
    with (
        small_disk(tmp_path / "disk", kib=4000) as disk,
        writing_to(disk / "journal", reserve_bytes=1 << 20) as writer,
    ):
        writer.append(a_batch(1))
        ballast = fill_up(disk, leave_bytes=900_000)

        with pytest.raises(JournalError, match="free") as refused:
            writer.append(a_batch(1))

        assert refused.value.may_pass
        ballast.unlink()
        assert writer.append(a_batch(1)) == 2


@pytest.mark.fault(25)
def test_lock_of_another_program_is_waited_out(tmp_path: Path) -> None:
    """Somebody's open transaction refuses the batch for now; nothing is lost."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(1))
        other = sqlite3.connect(next(tmp_path.glob("*.db")), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError) as refused:
            writer.append(a_batch(1))
        other.execute("ROLLBACK")
        other.close()

        assert refused.value.may_pass
        assert writer.append(a_batch(1)) == 2


@pytest.mark.fault(26)
@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_file_gone_under_the_writer_stops_it(tmp_path: Path, suffix: str) -> None:
    """Bytes written into a deleted file are never acknowledged."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(1))
        path = next(tmp_path.glob("*.db"))
        path.with_name(path.name + suffix).unlink()

        with pytest.raises(JournalError) as refused:
            writer.append(a_batch(1))

        assert not refused.value.may_pass


@pytest.mark.fault(26)
def test_file_put_in_place_of_the_journal_stops_the_writer(tmp_path: Path) -> None:
    """The same name is not the same file."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(1))
        path = next(tmp_path.glob("*.db"))
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)

        with pytest.raises(JournalError) as refused:
            writer.append(a_batch(1))

        assert not refused.value.may_pass


@pytest.mark.fault(28)
def test_writer_that_met_an_io_error_takes_nothing_more(tmp_path: Path) -> None:
    """Even when the next write would succeed: what the disk holds is not known."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(1))
        path = next(tmp_path.glob("*.db"))
        path.rename(path.with_suffix(".aside"))
        with pytest.raises(JournalError):
            writer.append(a_batch(1))
        path.with_suffix(".aside").rename(path)

        with pytest.raises(JournalError) as refused:
            writer.append(a_batch(1))

        assert not refused.value.may_pass


@pytest.mark.fault(27)
def test_damaged_newest_segment_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """A page overwritten with noise is found at the start; the error names the repair."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(2000, payload_bytes=200))
    path = next(tmp_path.glob("*.db"))
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 8192)

    with pytest.raises(JournalError, match="rescue") as refused:
        writing_to(tmp_path).__enter__()

    assert not refused.value.may_pass
    assert path.name in str(refused.value)


@pytest.mark.fault(27)
def test_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    """Bytes of something else under a segment's name."""
    (tmp_path / "000000000001.db").write_bytes(b"not a database" * 1000)

    with pytest.raises(JournalError, match="rescue"):
        writing_to(tmp_path).__enter__()


def test_refused_writer_lets_the_lock_go(tmp_path: Path) -> None:
    """After the repair a start in the same process succeeds."""
    broken = tmp_path / "000000000001.db"
    broken.write_bytes(b"not a database" * 1000)
    with pytest.raises(JournalError):
        writing_to(tmp_path).__enter__()
    broken.unlink()

    with writing_to(tmp_path) as writer:
        assert writer.append(a_batch(1)) == 1


def test_numbers_go_on_above_a_given_offset(tmp_path: Path) -> None:
    """A journal that was wiped: numbers begin above the offset of the records database."""
    with writing_to(tmp_path, start_after=400) as writer, reading_from(tmp_path) as reader:
        last = writer.append(a_batch(5))

        assert last == 405
        assert reader.first_seq() == 401
        assert [entry.seq for entry in reader.read(400, 10)] == [401, 402, 403, 404, 405]


def test_newest_segment_missing_is_refused(tmp_path: Path) -> None:
    """Archives without their successor: beginning again at 1 would number twice."""
    fill(tmp_path, batches=10)
    first, *later = sorted(tmp_path.glob("*.db"))
    first.rename(first.with_name(first.name + ".zst"))
    for path in later:
        path.unlink()

    with pytest.raises(JournalError, match="newest") as refused:
        writing_to(tmp_path).__enter__()

    assert not refused.value.may_pass


def test_last_entry_is_told_also_when_the_newest_segment_is_empty(tmp_path: Path) -> None:
    """A crash between rotation and append leaves one: the steady clock must go on."""
    with writing_to(tmp_path) as writer:
        writer.append(a_batch(10))
    with writing_to(tmp_path, start_after=20) as writer:
        newest = writer.last()

    assert newest is not None
    assert newest.seq == 10
    assert newest.recv_ms == NOW_MS + 10_000


def test_poison_does_not_hold_up_the_next_batch(tmp_path: Path) -> None:
    """A value that no database takes is the caller's error; the transaction is over."""
    with writing_to(tmp_path) as writer:
        with pytest.raises(UnicodeEncodeError):
            writer.append([*a_batch(1), a_batch(1)[0]._replace(topic="\ud800")])

        assert writer.append(a_batch(1)) == 1
    with reading_from(tmp_path) as reader:
        assert len(read_all(reader.read)) == 1

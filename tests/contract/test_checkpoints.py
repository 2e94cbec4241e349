"""State snapshots: losing one costs time, never truth."""

from pathlib import Path

import pytest

from stores.checkpoints import FileCheckpoints
from stores.memory import MemoryCheckpoints
from support.stores_tmpfs import fill_up, small_disk

Checkpoints = MemoryCheckpoints | FileCheckpoints


@pytest.fixture(params=["memory", "files"])
def checkpoints(request: pytest.FixtureRequest, tmp_path: Path) -> Checkpoints:
    """Each kind in turn, empty."""
    return MemoryCheckpoints() if request.param == "memory" else FileCheckpoints(tmp_path, "part")


def test_nothing_saved_is_none(checkpoints: Checkpoints) -> None:
    """The journal alone gives the state then."""
    assert checkpoints.newest(10**12) is None


def test_newest_up_to_a_number_is_given(checkpoints: Checkpoints) -> None:
    """One after the committed offset knows too much."""
    checkpoints.save(10, b"ten")
    checkpoints.save(20, b"twenty")

    found = [checkpoints.newest(upto) for upto in (9, 10, 19, 20, 10**12)]

    assert found == [None, (10, b"ten"), (10, b"ten"), (20, b"twenty"), (20, b"twenty")]


def test_two_newest_stay(checkpoints: Checkpoints) -> None:
    """Older ones go."""
    for seq in (9, 10, 1000):
        checkpoints.save(seq, b"%d" % seq)

    assert checkpoints.newest(9) is None
    assert checkpoints.newest(10) == (10, b"10")


def test_same_number_again_replaces(checkpoints: Checkpoints) -> None:
    """Also by an empty state."""
    checkpoints.save(10, b"old")
    checkpoints.save(10, b"")

    assert checkpoints.newest(10) == (10, b"")


def test_state_of_a_history_taken_back_goes(checkpoints: Checkpoints) -> None:
    """The records database was put back: a lower number is now the newest, and stays."""
    checkpoints.save(100, b"of the old history")
    checkpoints.save(200, b"of the old history")

    checkpoints.save(50, b"of this one")

    assert checkpoints.newest(10**12) == (50, b"of this one")


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 40])
def test_damaged_file_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    """The one before it is used."""
    checkpoints = FileCheckpoints(tmp_path, "part")
    checkpoints.save(10, b"ten")
    checkpoints.save(20, b"twenty")
    max(tmp_path.glob("*.ckpt")).write_bytes(damage)

    assert checkpoints.newest(20) == (10, b"ten")


def test_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """A wrong state is worse than none."""
    checkpoints = FileCheckpoints(tmp_path, "part")
    checkpoints.save(10, b"state")
    path = next(tmp_path.glob("*.ckpt"))
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)

    assert checkpoints.newest(10) is None


def test_readers_do_not_see_each_others(tmp_path: Path) -> None:
    """Not even with names that begin alike."""
    FileCheckpoints(tmp_path, "part").save(10, b"one")
    FileCheckpoints(tmp_path, "part-two").save(20, b"two")

    assert FileCheckpoints(tmp_path, "part").newest(99) == (10, b"one")
    assert FileCheckpoints(tmp_path, "part-two").newest(99) == (20, b"two")


def test_full_disk_keeps_the_older_one_and_leaves_nothing(tmp_path: Path) -> None:
    """No half file takes up the space that is short."""
    with small_disk(tmp_path / "disk", kib=300) as disk:
        checkpoints = FileCheckpoints(disk / "checkpoints", "part")
        checkpoints.save(10, b"ten")
        fill_up(disk, leave_bytes=8192)

        with pytest.raises(OSError, match="No space"):
            checkpoints.save(20, b"x" * 100_000)

        assert checkpoints.newest(99) == (10, b"ten")
        assert len(list((disk / "checkpoints").iterdir())) == 1


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """A file that never got its name."""
    (tmp_path / ".part-000000000000010.ckpt.ab12.tmp").write_bytes(b"half")

    FileCheckpoints(tmp_path, "part")

    assert list(tmp_path.iterdir()) == []

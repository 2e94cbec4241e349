"""The memory-mapped rows that the processor writes and the API reads."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from devices.causes import Cause
from devices.latest import LATEST_DTYPE, blank_rows
from stores.latest_state import (
    HEADER_BYTES,
    MAGIC,
    LatestStateFile,
    LatestVersionError,
)
from support.stores_tmpfs import fill_up, small_disk

CHILD = Path(__file__).parents[1] / "support" / "stores_latest_child.py"


@contextmanager
def opened(path: Path, *, writable: bool) -> Iterator[LatestStateFile]:
    """The file, closed at the end."""
    file = LatestStateFile.create_or_open(path, writable=writable)
    try:
        yield file
    finally:
        file.close()


def write(file: LatestStateFile, slot: int, **values: float) -> None:
    """Change some columns as the processor does."""
    file.ensure(slot)
    file.rows["version"][slot] += 1
    for name, value in values.items():
        file.rows[name][slot] = value
    file.rows["version"][slot] += 1


def test_reader_sees_what_was_written(tmp_path: Path) -> None:
    """At once, in another mapping; what was not written is unknown."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer, opened(path, writable=False) as reader:
        write(writer, 5, lat_deg=31.82, recv_ms=1_790_000_000_000, presence=1)

        row = reader.get(5)

    assert row is not None
    assert (row["lat_deg"], row["recv_ms"], row["presence"]) == (31.82, 1_790_000_000_000, 1)
    assert np.isnan(row["speed_mps"])


@pytest.mark.parametrize("slot", [-1, 0, 1023, 1024, 10**9])
def test_slot_never_written_is_none(tmp_path: Path, slot: int) -> None:
    """Inside the file, beyond it, and no slot at all."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer, opened(path, writable=False) as reader:
        write(writer, 5, lat_deg=31.82)

        assert reader.get(slot) is None


def test_health_of_many_is_that_of_each(tmp_path: Path) -> None:
    """In the order asked; never written, beyond the file and no slot at all: never heard."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer, opened(path, writable=False) as reader:
        write(writer, 5, recv_ms=9, presence=3, causes=2, since_ms=7)
        write(writer, 2, recv_ms=9, presence=1, since_ms=8)

        some = reader.health(np.array([5, 2, 3], np.int64))
        far = reader.health(np.array([10**9, 5, -1], np.int64))

    never = int(Cause.NEVER_HEARD)
    assert some.presence.tolist() == [3, 1, 0]
    assert some.causes.tolist() == [2, 0, never]
    assert some.since_ms.tolist() == [7, 8, 0]
    assert far.presence.tolist() == [0, 3, 0]
    assert far.causes.tolist() == [never, 2, never]


def test_copy_does_not_change_afterwards(tmp_path: Path) -> None:
    """What was read stays what was read."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer, opened(path, writable=False) as reader:
        write(writer, 5, level=1)
        row = reader.get(5)

        write(writer, 5, level=3)

        assert row is not None
        assert row["level"] == 1


def test_reader_notices_that_the_file_has_grown(tmp_path: Path) -> None:
    """New rows are blank until they are written; old ones stay."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer, opened(path, writable=False) as reader:
        write(writer, 5, level=1)
        before = reader.get(5)

        write(writer, 70_000, level=2)

        rows = reader.many(np.array([5, 69_999, 70_000]))
        assert before is not None
        assert rows["level"].tolist() == [1, 0, 2]
        assert np.isnan(rows["lat_deg"]).all()
        assert np.isnan(writer.rows["lat_deg"]).all()


def test_many_answers_in_the_order_asked(tmp_path: Path) -> None:
    """Slots beyond the file and none at all give blank rows."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer, opened(path, writable=False) as reader:
        for slot in (1, 2, 3):
            write(writer, slot, fix_t_ms=slot)

        rows = reader.many(np.array([3, 10**7, 1, -1, 3]))
        none = reader.many(np.zeros(0, np.int64))

    assert rows["fix_t_ms"].tolist() == [3, 0, 1, 0, 3]
    assert len(none) == 0


def test_rows_stay_over_a_restart(tmp_path: Path) -> None:
    """The API shows the last believed state before the first new message."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer:
        write(writer, 2000, level=2)

    with opened(path, writable=True) as writer:
        row = writer.get(2000)

    assert row is not None
    assert row["level"] == 2


def test_row_left_half_written_is_not_believed(tmp_path: Path) -> None:
    """A writer that died in it: the row is unknown, and usable again after its restart."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as dead:
        write(dead, 5, level=1)
        dead.rows["version"][5] += 1

    with opened(path, writable=False) as reader:
        during = (reader.get(5), reader.many(np.array([5]))["version"][0])
        with opened(path, writable=True) as writer:
            write(writer, 5, level=2)
            after = reader.get(5)

    assert during == (None, 0)
    assert after is not None
    assert after["level"] == 2


def test_reader_never_sees_half_a_row(tmp_path: Path) -> None:
    """Another process writes the same number into all columns until a hundred were seen."""
    path = tmp_path / "latest.bin"
    seen: set[float] = set()
    slots = np.arange(20)
    with subprocess.Popen(  # noqa: S603
        [sys.executable, str(CHILD), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        deadline = time.monotonic() + 30
        with child.stdin, opened(path, writable=False) as reader:
            while len(seen) <= 100 and time.monotonic() < deadline:
                rows = reader.many(slots)
                rows = rows[rows["version"] > 0]
                assert (rows["lat_deg"] == rows["recv_ms"]).all()
                assert (rows["lon_deg"] == rows["recv_ms"]).all()
                row = reader.get(7)
                if row is not None:
                    assert row["lat_deg"] == row["fix_t_ms"] == row["recv_ms"]
                    seen.add(float(row["lat_deg"]))

    assert child.returncode == 0
    assert len(seen) > 100


def test_writer_makes_a_file_of_another_version_anew(tmp_path: Path) -> None:
    """Its rows would be misread; a reader that has the old one open follows."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as old, opened(path, writable=False) as reader:
        write(old, 5, level=1)
        assert reader.get(5) is not None
        with path.open("r+b") as file:
            file.write(MAGIC + b"\xff\xff\xff\xff")

        with opened(path, writable=True) as new:
            gone = reader.get(5)
            write(new, 5, level=3)
            row = reader.get(5)

    assert gone is None
    assert row is not None
    assert row["level"] == 3


def test_reader_refuses_a_file_of_another_version(tmp_path: Path) -> None:
    """With what to do, instead of wrong places."""
    path = tmp_path / "latest.bin"
    path.write_bytes(b"something else".ljust(HEADER_BYTES + 10 * LATEST_DTYPE.itemsize))

    with pytest.raises(LatestVersionError, match="restart"):
        LatestStateFile.create_or_open(path, writable=False)


def test_reader_that_comes_first_is_told_so(tmp_path: Path) -> None:
    """The API asks again later."""
    with pytest.raises(FileNotFoundError):
        LatestStateFile.create_or_open(tmp_path / "latest.bin", writable=False)


def test_deleted_file_leaves_what_was_known(tmp_path: Path) -> None:
    """And the file that the next writer makes is found."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer, opened(path, writable=False) as reader:
        write(writer, 5, level=1)
        path.unlink()
        known = reader.get(5)
        with opened(path, writable=True) as again:
            write(again, 6, level=2)
            row = reader.get(6)

    assert known is not None
    assert row is not None


def test_growing_on_a_full_disk_is_an_error_not_a_crash(tmp_path: Path) -> None:
    """Rows that are there stay usable, and growing succeeds when there is room again."""
    with (
        small_disk(tmp_path / "disk", kib=1000) as disk,
        opened(disk / "latest.bin", writable=True) as writer,
        opened(disk / "latest.bin", writable=False) as reader,
    ):
        write(writer, 5, level=1)
        ballast = fill_up(disk, leave_bytes=20_000)
        with pytest.raises(OSError, match="No space"):
            writer.ensure(2000)
        write(writer, 1000, level=2)
        rows = reader.many(np.array([5, 1000, 1500]))
        ballast.unlink()

        write(writer, 2000, level=3)

        assert rows["level"].tolist() == [1, 2, 0]
        row = reader.get(2000)
        assert row is not None
        assert row["level"] == 3


def test_get_takes_less_than_a_millisecond(tmp_path: Path) -> None:
    """decisions.md 6: any device's last state in under 1 ms."""
    path = tmp_path / "latest.bin"
    with opened(path, writable=True) as writer, opened(path, writable=False) as reader:
        write(writer, 99_999, level=1)

        began_s = time.process_time()
        for _ in range(1000):
            reader.get(99_999)
        took_s = time.process_time() - began_s

    assert took_s < 1.0


def test_blank_row_is_unknown_in_every_float() -> None:
    """Zero is zero; NaN is unknown."""
    row = blank_rows(1)[0]

    assert all(np.isnan(row[name]) for name in ("lat_deg", "lon_deg", "acc_m", "battery_pct"))
    assert row["recv_ms"] == row["version"] == 0

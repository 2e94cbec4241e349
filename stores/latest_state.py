"""LatestState: one memory-mapped row per device slot, written by the processor, read by the API.

Each row has a version that is odd while it is being written: a reader that meets an odd or a
changed version reads again. The file is derived; it may be deleted when nothing runs.
"""

import mmap
import os
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from devices.latest import LATEST_DTYPE, LATEST_VERSION

Rows = NDArray[np.void]
MAGIC = b"PGLATEST"
HEADER_BYTES = 64
FIRST_ROWS = 1_024
TRIES = 1_000
"""A row is written within some microseconds; so many tries mean that its writer died in it."""
_FLOATS = [name for name in LATEST_DTYPE.names or () if LATEST_DTYPE[name].kind == "f"]


class LatestStateFile:
    """The file, mapped. Use ``create_or_open``."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Map an existing file."""
        self._path = path
        self._writable = writable
        self._handle = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        self._map: mmap.mmap | None = None
        self.rows: Rows = np.zeros(0, LATEST_DTYPE)
        self._remap()

    @classmethod
    def create_or_open(cls, path: Path, *, writable: bool) -> Self:
        """Open the file; the writer creates it, or anew when it is of another version.

        Raises:
            FileNotFoundError: A reader came before the writer.
        """
        if writable:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or not _fits(path):
                _create(path)
        file = cls(path, writable=writable)
        if writable:
            file.rows["version"] += file.rows["version"] % 2  # a writer died in the middle
        return file

    def ensure(self, slot: int) -> None:
        """Make room for ``slot`` (writer only); ``rows`` may be another array afterwards."""
        have = len(self.rows)
        if slot < have:
            return
        rows = max(slot + 1, 2 * have)
        os.ftruncate(self._handle, HEADER_BYTES + rows * LATEST_DTYPE.itemsize)
        self._remap()
        for name in _FLOATS:
            self.rows[name][have:] = np.nan

    def get(self, slot: int) -> np.void | None:
        """A consistent copy of one row; None when the slot was never written to."""
        if slot >= len(self.rows):
            self._remap()
            if slot >= len(self.rows):
                return None
        row: np.void = self.rows[slot].copy()
        for _ in range(TRIES):
            row = self.rows[slot].copy()
            if row["version"] % 2 == 0 and row["version"] == self.rows["version"][slot]:
                return row
        return row

    def many(self, slots: NDArray[np.int64]) -> Rows:
        """Copies of several rows, each consistent; slots beyond the file give blank rows."""
        if len(slots) and int(slots.max()) >= len(self.rows):
            self._remap()
        rows = blank_rows(len(slots))
        inside = np.flatnonzero(slots < len(self.rows))
        wanted = inside
        for _ in range(TRIES):
            rows[wanted] = self.rows[slots[wanted]]
            again = (rows["version"][wanted] % 2 == 1) | (
                rows["version"][wanted] != self.rows["version"][slots[wanted]]
            )
            wanted = wanted[again]
            if not len(wanted):
                break
        return rows

    def close(self) -> None:
        """Unmap."""
        self.rows = np.zeros(0, LATEST_DTYPE)
        self._map = None
        os.close(self._handle)

    def _remap(self) -> None:
        size = os.fstat(self._handle).st_size
        count = (size - HEADER_BYTES) // LATEST_DTYPE.itemsize
        if count == len(self.rows):
            return
        access = mmap.ACCESS_WRITE if self._writable else mmap.ACCESS_READ
        self._map = mmap.mmap(self._handle, size, access=access)
        self.rows = np.frombuffer(self._map, LATEST_DTYPE, count=count, offset=HEADER_BYTES)


def blank_rows(count: int) -> Rows:
    """Rows of devices that were never heard."""
    rows = np.zeros(count, LATEST_DTYPE)
    for name in _FLOATS:
        rows[name] = np.nan
    return rows


def _header() -> bytes:
    text = (
        MAGIC + LATEST_VERSION.to_bytes(4, "little") + LATEST_DTYPE.itemsize.to_bytes(4, "little")
    )
    return text.ljust(HEADER_BYTES, b"\0")


def _fits(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(HEADER_BYTES) == _header()


def _create(path: Path) -> None:
    aside = path.with_suffix(".tmp")
    aside.write_bytes(_header() + blank_rows(FIRST_ROWS).tobytes())
    aside.chmod(0o600)
    aside.replace(path)

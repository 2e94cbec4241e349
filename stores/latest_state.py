"""LatestState: one memory-mapped row per device slot, written by the processor, read by the API.

Each row has a version that is odd while it is being written: a reader that meets an odd or a
changed version reads again. The file is derived; it may be deleted at any time, the next start of
the processor makes it anew. Relies on stores becoming visible in order (x86-64 promises it).
"""

import mmap
import os
import time
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from devices.latest import LATEST_DTYPE, LATEST_VERSION, HealthColumns, blank_rows, health_of
from stores.files import replace_file

Rows = NDArray[np.void]
MAGIC = b"PGLATEST"
HEADER_BYTES = 64
FIRST_ROWS = 1_024
TRIES = 250
WAIT_S = 0.0001
"""Looks at a row that is being written, and the wait between two: the writer has it open for some
50 us, unless it lost its core in that moment (benchmarks.api_health). After 40 ms it has died."""


class LatestVersionError(Exception):
    """The file is of another version of the program: restart all parts with the same one."""


class LatestStateFile:
    """The file, mapped. Use ``create_or_open``; one writing process, any number of readers.

    Attributes:
        rows: All rows by slot. The writer makes a row's ``version`` odd before and even after it
            changes one; a reader does not use ``rows`` but ``get`` and ``many``.
    """

    rows: Rows

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Map an existing file."""
        self._path = path
        self._writable = writable
        self._handle = -1
        self._open()

    @classmethod
    def create_or_open(cls, path: Path, *, writable: bool) -> Self:
        """Open the file; the writer creates it, or anew when it is of another version.

        Raises:
            FileNotFoundError: A reader came before the writer.
            LatestVersionError: A reader came upon a file of another version.
        """
        if writable:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or not _fits(path):
                replace_file(path, _header() + blank_rows(FIRST_ROWS).tobytes())
        file = cls(path, writable=writable)
        if writable:
            file.rows["version"] += file.rows["version"] % 2  # a writer died in the middle
        return file

    def ensure(self, slot: int) -> None:
        """Make room for ``slot`` (writer only); ``rows`` may be another array afterwards.

        Raises:
            OSError: The disk is full; nothing has changed.
        """
        have = len(self.rows)
        if slot < have:
            return
        more = blank_rows(max(slot + 1, 2 * have) - have).tobytes()
        end = HEADER_BYTES + have * LATEST_DTYPE.itemsize
        try:  # written, not only made longer: a hole on a full disk kills whoever writes into it
            while more:
                written = os.pwrite(self._handle, more, end)
                more, end = more[written:], end + written
        except OSError:
            os.ftruncate(self._handle, HEADER_BYTES + have * LATEST_DTYPE.itemsize)
            raise
        self._map()

    def get(self, slot: int) -> np.void | None:
        """A consistent copy of one row; None when nothing was ever written to it (see ``many``)."""
        self._follow(slot)
        rows = self.rows
        if not 0 <= slot < len(rows):
            return None
        for _ in range(TRIES):
            row: np.void = rows[slot].copy()
            version = int(row["version"])
            if version % 2 == 0 and version == rows["version"][slot]:
                return row if version else None
            time.sleep(WAIT_S)  # lets go of the interpreter's lock, too
        return None

    def many(self, slots: NDArray[np.int64]) -> Rows:
        """Copies of several rows, each consistent, in the order of ``slots``.

        A row that was never written to, lies beyond the file, or that a dead writer left half
        written is blank (version 0), until the next writer starts.
        """
        self._follow(int(slots.max(initial=-1)))
        found = blank_rows(len(slots))
        wanted = np.flatnonzero((slots >= 0) & (slots < len(self.rows)))
        for _ in range(TRIES):
            found[wanted] = self.rows[slots[wanted]]
            versions = found["version"][wanted]
            torn = (versions % 2 == 1) | (versions != self.rows["version"][slots[wanted]])
            wanted = wanted[torn]
            if not len(wanted):
                return found
            time.sleep(WAIT_S)  # lets go of the interpreter's lock, too
        found[wanted] = blank_rows(len(wanted))
        return found

    def health(self, slots: NDArray[np.int64]) -> HealthColumns:
        """Health of many devices at once, in the order of ``slots``: to choose among them.

        A row that is being written may be half old; what is shown is read with ``many``.
        """
        self._follow(int(slots.max(initial=-1)))
        rows = self.rows
        there = (slots >= 0) & (slots < len(rows))
        if not there.all():  # as ``many`` has it: blank
            rows = np.concatenate([rows, blank_rows(1)])
        return health_of(rows, np.where(there, slots, len(rows) - 1))

    def close(self) -> None:
        """Unmap."""
        self.rows = np.zeros(0, LATEST_DTYPE)
        os.close(self._handle)

    def _follow(self, slot: int) -> None:
        """Map again when the file has grown, open again when another has taken its place."""
        if not self._writable:
            try:
                stat = self._path.stat()
            except FileNotFoundError:
                return  # deleted: what was known is still the last that was known
            if (stat.st_dev, stat.st_ino) != self._identity:
                os.close(self._handle)
                self._open()
        if slot >= len(self.rows):
            self._map()

    def _open(self) -> None:
        self._handle = os.open(self._path, os.O_RDWR if self._writable else os.O_RDONLY)
        if os.pread(self._handle, HEADER_BYTES, 0) != _header():
            raise LatestVersionError(f"{self._path} is of another version: restart all parts")
        stat = os.fstat(self._handle)
        self._identity = (stat.st_dev, stat.st_ino)
        self._map()

    def _map(self) -> None:
        count = (os.fstat(self._handle).st_size - HEADER_BYTES) // LATEST_DTYPE.itemsize
        access = mmap.ACCESS_WRITE if self._writable else mmap.ACCESS_READ
        size = HEADER_BYTES + count * LATEST_DTYPE.itemsize
        mapped = mmap.mmap(self._handle, size, access=access)
        self.rows = np.frombuffer(mapped, LATEST_DTYPE, count=count, offset=HEADER_BYTES)


def _header() -> bytes:
    text = (
        MAGIC + LATEST_VERSION.to_bytes(4, "little") + LATEST_DTYPE.itemsize.to_bytes(4, "little")
    )
    return text.ljust(HEADER_BYTES, b"\0")


def _fits(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(HEADER_BYTES) == _header()

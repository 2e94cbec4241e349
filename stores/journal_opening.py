"""What a journal's writer settles before it writes: one writer, a sound newest segment, a number.

Everything that is wrong here is said with what to do, and nothing is written.
"""

import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from devices.errors import JournalError
from stores import journal_files as files

CHECK_MAX_BYTES = 1 << 30
"""A larger newest segment is checked in its newest ``CHECK_ROWS`` only. quick_check takes 2.1 s a
GiB in memory (measured 2026-11-25); segments have 256 MiB unless set otherwise."""
CHECK_ROWS = 100_000


def hold_writer_lock(folder: Path) -> int:
    """Take the lock that the kernel frees when its holder dies; gives its handle.

    Raises:
        JournalError: Another writer holds it; the message names its process.
    """
    path = folder / "writer.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        pid = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
        os.close(handle)
        raise JournalError(
            f"another receiver (process {pid or 'unknown'}) writes this journal: stop it first, "
            "or set another data_dir",
            may_pass=False,
        ) from exc
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def newest_segment(folder: Path) -> int | None:
    """First number of the segment to go on with, checked; None for a journal without any.

    Raises:
        JournalError: It is damaged, or it is missing while older ones are there.
    """
    firsts = files.first_numbers(folder)
    if not firsts:
        return None
    path = files.live_path(folder, firsts[-1])
    if not path.exists():
        raise JournalError(
            f"the newest segment of {folder} is missing: only its archived ones are there. Put "
            f"{path.name} or a later one back, or move the whole folder aside to begin anew",
            may_pass=False,
        )
    fault = _fault_of(path)
    if fault:
        raise JournalError(
            f"{path} is damaged ({fault}); nothing was written. Stop all parts and copy the folder "
            f"{folder.name}. Then put {path.name} back from a backup, or save what can be read: "
            f"`sqlite3 {path.name} .recover | sqlite3 saved.db`, delete {path.name}* and rename "
            f"saved.db to {path.name}. Start again: what all parts have read is in their stores",
            may_pass=False,
        )
    return firsts[-1]


def floor_of(folder: Path, start_after: int) -> int:
    """The highest number that any reader may have seen: new entries stand above it."""
    return max([start_after, *files.noted_readers(folder).values()])


def _fault_of(path: Path) -> str:
    """What is wrong with a segment, or ""."""
    small = path.stat().st_size <= CHECK_MAX_BYTES
    try:
        with closing(files.connect_writing(path, wait_s=10)) as connection:
            connection.execute("SELECT control_upto FROM meta").fetchone()
            if small:
                (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                return "" if answer == "ok" else str(answer)
            connection.execute(
                "SELECT sum(length(payload)) FROM "
                "(SELECT payload FROM entry ORDER BY seq DESC LIMIT ?)",
                (CHECK_ROWS,),
            ).fetchone()
    except sqlite3.DatabaseError as exc:
        return str(exc)
    return ""

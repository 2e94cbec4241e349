"""What a journal's writer settles before it writes: one writer, a sound newest segment, a number.

Everything that is wrong here is said with what to do, and nothing is written.
"""

import fcntl
import os
from pathlib import Path

from devices.errors import JournalError
from stores import journal_files as files
from stores.journal_checking import check_newest


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
    fault = check_newest(folder, firsts[-1])
    if fault:
        raise JournalError(damaged(path, fault), may_pass=False)
    return firsts[-1]


def damaged(path: Path, fault: str) -> str:
    """Say what is wrong with a segment, and the procedure that brings the journal back."""
    name = path.name
    return (
        f"{path} is damaged ({fault}); nothing was written, nothing was acknowledged. Stop all "
        f"parts, copy the folder {path.parent.name}. Then put {name} back from a backup, without "
        f"{name}-wal; or keep what can be read: `parkguard journal rescue` (docs/journal.md). "
        "Start again: what all parts have read is in their stores"
    )


def floor_of(folder: Path, start_after: int) -> int:
    """The highest number that any reader may have seen: new entries stand above it."""
    return max([start_after, *files.noted_readers(folder).values()])

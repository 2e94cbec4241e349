"""A file system of a few hundred kilobytes, to fill it up."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, *, kib: int) -> Iterator[Path]:
    """A tmpfs of that size on ``folder``; unmounted at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
    if os.geteuid() != 0:
        pytest.fail(f"this test needs root for `{' '.join(command)}`: run `sudo make test`")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        pytest.fail(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607


def fill_up(folder: Path, *, leave_bytes: int = 0) -> Path:
    """Take the free space but ``leave_bytes``; deleting the file frees it again."""
    free = os.statvfs(folder)
    size = free.f_bavail * free.f_frsize - leave_bytes
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    return ballast

"""Damage to a journal's files, and what is left of it."""

import random
from collections.abc import Callable
from pathlib import Path

from stores.journal_checking import Checked, verify
from support.stores_journal import a_batch, lines_of, writing_child, writing_to

NOISE_BYTES = 64
"""Less than one entry: only a checksum can see it inside a payload."""


def closed_journal(folder: Path) -> Path:
    """A segment of 2,000 entries that was closed in good order; its file."""
    with writing_to(folder) as writer:
        writer.append(a_batch(2000, payload_bytes=200))
    return next(folder.glob("*.db"))


def killed_journal(folder: Path, *, commits: int = 60) -> int:
    """A segment whose writer was killed: everything is in its log; the last number it returned."""
    with writing_child(folder, "--segment-bytes", "100000000") as child:
        said = lines_of(child, commits)
    return int(said[-1])


def noise(path: Path, at: int, *, seed: int, length: int = NOISE_BYTES) -> None:
    """Write random bytes into a file, as a failing disk does."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(random.Random(seed).randbytes(length))  # noqa: S311 - the same every time


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that holds entries, as it is; looking makes an empty log."""
    found = {path.name: path.read_bytes() for path in folder.glob("0*") if "-shm" not in path.name}
    return {name: content for name, content in found.items() if content}


def nobody(_rows: int) -> None:
    """Is not told how far a check is."""


def checked(folder: Path, progressed: Callable[[int], None] = nobody) -> list[Checked]:
    """Every segment as ``parkguard journal verify`` sees it."""
    return list(verify(folder, progressed))


def faults_of(folder: Path) -> str:
    """All faults that it finds, in one text."""
    return "; ".join(fault for one in checked(folder) for fault in one.faults)

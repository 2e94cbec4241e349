"""Files that only their owner reads, replaced as a whole or not at all."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a file is to be.

    Attributes:
        uid: Numeric user.
        gid: Numeric group.
    """

    uid: int
    gid: int


def ensure_private_dir(path: Path) -> Path:
    """Make the folder (0700) and its parents when missing, and give it back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def ensure_data_dir(path: Path) -> Path:
    """Make the data folder when missing and give it back.

    0711: others may pass through it, so that the broker reaches its own folder as its own user;
    nobody may list it, and everything in it is 0600 or 0700 (``umask`` 077, see ``cli.main``).
    """
    if not path.exists():
        path.mkdir(parents=True)
        path.chmod(0o711)
    return path


def write_private(path: Path, content: bytes, *, owner: Owner | None = None) -> None:
    """Replace a file atomically and durably; mode 0600. Idempotent.

    A reader sees the old or the new content, never a part; after a power cut too.

    Args:
        path: The file; its folder must exist.
        content: All of it.
        owner: Whose it becomes; None = whoever runs this.
    """
    _replace(path, content, owner=owner, settle=os.fsync)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def replace_private(path: Path, content: bytes) -> None:
    """Replace a file atomically; mode 0600; not forced to the disk (status files)."""
    _replace(path, content, owner=None, settle=lambda _handle: None)


def _replace(
    path: Path, content: bytes, *, owner: Owner | None, settle: Callable[[int], None]
) -> None:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            settle(file.fileno())
            if owner is not None:
                os.fchown(file.fileno(), owner.uid, owner.gid)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise

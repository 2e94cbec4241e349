"""Which system user runs mosquitto, and whose its files are.

As root it becomes user ``mosquitto``, if that user can reach the files: with files or folders
that only root reads it would stop at its start (seen on 2.0.11).
"""

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parkguard.private_files import Owner

BROKER_ACCOUNT = "mosquitto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The answer.

    Attributes:
        drop_to: Become this user before the start; None = stay who we are.
        owner: Whose the broker's files become; None = ours.
        stays_root: mosquitto must be told so, or it would change to its own user.
        warning: Why we stay root, and what would help; "" when all is well.
    """

    drop_to: str | None
    owner: Owner | None
    stays_root: bool = False
    warning: str = ""


def choose_account(folder: Path, readable: Iterable[Path] = ()) -> Account:
    """Say who runs mosquitto.

    Args:
        folder: The broker's folder, made its own when it becomes another user.
        readable: Further files it must read (certificate and key).
    """
    if os.geteuid() != 0:
        return Account(drop_to=None, owner=None)
    try:
        entry = pwd.getpwnam(BROKER_ACCOUNT)
    except KeyError:
        return Account(
            drop_to=None,
            owner=None,
            stays_root=True,
            warning=f"there is no user {BROKER_ACCOUNT}: the broker runs as root",
        )
    groups = os.getgrouplist(BROKER_ACCOUNT, entry.pw_gid)
    blocked = [
        *(path for path in folder.resolve().parents if not _may(path, entry.pw_uid, groups, 1)),
        *(path for path in readable if not _reaches(path, entry.pw_uid, groups)),
    ]
    if blocked:
        return Account(
            drop_to=None,
            owner=None,
            stays_root=True,
            warning=f"user {BROKER_ACCOUNT} cannot reach {blocked[-1]}: the broker runs as root; "
            "keep data_dir and keys where it can, or run parkguard as another user",
        )
    return Account(drop_to=BROKER_ACCOUNT, owner=Owner(uid=entry.pw_uid, gid=entry.pw_gid))


def _reaches(path: Path, uid: int, groups: list[int]) -> bool:
    resolved = path.resolve()
    return _may(resolved, uid, groups, 4) and all(
        _may(parent, uid, groups, 1) for parent in resolved.parents
    )


def _may(path: Path, uid: int, groups: list[int], bit: int) -> bool:
    """Whether the user has permission ``bit`` (4 read, 1 enter) by the mode of ``path``."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid == uid:
        return bool(mode >> 6 & bit)
    if found.st_gid in groups:
        return bool(mode >> 3 & bit)
    return bool(mode & bit)

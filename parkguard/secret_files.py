"""Secrets as files: made at the first start, 0600 in a 0700 folder, refused when weak.

There is no default secret anywhere (reliability.md P27).
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from parkguard.passwords import new_secret
from parkguard.private_files import ensure_private_dir

REFUSED_EXIT = 78
"""Exit code of a process that refuses a secret (EX_CONFIG of sysexits.h)."""

MIN_CHARS = 16
"""Shortest secret taken. Source: reliability.md 5.4 (15 advised)."""

_EXAMPLES = (
    "0123456",
    "1234567",
    "abcdefg",
    "change-me",
    "change_me",
    "changeit",
    "changeme",
    "default",
    "example",
    "letmein",
    "parkguard",
    "passw0rd",
    "password",
    "placeholder",
    "qwerty",
    "replace",
    "sample",
    "secret",
)
"""A secret that holds one of these was typed by a person: in 43 random characters one of six
letters stands by chance once in 30 million draws (and ``ensure_secret`` draws again)."""

_MIN_DISTINCT = 8
"""Fewest different characters: 16 random ones of 64 have fewer in 1 of 10 million draws."""

_REMEDY = "delete the file and start again, a random secret will be made"

_LOOSE = stat.S_IRWXG | stat.S_IRWXO
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH


class SecretRefused(Exception):
    """A secret's file cannot be used; the message says what to do. Exit code 78."""


class Secret(NamedTuple):
    """A secret and whether it was made just now.

    Attributes:
        value: In clear; never log it.
        created: True when this call made the file.
    """

    value: str
    created: bool


def ensure_secret(folder: Path, name: str, *, make: Callable[[], str] = new_secret) -> Secret:
    """Give a secret, made at random when its file is missing.

    Two processes that start at once get the same value: creation is exclusive.

    Args:
        folder: The secrets folder; made (0700) when missing.
        name: The file's name.
        make: Draws a value; called again while a drawn one would be refused.

    Raises:
        SecretRefused: Empty, an example, too short, or readable by others.
    """
    ensure_private_dir(folder)
    path = folder / name
    fresh = folder / f".{name}.{os.getpid()}"
    if not path.exists():
        value = make()
        while weakness(value) is not None:
            value = make()
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # exclusive and whole: a rival's file is never overwritten
        except FileExistsError:
            pass
        else:
            return Secret(value, created=True)
        finally:
            fresh.unlink()
    return Secret(read_secret(folder, name), created=False)


def read_secret(folder: Path, name: str, *, remedy: str = _REMEDY) -> str:
    """Read one secret.

    Args:
        folder: Where it is; nobody else may write there.
        name: The file's name.
        remedy: What to do about a weak one.

    Raises:
        SecretRefused: Missing, empty, an example, too short, or readable by others.
    """
    path = folder / name
    for checked, loose, want in ((folder, _WRITABLE, "go-w"), (path, _LOOSE, "600")):
        try:
            mode = checked.stat().st_mode
        except FileNotFoundError as exc:
            raise SecretRefused(
                f"{checked} is missing: `parkguard up` makes it at its first start"
            ) from exc
        if mode & loose:
            raise SecretRefused(
                f"{checked} is open to others (mode {stat.S_IMODE(mode):o}): "
                f"run `chmod {want} {checked}`, and replace the secret if others had access"
            )
    try:
        value = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as exc:
        raise SecretRefused(f"{path} is not text: {remedy}") from exc
    fault = weakness(value)
    if fault is not None:
        raise SecretRefused(f"{path} {fault}: {remedy}")
    return value


def weakness(value: str) -> str | None:
    """Say why a secret is refused, or None when it is taken. The value is never repeated."""
    low = value.lower()
    if not value:
        return "is empty"
    if any(example in low for example in _EXAMPLES):
        return "holds an example value"
    if len(value) < MIN_CHARS:
        return f"is shorter than {MIN_CHARS} characters"
    if len(set(value)) < _MIN_DISTINCT:
        return f"has fewer than {_MIN_DISTINCT} different characters"
    if not value.isprintable() or " " in value:
        return "holds blanks or control characters"
    return None

"""New secrets with their hashes. For many of them a process beside makes them ahead of time.

A hash takes 60 µs (``parkguard.passwords``), and which device gets it does not matter before it is
written. The process beside is ``python -m`` of this file; it has no lock of the interpreter with
us. It writes a line each to a pipe, in clear: they stand nowhere else.
"""

import fcntl
import os
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from parkguard.passwords import hash_password, new_secret

BESIDE_FROM = 500
"""Secrets at once from which a process beside is worth its start: 30 ms of hashing, as long as it
takes to start."""
STOCK_BYTES = 524_288
"""Made ahead: 3,300 lines of 158 bytes, three chunks of an import."""


class Secret(NamedTuple):
    """A secret in clear, and what the broker's password file holds of it."""

    clear: str
    hashed: str


class FreshSecrets:
    """Gives each secret once; use it by ``with``, which ends the process beside."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._beside: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Nothing is started before many are asked for."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process; what it made ahead was nobody's."""
        if self._beside is not None:
            self._beside.kill()
            self._beside.communicate()

    def take(self, count: int) -> list[Secret]:
        """So many that nobody had yet."""
        if count >= BESIDE_FROM and self._beside is None:
            self._beside = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", __name__],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                process_group=0,  # Ctrl-C is for us
            )
            _widen(self._beside)
        made = _lines(self._beside, count)
        return made + [_made() for _ in range(count - len(made))]


def _widen(beside: subprocess.Popen[bytes]) -> None:
    """Let it work ahead; a kernel that grants no more keeps to 64 KiB, 400 lines."""
    if beside.stdout is not None:
        with suppress(OSError):
            fcntl.fcntl(beside.stdout, fcntl.F_SETPIPE_SZ, STOCK_BYTES)


def _lines(beside: subprocess.Popen[bytes] | None, count: int) -> list[Secret]:
    """What the process beside gives, at most ``count``: fewer when it is gone."""
    made: list[Secret] = []
    if beside is None or beside.stdout is None:
        return made
    while len(made) < count:
        line = beside.stdout.readline().decode()
        if not line.endswith("\n"):  # it was ended, perhaps in the middle of a line
            break
        clear, hashed = line.split()
        made.append(Secret(clear, hashed))
    return made


def _made() -> Secret:
    clear = new_secret()
    return Secret(clear, hash_password(clear))


def pour(out: int) -> None:
    """Write secrets to a pipe for as long as somebody reads: whoever asked may be killed."""
    with suppress(BrokenPipeError):
        while True:
            made = _made()
            os.write(out, f"{made.clear} {made.hashed}\n".encode())


if __name__ == "__main__":
    pour(sys.stdout.fileno())

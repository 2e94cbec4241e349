"""Servers that the demo starts for itself: found, run as long as needed, ended with it."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection

from parkguard.children import ProgramMissing, ServerNotStarted, die_with_parent
from parkguard.clock import monotonic_s

_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
START_S = 30.0
"""A server may take so long until it takes requests, seconds (a busy machine)."""
END_S = 5.0
"""... and so long to end; then it is killed: nothing it holds is needed any more, seconds."""
_LOOK_S = 0.05


def find_program(name: str, package: str) -> str:
    """Give the path of a server's program.

    Raises:
        ProgramMissing: It is not installed.
    """
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise ProgramMissing(f"{name} is not installed; run `apt-get install -y {package}`")
    return found


def listens(port: int) -> bool:
    """Whether anybody takes connections on this port of 127.0.0.1."""
    try:
        with create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    *,
    cwd: Path,
    user: str | None = None,
    end_by: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server while the block runs; it dies with us, whatever kills us.

    Ctrl-C in the terminal does not reach it: what the parts still have to store is stored.

    Args:
        command: Program and arguments.
        log: Its output is added here.
        cwd: Where it runs.
        user: Run as this user; only root may.
        end_by: What asks it to end at once, whoever is still connected.
    """
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command
            die_with_parent(command, user=user),
            stdout=file,
            stderr=file,
            cwd=cwd,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(end_by)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(
    process: subprocess.Popen[bytes], log: Path, answers: Callable[[], object], *, what: str
) -> None:
    """Wait until a server takes requests.

    Args:
        process: The server.
        log: Where it writes, to be named.
        answers: Whether it does so now.
        what: Its name.

    Raises:
        ServerNotStarted: It ended, or does not within ``START_S``.
    """
    deadline_s = monotonic_s() + START_S
    while not answers():
        try:
            code = process.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            if monotonic_s() > deadline_s:
                why = f"{what} takes no requests after {START_S:.0f} s: see {log}"
                raise ServerNotStarted(why) from None
        else:
            raise ServerNotStarted(f"{what} ended with {code}: see {log}")

"""How child processes are started: they die with their parent, whatever kills it."""

import asyncio
import resource
import shutil
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence


class ProgramMissing(Exception):
    """A program we need is not installed; the message names the command that installs it."""


class ServerNotStarted(Exception):
    """A server we start ended, or takes no requests; the message says where its log is."""


def die_with_parent(command: Sequence[str], *, user: str | None = None) -> list[str]:
    """Give the command wrapped so that the kernel ends it (SIGTERM) when its parent dies.

    ``setpriv`` replaces itself by the program, so the process id is the program's. It also
    changes the user *before* it asks for the signal: a program that changes its user by itself
    (mosquitto started as root) would lose it.

    Args:
        command: Program and arguments.
        user: Run as this user; only root may.

    Raises:
        ProgramMissing: No ``setpriv`` here.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ProgramMissing("setpriv is not installed; run `apt-get install -y util-linux`")
    change = [] if user is None else [f"--reuid={user}", f"--regid={user}", "--init-groups"]
    return [setpriv, *change, "--pdeathsig", "TERM", "--", *command]


def allow_most_files() -> None:
    """Let us and every child from now on open as many files and sockets as the kernel allows.

    Each connection is one; the usual soft limit of 1,024 would shut out the 1,025th device.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def ask_to_end(process: Process) -> None:
    """Send SIGTERM, if it still runs."""
    if process.returncode is None:
        kill(process, signal.SIGTERM)


async def end(process: Process, *, within_s: float) -> int:
    """Ask a child to end (SIGTERM), kill it after ``within_s``, and give its return code."""
    ask_to_end(process)
    try:
        async with asyncio.timeout(within_s):
            return await process.wait()
    except TimeoutError:
        kill(process, signal.SIGKILL)
        return await process.wait()


def kill(process: Process, number: signal.Signals) -> None:
    """Send a signal; harmless when it has ended by itself."""
    try:
        process.send_signal(number)
    except ProcessLookupError:
        return  # it ended by itself in this instant

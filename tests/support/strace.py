"""strace on a running process: what it asks the kernel for, in order; errors put in its way."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.broker import wait_until


@contextmanager
def traced(pid: int, log: Path, *options: str) -> Iterator[None]:
    """Trace all threads of a process into ``log`` until the block ends; it then goes on alone."""
    program = shutil.which("strace")
    if program is None:
        pytest.fail("strace is not installed; run: apt-get install -y strace")
    with subprocess.Popen(  # noqa: S603 - our own command
        [program, "-f", "-o", str(log), *options, "-p", str(pid)],
        stderr=subprocess.PIPE,
        text=True,
    ) as tracer:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        if "attached" not in said:
            tracer.kill()
            pytest.fail(f"strace cannot look at process {pid}, as root it can: {said}")
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate(timeout=30)


def wait_said(log: Path, words: str, count: int = 1) -> None:
    """Wait until a log has these words so often."""
    wait_until(
        lambda: log.exists() and log.read_text(errors="replace").count(words) >= count,
        within_s=30,
        what=f"{count} times {words!r} in {log}",
    )

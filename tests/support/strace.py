"""strace on a running process: what it asks the kernel for, in order; errors put in its way."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


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

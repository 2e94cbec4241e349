"""The other side as processes: police desk, owner gateway, a dispatcher that dies."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
KEY = "a key of 32 or more random letters"


class Part:
    """One process that says ``listening PORT`` first."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603
        word, port = _out(process).readline().split()
        assert word == b"listening"
        self.port = int(port)
        return process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path: str) -> dict[str, Any]:
        """GET a JSON page of it."""
        with urllib.request.urlopen(self.url + path) as answer:  # noqa: S310
            page: dict[str, Any] = json.load(answer)
            return page

    def kill_and_restart(self) -> None:
        """SIGKILL, and again on the same port."""
        self.stop()
        self._command += ["--port", str(self.port)]
        self.process = self._start()

    def stop(self) -> None:
        """SIGKILL: everything that counts is on the disk."""
        self.process.kill()
        self.process.wait()
        _out(self.process).close()


@contextmanager
def police_desk(folder: Path, *arguments: str) -> Iterator[Part]:
    """A desk with its diary in ``folder``."""
    command = ["--key-file", str(key_file(folder)), "--state", str(folder / "desk.jsonl")]
    desk = Part("simulators.police_desk", *command, *arguments)
    try:
        yield desk
    finally:
        desk.stop()


@contextmanager
def owner_gateway(folder: Path, *arguments: str) -> Iterator[Part]:
    """A gateway with its diary in ``folder``."""
    command = ["--key-file", str(key_file(folder)), "--state", str(folder / "owners.jsonl")]
    gateway = Part("simulators.owner_gateway", *command, *arguments)
    try:
        yield gateway
    finally:
        gateway.stop()


def start_dispatcher(
    records: Path, url: str, key: Path, *, die_after: int = -1
) -> subprocess.Popen[bytes]:
    """A dispatcher process; ``die_after`` receipts it kills itself before the next commit."""
    command = ["--records", str(records), "--url", url, "--key-file", str(key)]
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "support.delivery_process", *command, "--die-after", str(die_after)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )


def key_file(folder: Path) -> Path:
    """The shared key as a file."""
    path = folder / "webhook.key"
    path.write_text(KEY + "\n")
    return path


def _out(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout

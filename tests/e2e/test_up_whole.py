"""``parkguard up`` as a newcomer starts it: real parts, real mosquitto, fresh folder."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parkguard.status_files import read_all
from support.broker import wait_until

pytestmark = pytest.mark.broker

READY_S = 60.0
"""Six interpreters on a busy machine."""


class Up:
    """One ``parkguard up`` in a folder of its own, with ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.log = folder / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "parkguard", *words],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "parkguard", "up"],
                cwd=self.folder,
                env=self._environment(),
                stdout=log,
                stderr=log,
            )

    def wait_ready(self) -> None:
        wait_until(lambda: self._ended() or "up_ready" in self.said(), within_s=READY_S)
        assert not self._ended(), self.said()

    def said(self) -> str:
        return self.log.read_text()

    def pids(self) -> dict[str, int]:
        status = json.loads((self.data / "run/up.json").read_bytes())
        return {name: part["pid"] for name, part in status["parts"].items()}

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _environment(self) -> dict[str, str]:
        here = Path(__file__).parents[2]
        return {
            "PATH": os.defpath,
            "PYTHONPATH": str(here),
            "PARKGUARD_BROKER__PORT": "0",
            "PARKGUARD_API__PORT": "0",
        }


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    made = Up(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def running(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").exists()


def test_one_command_runs_everything(up: Up) -> None:
    """Ready, healthy in the doctor's eyes, heals after kill -9, stops clean, leaves nothing."""
    up.start()
    up.wait_ready()

    findings: list[dict[str, Any]] = json.loads(up.command("doctor", "--json").stdout)
    wanting = [finding["check"] for finding in findings if finding["grade"] != "ok"]
    assert wanting == ["fire_receivers"]  # a newcomer has no webhook yet

    second = up.command("up")
    assert second.returncode == 1
    assert "up runs already on this data_dir" in second.stderr

    first = up.pids()
    os.kill(first["ingest"], signal.SIGKILL)
    wait_until(lambda: up.pids()["ingest"] not in {0, first["ingest"]})
    wait_until(lambda: _is_ready(up, "ingest"), within_s=READY_S)
    last = up.pids()
    assert {name for name in first if first[name] != last[name]} == {"ingest"}

    assert up.stop() == 0, up.said()
    wait_until(lambda: not [pid for pid in last.values() if running(pid)])
    stopped = [line for line in up.said().splitlines() if "part_stopped" in line]
    assert [json.loads(line)["name"] for line in stopped] == [
        *("api", "dispatch", "project", "process", "ingest", "broker")
    ]
    # uvicorn ends in good order and then by the signal it was sent
    assert {json.loads(line)["code"] for line in stopped} <= {0, -signal.SIGTERM}


def test_no_secret_is_said(up: Up) -> None:
    """Whatever the parts log, none of the secrets made is in it, nor in the settings file."""
    up.start()
    up.wait_ready()

    up.stop()

    secrets = [path.read_text().strip() for path in (up.data / "secrets").iterdir()]
    texts = up.said() + (up.data / "run/settings.json").read_text()
    assert len(secrets) >= 6
    assert [secret for secret in secrets if secret in texts] == []


@pytest.mark.parametrize("value", ["", "changeme", "password1234567890"])
def test_a_weak_secret_stops_the_start(up: Up, value: str) -> None:
    """Exit code 78 and a line that names the file (P27)."""
    folder = up.data / "secrets"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "ingest_password").write_text(value)
    (folder / "ingest_password").chmod(0o600)

    done = up.command("up")

    assert done.returncode == 78
    assert "secrets/ingest_password" in done.stderr
    assert not value or value not in done.stderr


def _is_ready(up: Up, part: str) -> bool:
    status = read_all(up.data / "run").get(part)
    return status is not None and status.ready and status.pid == up.pids()[part]

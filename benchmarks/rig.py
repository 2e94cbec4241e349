"""A whole platform for a benchmark: ``parkguard up`` in a temporary folder, and its CPU."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from parkguard.demo_story import book_totals

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PARTS = ("broker", "ingest", "process", "project", "dispatch", "api")


@dataclass(slots=True)
class Rig:
    """A running platform.

    Attributes:
        folder: Its data folder.
        pids: Process id by part; the broker's is that of mosquitto itself.
    """

    folder: Path
    environment: Mapping[str, str]
    api_url: str
    broker_port: int
    pids: dict[str, int]

    @property
    def credentials(self) -> Path:
        """Secrets of every registered device."""
        return self.folder / "devices.json"

    def client(self) -> dict[str, Any]:
        """Arguments of an httpx client with the admin's token."""
        token = (self.folder / "secrets" / "admin_token").read_text().strip()
        return {
            "base_url": self.api_url,
            "headers": {"authorization": f"Bearer {token}"},
            "trust_env": False,
            "timeout": 30.0,
        }

    def books(self) -> list[dict[str, Any]]:
        """Every line of the books."""
        with httpx.Client(**self.client()) as client:
            lines: list[dict[str, Any]] = client.get("/v1/books").json()["lines"]
        return lines

    def is_stored(self, made: int) -> bool:
        """Whether ``made`` records and all that was accepted went into the telemetry store."""
        totals = book_totals(self.books())
        done = totals["projected"] + totals["thinned"]
        return totals["received"] >= made and done == totals["accepted"]

    def status(self, part: str) -> dict[str, float]:
        """The metrics a part wrote last."""
        raw = json.loads((self.folder / "run" / f"{part}.json").read_bytes())
        return dict(raw["metrics"])

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of every part so far."""
        return {part: cpu_of(pid) for part, pid in self.pids.items()}

    def rss_mb(self) -> dict[str, float]:
        """Resident memory of every part now, MiB."""
        return {part: rss_of(pid) for part, pid in self.pids.items()}


def cpu_of(pid: int) -> float:
    """User and system seconds of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def rss_of(pid: int) -> float:
    """Resident memory of one process, MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576


def command(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run one of our commands to its end and give what it printed."""
    done = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "-m", *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


@contextmanager
def platform(registry: tuple[str, ...], settings: Mapping[str, str] | None = None) -> Iterator[Rig]:
    """Register what ``simulators registry ...`` prints, start everything, stop it at the end."""
    with TemporaryDirectory(prefix="parkguard-bench-") as name:
        folder = Path(name)
        environment = {
            **os.environ,  # noqa: TID251 - handed on to the commands as it is
            "PARKGUARD_DATA_DIR": name,
            "PARKGUARD_BROKER__PORT": "0",
            "PARKGUARD_API__PORT": "0",
            "PARKGUARD_LOG__LEVEL": "warning",
            **(settings or {}),
        }
        wanted = folder / "registry.json"
        wanted.write_text(command("simulators", "registry", *registry, environment=environment))
        command(
            *("parkguard", "devices", "add", "--file", str(wanted)),
            *("--credentials", str(folder / "devices.json")),
            environment=environment,
        )
        with (folder / "up.log").open("wb") as log:
            up = subprocess.Popen(
                [sys.executable, "-m", "parkguard", "up"],
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(lambda: ready(folder), within_s=90, what=f"up; see {folder / 'up.log'}")
            yield _rig(folder, environment)
        finally:
            up.terminate()
            up.wait(30)


def ready(folder: Path) -> bool:
    """Whether every part says it is ready."""
    files = [folder / "run" / f"{part}.json" for part in PARTS]
    return all(file.exists() and json.loads(file.read_bytes())["ready"] for file in files)


def _rig(folder: Path, environment: Mapping[str, str]) -> Rig:
    ports = json.loads((folder / "run" / "ports.json").read_bytes())
    pids = {
        part: int(json.loads((folder / "run" / f"{part}.json").read_bytes())["pid"])
        for part in PARTS
    }
    children = Path(f"/proc/{pids['broker']}/task/{pids['broker']}/children").read_text().split()
    if children:
        pids["broker"] = int(children[0])
    return Rig(
        folder=folder,
        environment=environment,
        api_url=f"http://{ports['api']['host']}:{ports['api']['port']}",
        broker_port=int(ports["broker"]["port"]),
        pids=pids,
    )


def wait_for(fact: Callable[[], bool], *, within_s: float, what: str) -> float:
    """Wait until ``fact`` holds; gives how long it took, seconds."""
    began = time.monotonic()
    while not fact():
        if time.monotonic() - began > within_s:
            raise TimeoutError(f"not within {within_s} s: {what}")
        time.sleep(0.1)
    return time.monotonic() - began


def machine() -> str:
    """What this ran on, for the page of figures."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown CPU",
    )
    return f"{os.cpu_count()} x {model}, Python {sys.version.split()[0]}"

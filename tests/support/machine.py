"""A platform of real parts in a temporary folder, each part a process a test can kill."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from parkguard.broker import find_mosquitto
from parkguard.clock import wall_ms
from parkguard.demo_story import book_totals
from parkguard.first_start import Prepared, prepare
from parkguard.records import open_migrated
from parkguard.registration import Wanted, register
from parkguard.settings import Settings
from parkguard.status_files import read_all
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry
from stores.telemetry_sqlite import SqliteProjectLedger
from support.broker import free_port, wait_until

START_S = 40.0
"""A part on a busy machine may take so long to be ready, seconds."""


def missing_mosquitto() -> str | None:
    """What to do when the broker is not installed."""
    if find_mosquitto() is None:
        return "mosquitto is not installed; run: apt-get install -y mosquitto"
    return None


class Runs:
    """One part, started again whenever it ends; every exit code is kept.

    Args:
        commands: The first runs, in order; the last one is used from then on.
        log: Where their output goes.
    """

    def __init__(self, commands: Sequence[Sequence[str]], log: Path) -> None:
        self._commands = list(commands)
        self._log = log
        self._ending = False
        self.codes: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()

    def _keep(self) -> None:
        while not self._ending:
            command = self._commands[min(len(self.codes), len(self._commands) - 1)]
            with self._log.open("ab") as log:
                self.process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603
            self.codes.append(self.process.wait())

    def kill(self) -> None:
        """SIGKILL the run that goes on now."""
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """End it in good order and start no further run."""
        self._ending = True
        if self.process is not None:
            self.process.terminate()
        self._thread.join(30)

    def said(self) -> str:
        """Everything its runs wrote."""
        return self._log.read_text(errors="replace")


class Machine:
    """The parts of one platform. ``with Machine(tmp_path, registry=(...)) as machine``."""

    def __init__(
        self, folder: Path, *, registry: Sequence[str], settings: dict[str, Any] | None = None
    ) -> None:
        values: dict[str, Any] = {
            "data_dir": str(folder / "data"),
            "broker": {"kind": "mosquitto", "port": free_port()},
            "api": {"port": free_port()},
        }
        for section, changes in (settings or {}).items():
            values[section] = {**values.get(section, {}), **changes}
        self.folder = folder
        self.prepared: Prepared = prepare(Settings.model_validate(values))
        self.settings = self.prepared.settings
        self.engine = open_migrated(self.settings)
        self.parts: dict[str, Runs] = {}
        self.credentials = folder / "devices.json"
        wanted = msgspec.json.decode(self.output("simulators", "registry", *registry), type=Wanted)
        registered = register(Registry(self.engine, wall_ms), wanted)
        self.credentials.write_text(json.dumps(registered.secrets))

    def command(self, part: str) -> list[str]:
        """How a part is started."""
        file = str(self.prepared.settings_file)
        return [sys.executable, "-m", "parkguard", "--settings", file, part]

    def script(self, name: str, *arguments: str) -> list[str]:
        """How one of the dying scripts of this folder is started."""
        path = str(Path(__file__).with_name(name))
        return [sys.executable, path, str(self.prepared.settings_file), *arguments]

    def start(self, part: str, *first: Sequence[str]) -> Runs:
        """Start a part; ``first`` runs come before its ordinary command."""
        log = self.folder / f"{part}.log"
        runs = Runs([*first, self.command(part)], log)
        self.parts[part] = runs
        return runs

    def wait_ready(self, *parts: str) -> None:
        """Wait until these parts say they are ready."""
        run_dir = self.settings.data_dir / "run"

        def ready() -> bool:
            said = read_all(run_dir)
            return all(part in said and said[part].ready for part in parts)

        wait_until(ready, within_s=START_S, what=f"{parts} are ready; logs in {self.folder}")

    def output(self, module: str, *arguments: str) -> bytes:
        """What a command prints; a failure fails the test with what it said."""
        done = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "-m", module, *arguments], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return done.stdout

    def simulate(self, name: str, *arguments: str) -> dict[str, Any]:
        """Run a simulator against the broker to its end; its JSON summary."""
        broker = self.settings.broker
        out = self.output(
            "simulators",
            name,
            *("--host", broker.host, "--port", str(broker.port)),
            *("--credentials", str(self.credentials), "--json", *arguments),
        )
        summary: dict[str, Any] = json.loads(out.splitlines()[-1])
        return summary

    def books(self) -> dict[str, int]:
        """Totals of both readers' books by name."""
        lines = [
            {"name": line.name, "count": line.count}
            for line in QuarantineQueries(self.engine).counts()
        ]
        path = self.settings.data_dir / "project.db"
        if path.exists():
            ledger = SqliteProjectLedger(path)
            lines += [{"name": name, "count": n} for (name, _), n in ledger.books().items()]
            ledger.close()
        return book_totals(lines)

    def is_settled(self, records: int) -> bool:
        """Whether so many different records were received and all of them projected."""
        books = self.books()
        whole = books["received"] - books["duplicate"] >= records
        return whole and books["accepted"] == books["projected"] + books["thinned"]

    def client(self) -> httpx.Client:
        """The API with the admin's token."""
        token = (self.settings.data_dir / "secrets" / "admin_token").read_text().strip()
        api = self.settings.api
        return httpx.Client(
            base_url=f"http://{api.host}:{api.port}",
            headers={"authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=30.0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop every part, the last started first."""
        for runs in reversed(self.parts.values()):
            runs.stop()
        self.engine.dispose()

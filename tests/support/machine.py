"""A platform of real parts in a temporary folder, each part a process a test can kill."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec
import pytest

from devices.entry import EntryKind
from parkguard.broker import find_mosquitto
from parkguard.children import die_with_parent
from parkguard.clock import wall_ms
from parkguard.demo_story import book_totals, has_caught_up
from parkguard.first_start import Prepared, prepare
from parkguard.records import open_migrated
from parkguard.registration import Wanted, register
from parkguard.settings import Settings
from parkguard.status_files import read_all
from stores.journal_reading import SqliteJournalReader
from stores.processing import RecordsProcessLedger
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry
from stores.telemetry_sqlite import SqliteProjectLedger
from support.broker import free_port, wait_until

START_S = 40.0
"""A part on a busy machine may take so long to be ready, seconds."""
END_S = 15.0
"""... and so long to end in good order (reliability.md P10 allows 10), seconds."""


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
        self._lock = threading.Lock()
        self.codes: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()

    def _keep(self) -> None:
        while (process := self._next()) is not None:
            self.codes.append(process.wait())

    def _next(self) -> subprocess.Popen[bytes] | None:
        """Start the next run; None when it is to end."""
        with self._lock, self._log.open("ab") as log:
            if self._ending:
                return None
            command = self._commands[min(len(self.codes), len(self._commands) - 1)]
            self.process = subprocess.Popen(  # noqa: S603 - our own commands
                die_with_parent(command), stdout=log, stderr=log
            )
            return self.process

    @property
    def pid(self) -> int:
        """Process id of the newest run, 0 before the first."""
        return self.process.pid if self.process is not None else 0

    def kill(self) -> None:
        """SIGKILL the run that goes on now; the next one begins at once."""
        died = len(self.codes)
        if self.process is not None:
            self.process.kill()
        wait_until(lambda: len(self.codes) > died, what="the kernel ended it")

    def ask_to_end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal, once, and start no further run."""
        with self._lock:
            if self.process is not None and not self._ending:
                self.process.send_signal(number)
            self._ending = True

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal and start no further run; the last exit code."""
        self.ask_to_end(number)
        self._thread.join(END_S)
        if self._thread.is_alive():
            if self.process is not None:
                self.process.send_signal(signal.SIGABRT)  # it says where its threads stand
            self._thread.join(END_S)
            if self._thread.is_alive():
                self.kill()
            pytest.fail(f"not ended within {END_S} s; it said {self.said()[-6000:]}")
        return self.codes[-1]

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
        printed = self.output("simulators", "registry", *registry)
        self.registered = msgspec.json.decode(printed, type=Wanted)
        registered = register(Registry(self.engine, wall_ms), self.registered)
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

    def pid(self, part: str) -> int:
        """Process id of a part, 0 while it does not run."""
        return self.parts[part].pid

    def kill_mosquitto(self) -> None:
        """SIGKILL the broker's own process: what it did not save is lost."""
        os.kill(self.mosquitto_pid(), signal.SIGKILL)

    def mosquitto_pid(self) -> int:
        """The broker's own process, as soon as it runs."""
        wait_until(self._mosquitto, what="mosquitto runs")
        return self._mosquitto()

    def _mosquitto(self) -> int:
        pid = self.pid("broker")
        children = Path(f"/proc/{pid}/task/{pid}/children")
        text = children.read_text() if pid and children.exists() else ""
        return int(text.split()[0]) if text else 0

    def wait_ready(self, *parts: str) -> None:
        """Wait until the processes that run these parts now say they are ready."""
        wait_until(
            lambda: self.is_ready(*parts),
            within_s=START_S,
            what=f"{parts} are ready; logs in {self.folder}",
        )

    def is_ready(self, *parts: str) -> bool:
        """Whether the processes that run these parts now say they are ready."""
        said = read_all(self.settings.data_dir / "run")
        return all(
            part in said and said[part].ready and said[part].pid == self.pid(part) for part in parts
        )

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
        return whole and has_caught_up(books)

    def is_quiet(self) -> bool:
        """Whether two ticks went by without a message and both readers are past the last one."""
        reader = SqliteJournalReader(self.settings.data_dir / "journal")
        heard = ticks = seq = 0
        while entries := reader.read(seq, 5_000):
            seq = entries[-1].seq
            for entry in entries:
                if entry.kind == EntryKind.TICK:
                    ticks += entry.flags
                else:
                    heard, ticks = entry.seq, 0
        reader.close()
        return ticks >= 2 and min(self.offsets()) >= heard

    def payloads(self) -> set[bytes]:
        """What all messages in the journal say."""
        reader = SqliteJournalReader(self.settings.data_dir / "journal")
        found: set[bytes] = set()
        seq = 0
        while entries := reader.read(seq, 5_000):
            seq = entries[-1].seq
            found |= {entry.payload for entry in entries if entry.kind == EntryKind.MQTT}
        reader.close()
        return found

    def offsets(self) -> tuple[int, int]:
        """How far the processor and the projector have committed."""
        processed = RecordsProcessLedger(self.engine, "test", now_ms=wall_ms).offset()
        ledger = SqliteProjectLedger(self.settings.data_dir / "project.db")
        projected = ledger.offset()
        ledger.close()
        return processed, projected

    @property
    def api_url(self) -> str:
        """Root of the API."""
        return f"http://{self.settings.api.host}:{self.settings.api.port}"

    def client(self) -> httpx.Client:
        """The API with the admin's token."""
        token = (self.settings.data_dir / "secrets" / "admin_token").read_text().strip()
        return httpx.Client(
            base_url=self.api_url,
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
        """Stop every part."""
        for runs in self.parts.values():
            runs.ask_to_end()
        with contextlib.ExitStack() as stack:
            stack.callback(self.engine.dispose)
            for runs in self.parts.values():
                stack.callback(runs.end)

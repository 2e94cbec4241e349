"""A small town on a real platform: devices, owners and a police desk, each a process of its own.

with Town(tmp_path) as town:
    town.up()               # or single parts: town.start("broker"), town.start("ingest"), ...
    town.open_offices()
    city = town.live(seconds=40)
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from typing_extensions import override

from api.tokens import new_token, new_token_id
from parkguard.children import die_with_parent
from parkguard.clock import wall_ms
from parkguard.parts import PART_NAMES
from parkguard.private_files import write_private
from stores.queries_tokens import TokenQueries
from support.broker import free_port, wait_until
from support.machine import Machine, Runs

OFFICES = {"owner": "owner_gateway", "police": "police_desk"}
"""Webhook target -> the simulator that plays it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TownSize:
    """How many devices of each class; at least some 20 trackers for the story of the thefts."""

    trackers: int = 30
    chargers: int = 3
    cameras: int = 2

    def words(self) -> tuple[str, ...]:
        """The same as the simulator's options."""
        return (
            *("--trackers", str(self.trackers), "--chargers", str(self.chargers)),
            *("--cameras", str(self.cameras)),
        )


class Town(Machine):
    """The parts of one platform, the devices of a town and the people who are told.

    Args:
        folder: A fresh temporary one.
        size: Its devices.
        report_s: Trackers report so often, seconds; a camera takes 3, a charger 6 times as long.
        settings: Changes by section.
    """

    def __init__(
        self,
        folder: Path,
        *,
        size: TownSize | None = None,
        report_s: float = 1.0,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.size, self.report_s = size or TownSize(), report_s
        self._offices = {name: f"http://127.0.0.1:{free_port()}/" for name in OFFICES}
        changes: dict[str, Any] = {
            "dispatch": {
                "allow_hosts": ["127.0.0.1"],
                "webhooks": {name: {"url": url} for name, url in self._offices.items()},
            },
            "detection": {"still_s": 2 * report_s},
        }
        for section, values in (settings or {}).items():
            changes[section] = {**changes.get(section, {}), **values}
        super().__init__(folder, registry=("city", *self.size.words()), settings=changes)
        self.behaviour, self.truth = folder / "behaviour.json", folder / "truth.jsonl"
        self._killed: dict[str, int] = {}

    # -- everything under one supervisor ------------------------------------------------------

    def up(self) -> None:
        """Start all parts under ``parkguard up`` and wait until they are ready."""
        self.start("up")
        self.wait_ready(*PART_NAMES)

    @override
    def pid(self, part: str) -> int:
        """Process id of a part, started alone or by ``up``; 0 while it does not run."""
        if part in self.parts:
            return super().pid(part)
        up = self.settings.data_dir / "run" / "up.json"
        if not up.exists():
            return 0
        pid = int(json.loads(up.read_bytes())["parts"][part]["pid"])
        return 0 if pid == self._killed.get(part) else pid  # it is written once a second

    def kill(self, part: str) -> None:
        """SIGKILL a part under ``up``, as soon as it runs."""
        wait_until(lambda: self.pid(part), what=f"{part} runs again")
        self._killed[part] = self.pid(part)
        os.kill(self._killed[part], signal.SIGKILL)

    # -- people and devices -------------------------------------------------------------------

    def open_offices(self, *names: str) -> None:
        """Start the owners' gateway and the police desk, or those named."""
        secrets = self.settings.data_dir / "secrets"
        for name in names or OFFICES:
            module = OFFICES[name]
            tokens = self.folder / f"{name}.token"
            write_private(tokens, self._tokens(name))
            port = self._offices[name].rsplit(":", 1)[1].strip("/")
            extra = (
                ("--behaviour", str(self.behaviour)) if name == "owner" else ("--ack-after", "1")
            )
            command = [
                *(sys.executable, "-m", f"simulators.{module}", "--port", port, "--json"),
                *("--key-file", str(secrets / f"webhook_{name}.key")),
                *("--state", str(self.folder / f"{name}.jsonl")),
                *("--api", self.api_url, "--token-file", str(tokens), *extra),
            ]
            self.parts[name] = Runs([command], self.folder / f"{name}.log")

    def _tokens(self, office: str) -> bytes:
        if office == "police":
            return self._token("officer", None).encode()
        vehicles = self.registered.vehicles
        return json.dumps({v.id: self._token("owner", v.owner_id) for v in vehicles}).encode()

    def _token(self, role: str, owner_id: str | None) -> str:
        token, token_id = new_token(), new_token_id()
        TokenQueries(self.engine).add(
            token_id=token_id,
            token_hash=token.hash,
            name=f"town {role}",
            role=role,
            areas=("",) if owner_id is None else (),
            owner_id=owner_id,
            expires_ms=None,
            audit=(wall_ms(), "test", "admin", "token_made", f"token:{token_id}", ""),
        )
        return token.plain

    def live(
        self, *, seconds: float, story: str = "thefts", answer_s: float = 2.0, extra: str = ""
    ) -> "City":
        """Let every device of the town live as a client of its own."""
        broker = self.settings.broker
        city = City(self.folder)
        city.start(
            *("--host", broker.host, "--port", str(broker.port), "--json", *self.size.words()),
            *("--credentials", str(self.credentials), "--seconds", str(seconds)),
            *("--report-s", str(self.report_s), "--story", story, "--answer-s", str(answer_s)),
            *("--truth", str(self.truth), "--behaviour", str(self.behaviour), *extra.split()),
        )
        return city

    # -- what came of it ----------------------------------------------------------------------

    def asked(self, office: str, page: str) -> dict[str, Any]:
        """What an office says of itself: ``owner`` its ``notices``, ``police`` its ``cases``."""
        with httpx.Client(trust_env=False) as client:
            found: dict[str, Any] = client.get(f"{self._offices[office]}{page}").json()
        return found

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """Every row of a table of the records, in the order of its key."""
        query = sa.select(table).order_by(*table.primary_key)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def truths(self) -> dict[str, bool]:
        """Vehicles that something happened to: whether they were truly stolen."""
        truths = [json.loads(line) for line in self.truth.read_text().splitlines()]
        return {truth["vehicle"]: truth["theft"] for truth in truths}


class City:
    """One run of the town's devices; its words go to ``city.log``."""

    def __init__(self, folder: Path) -> None:
        self._status, self._log = folder / "sent.json", folder / "city.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        """Start it; it ends with us."""
        command = [sys.executable, "-m", "simulators", "city", *arguments]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                die_with_parent([*command, "--status", str(self._status)]), stdout=log, stderr=log
            )

    @property
    def over(self) -> bool:
        """Whether every device has left."""
        assert self._process is not None
        code = self._process.poll()
        assert code in {None, 0}, self._log.read_text()[-2000:]
        return code == 0

    def end(self) -> None:
        """Let every device send the rest and leave."""
        assert self._process is not None
        self._process.terminate()
        wait_until(lambda: self.over, within_s=30, what="every device left")

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def sent(self) -> dict[str, Any]:
        """The sender's books."""
        books: dict[str, Any] = json.loads(self._status.read_bytes())
        return books

"""The platform that chaos is played on: real servers, proxies on every path, one supervisor.

``parkguard up`` runs all parts but the broker, which is a process of its own beside it, so that
the receiver reaches it through a path that can be cut.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from typing_extensions import override

from parkguard.clock import wall_ms
from parkguard.parts import PART_NAMES
from parkguard.registration import Wanted, register
from parkguard.settings_file import write_settings
from stores.registry import Registry
from support.broker import free_port
from support.influx_server import InfluxServer
from support.influx_settings import influx_settings
from support.postgres_server import PostgresServer
from support.postgres_settings import postgres_settings
from support.tcp_proxy import TcpProxy
from support.town import City, Town, TownSize

INFLUX, POSTGRES = "influxd", "postgres"
SETTINGS: dict[str, Any] = {
    "project": {"parked_row_s": 0, "status_row_s": 0, "checkpoint_s": 5},
    "process": {"checkpoint_s": 5},
    "detection": {"still_s": 4},
    "downlinks": {"receipt_s": 1.0, "resend_after_s": 0.5, "resend_again_s": 2.0},
    "dispatch": {"retry_first_s": 0.2, "retry_max_s": 5.0, "timeout_s": 3.0},
}
"""Nothing is thinned, so that every record can be counted; anchors are learnt in 4 s; waits fit
into a minute."""
ANSWER = {"default": {"after_s": 2.0, "answer": "not_me"}}
"""Every owner says "not me" after 2 s: the police are told."""


class ChaosTown(Town):
    """A town whose broker is beside ``up``, on a port of its own.

    Its own trackers keep their records until the platform's receipt; those of the load trust the
    broker's acknowledgement.

    Args:
        folder: A fresh temporary one.
        trackers: Of the town.
        broker_port: Where mosquitto listens.
        receiver_port: Where the receiver and the dispatcher reach it.
        stores: Sections ``telemetry`` and ``records`` of the settings.
        load: What ``simulators registry load`` prints with these words is registered, too.
    """

    def __init__(
        self,
        folder: Path,
        *,
        trackers: int,
        broker_port: int,
        receiver_port: int,
        stores: dict[str, Any],
        load: tuple[str, ...],
    ) -> None:
        broker = {"kind": "external", "port": receiver_port}
        size = TownSize(trackers=trackers, chargers=0, cameras=0)
        super().__init__(folder, size=size, settings=SETTINGS | stores | {"broker": broker})
        own = self.settings.broker.model_copy(update={"kind": "mosquitto", "port": broker_port})
        self._broker_file = folder / "broker.json"
        write_settings(self.settings.model_copy(update={"broker": own}), self._broker_file)
        printed = self.output("simulators", "registry", "load", *load)
        wanted = msgspec.json.decode(printed, type=Wanted)
        registered = register(Registry(self.engine, wall_ms), wanted)
        secrets = json.loads(self.credentials.read_bytes()) | registered.secrets
        self.credentials.write_text(json.dumps(secrets))
        self.registered = Wanted(
            vehicles=self.registered.vehicles + wanted.vehicles,
            devices=self.registered.devices + wanted.devices,
        )
        self.behaviour.write_bytes(msgspec.json.encode(ANSWER))

    @override
    def command(self, part: str) -> list[str]:
        command = super().command(part)
        if part == "broker":
            command[command.index("--settings") + 1] = str(self._broker_file)
        return command

    def live_on(self, port: int) -> City:
        """Let the town's trackers live until told to leave, clients of the broker at ``port``."""
        city = City(self.folder)
        city.start(
            *("--port", str(port), "--credentials", str(self.credentials), *self.size.words()),
            *("--seconds", "0", "--report-s", str(self.report_s), "--story", "quiet"),
            *("--receipts", "--no-intruder", "--json"),
        )
        return city

    def client_of(self, port: int) -> dict[str, Any]:
        """Arguments of an httpx client of the API at another port, with the admin's token."""
        token = (self.settings.data_dir / "secrets" / "admin_token").read_text().strip()
        return {
            "base_url": f"http://127.0.0.1:{port}",
            "headers": {"authorization": f"Bearer {token}"},
            "trust_env": False,
            "timeout": 10.0,
        }

    @override
    def pid(self, part: str) -> int:
        if part == "mosquitto":
            return self._mosquitto()
        found = super().pid(part)
        return found if found and Path(f"/proc/{found}").exists() else 0


@dataclass(slots=True, kw_only=True)
class Site:
    """Everything that can be broken.

    Attributes:
        town: Our parts.
        paths: Proxies by the name of the way, or of the server they lead to.
    """

    town: ChaosTown
    paths: dict[str, TcpProxy]
    influx: InfluxServer | None = None
    postgres: PostgresServer | None = None

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of the database servers that are there."""
        there = {INFLUX: self.influx, POSTGRES: self.postgres}
        return tuple(name for name, server in there.items() if server is not None)

    def pids(self, victim: str) -> list[int]:
        """Processes of a part or server that run now."""
        if victim == POSTGRES:
            main = self.postgres.pid if self.postgres is not None else 0
            return [main, *_children(main)] if main else []
        if victim == INFLUX:
            main = self.influx.pid if self.influx is not None else 0
        else:
            main = self.town.pid(victim)
        return [main] if main else []

    def kill(self, victim: str) -> None:
        """SIGKILL a part or a server; gone when this returns if it is a server."""
        if victim == POSTGRES and self.postgres is not None:
            self.postgres.kill()
        elif victim == INFLUX and self.influx is not None:
            self.influx.kill()
        else:
            send(self.pids(victim), signal.SIGKILL)

    def cut_power(self) -> None:
        """SIGKILL everything; the supervisor first, it must start nobody."""
        names = ("up", "mosquitto", *PART_NAMES)
        send([pid for name in names for pid in self.pids(name)], signal.SIGKILL)
        for server in self.servers:
            self.kill(server)

    def start_servers(self) -> None:
        """Start the database servers that do not run, and wait until they take logins."""
        for server in (self.postgres, self.influx):
            if server is not None and not server.pid:
                server.start()


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes; one that is gone is passed over."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@contextmanager
def open_site(
    folder: Path, *, devices: int, trackers: int, seed: int, embedded: bool
) -> Iterator[Site]:
    """Start everything and wait until it is ready; everything ends with the block.

    Args:
        folder: A fresh temporary one.
        devices: Trackers of the load.
        trackers: ... and of the town.
        seed: Of the load.
        embedded: SQLite for both stores, instead of InfluxDB and PostgreSQL.
    """
    with ExitStack() as stack:
        paths: dict[str, TcpProxy] = {}

        def path_to(name: str, port: int) -> int:
            paths[name] = stack.enter_context(TcpProxy(port))
            return paths[name].port

        stores: dict[str, Any] = {}
        postgres = influx = None
        if not embedded:
            postgres = stack.enter_context(PostgresServer())
            url = sa.make_url(postgres.new_database()).set(port=path_to(POSTGRES, postgres.port))
            text = url.render_as_string(hide_password=False)
            stores["records"] = postgres_settings(text, folder / "pg")
            influx = stack.enter_context(InfluxServer(folder))
            place = influx.new_place()
            place = replace(place, url=f"http://127.0.0.1:{path_to(INFLUX, influx.port)}")
            stores["telemetry"] = influx_settings(place, folder / "ix")
        broker_port = free_port()
        town = stack.enter_context(
            ChaosTown(
                folder,
                trackers=trackers,
                broker_port=broker_port,
                receiver_port=path_to("receiver", broker_port),
                stores=stores,
                load=("--devices", str(devices), "--seed", str(seed)),
            )
        )
        path_to("devices", broker_port)
        path_to("desk", town.settings.api.port)
        town.start("broker")
        town.up()
        town.open_offices()
        yield Site(town=town, paths=paths, influx=influx, postgres=postgres)


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except FileNotFoundError:
        return []
    return [int(child) for child in text.split()]

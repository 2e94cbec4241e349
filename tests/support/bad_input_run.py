"""A platform on a broker that is not ours, for cases that need one: strangers may log in there.

with Outside(tmp_path, registry=("load", "--devices", "2"), strangers=("eb-0999",)) as city:
    city.run("ingest", "process", "project", "api")
    city.say("eb-0999", "pg/v1/up/trk/eb-0999/fix", b"{}")
    city.settle(1)
"""

import contextlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import sqlalchemy as sa
from typing_extensions import override

from devices.entry import EntryKind
from parkguard.broker_rules import SECRET_NAMES
from parkguard.clock import wall_ms
from parkguard.passwords import hash_password, new_secret
from parkguard.registration import DeviceEntry, Wanted, register
from parkguard.settings import BrokerSettings
from stores.journal_reading import SqliteJournalReader
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry
from stores.schema import control
from stores.telemetry_sqlite import SqliteTelemetry
from support.broker import Mosquitto, wait_until
from support.machine import Machine
from support.mqtt_client import MqttClient

HERE = {"lat": 31.820613, "lon": 117.227239, "src": "gnss", "acc_m": 6.5}
"""The ``pos`` of a good fix."""
BEHIND = ("ingest", "process", "project")
"""Parts behind the wire."""
ALL_PARTS = (*BEHIND, "dispatch", "api")
SETTLE_S = 40.0
"""Two ticks and a busy machine, seconds."""
KEEP_ALL = {"project": {"parked_row_s": 0, "status_row_s": 0}}
"""Settings under which every fix and status is a row of the telemetry store."""
FOREVER_MS = 4_102_444_799_999
MANY = 100_000


def fix_now(seq: int, *, boot: str = "b1", t_ms: int | None = None, **more: object) -> bytes:
    """A fix of a parked tracker of about now unless told otherwise; ``more`` are its keys.

    Times grow with the numbers by 10 ms and more, so that ``KEEP_ALL`` keeps every one.
    """
    t_ms = wall_ms() - 30_000 + 10 * seq if t_ms is None else t_ms
    body = {"v": 1, "boot": boot, "seq": seq, "t": t_ms}
    return msgspec.json.encode(body | {"pos": HERE, "next_s": 10} | more)


class _TheirBroker(Mosquitto):
    """Lets in names that our own files would not hold."""

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str],
        *,
        settings: BrokerSettings,
        strangers: Sequence[str],
    ) -> None:
        super().__init__(folder, users, settings=settings)
        self._strangers = {name: new_secret() for name in strangers}
        self.passwords |= self._strangers

    @override
    def command(self) -> list[str]:
        with self.files.passwd.open("a", encoding="utf-8") as file:
            file.writelines(
                f"{name}:{hash_password(word)}\n" for name, word in self._strangers.items()
            )
        return super().command()


class Outside(Machine):
    """Our parts behind a broker that somebody else runs (``broker.kind = external``).

    Args:
        folder: A fresh temporary one.
        registry: What is registered, as arguments of ``simulators registry``.
        devices: What is registered besides.
        strangers: Names that may log in at the broker and are not registered here.
        settings: Changes by section.
    """

    def __init__(
        self,
        folder: Path,
        *,
        registry: Sequence[str] = ("load", "--devices", "1"),
        devices: Sequence[DeviceEntry] = (),
        strangers: Sequence[str] = (),
        settings: dict[str, Any] | None = None,
    ) -> None:
        changes = {**(settings or {})}
        changes["broker"] = {**changes.get("broker", {}), "kind": "external"}
        super().__init__(folder, registry=registry, settings=changes)
        added = register(Registry(self.engine, wall_ms), Wanted(devices=list(devices)))
        users = json.loads(self.credentials.read_text()) | added.secrets
        self.broker = _TheirBroker(
            folder / "outside", users, settings=self.settings.broker, strangers=strangers
        )
        secrets = self.settings.data_dir / "secrets"
        for user, name in SECRET_NAMES.items():
            (secrets / name).write_text(self.broker.passwords[user])
        self._clients: dict[str, MqttClient] = {}
        self.broker.start()

    def run(self, *parts: str) -> None:
        """Start parts, each a process of its own, and wait until they are ready."""
        for part in parts:
            self.start(part)
        self.wait_ready(*parts)

    def restart(self, part: str) -> None:
        """End a part in good order and start it again."""
        assert self.parts[part].end() == 0, self.parts[part].said()[-2000:]
        self.run(part)

    def pids(self) -> dict[str, int]:
        """Process ids of all parts that were started."""
        return {part: self.pid(part) for part in self.parts}

    def connect(self, user: str) -> MqttClient:
        """A new connection of a user; the broker ends the one it had."""
        client = MqttClient(
            self.broker.host, self.broker.port, user=user, password=self.broker.passwords[user]
        )
        self._clients[user] = client.connect()
        assert not client.refused, f"{user}: {client.refused}"
        return client

    def say(self, user: str, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish as a user, QoS 1; the broker has it when this returns."""
        client = self._clients.get(user) or self.connect(user)
        client.publish(topic, payload, retain=retain)

    def settle(self, received: int) -> None:
        """Wait until so many records were received and both readers are past them."""

        def is_settled() -> bool:
            books = self.books()
            stored = books["projected"] + books["thinned"]
            return books["received"] >= received and books["accepted"] == stored

        wait_until(is_settled, within_s=SETTLE_S, what=f"{received} records; logs in {self.folder}")

    def settle_controls(self) -> None:
        """Wait until everything that people did stands in the journal."""

        def is_copied() -> bool:
            with self.engine.connect() as connection:
                said = connection.scalar(sa.select(sa.func.count()).select_from(control))
            reader = SqliteJournalReader(self.settings.data_dir / "journal")
            entries = reader.read(0, MANY)
            reader.close()
            return said == sum(entry.kind == EntryKind.CONTROL for entry in entries)

        wait_until(is_copied, what="every control row is in the journal")

    def quarantined(self) -> Counter[str]:
        """How many records were refused, by reason, as the books say."""
        lines = QuarantineQueries(self.engine).counts()
        return Counter({x.reason: x.count for x in lines if x.name == "quarantined" and x.count})

    def numbers(self, device_id: str, measurement: str = "fix") -> list[int]:
        """Sequence numbers of a device's rows in the telemetry store, by time."""
        telemetry = SqliteTelemetry(self.settings.data_dir / "telemetry.db")
        rows = telemetry.rows(measurement, device_id, 0, FOREVER_MS, None, MANY)
        telemetry.close()
        return [row.seq for row in rows]

    @override
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the clients, every part, and the broker."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.broker.stop)
            for client in self._clients.values():
                stack.callback(client.close)
            super().__exit__(kind, error, trace)

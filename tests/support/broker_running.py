"""The broker as its runner runs it, in a thread, over a registry of the test.

with running(tmp_path, FixedUsers()) as broker, broker.login() as bike:
    bike.publish(...)
"""

import asyncio
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from devices import control as controls
from devices.model import AdminState, Device, DeviceClass
from parkguard.broker_rules import SECRET_NAMES
from parkguard.broker_runner import BrokerRunner, UserHashes
from parkguard.clock import wall_ms
from parkguard.passwords import hash_password
from parkguard.settings import Settings
from stores.schema import control, devices, metadata
from support.broker import free_port, wait_until
from support.mqtt_client import MqttClient

BIKE, WORD = "trk-000001", "a-long-enough-word-1"


class KeptStatus:
    """A status sink that remembers the last word."""

    def __init__(self) -> None:
        self.ready = False
        self.reason = ""
        self.metrics: dict[str, float] = {}

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        self.ready, self.reason, self.metrics = ready, reason, dict(metrics)


class FixedUsers:
    """A registry in which nothing happens."""

    def changed(self) -> bool:
        return False

    def read(self) -> Mapping[str, str]:
        return {BIKE: hash_password(WORD)}

    def retired(self) -> Collection[str]:
        return ()


class Running:
    """A runner in a thread of its own.

    Attributes:
        code: What ``run`` came back with, None while it runs.
    """

    def __init__(self, folder: Path, users: UserHashes, broker: Mapping[str, Any]) -> None:
        self.status = KeptStatus()
        self.folder = folder / "broker"
        self.settings = Settings.model_validate(
            {"data_dir": folder, "broker": {"kind": "mosquitto", "port": free_port(), **broker}}
        )
        self.host, self.port = self.settings.broker.host, self.settings.broker.port
        self.runner = BrokerRunner(self.settings, users=users, status=self.status, wall_ms=wall_ms)
        self.code: int | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        self.code = self._loop.run_until_complete(self.runner.run())
        self._loop.close()

    def start(self) -> None:
        """Begin; the status says when it is ready."""
        self._thread.start()

    def password(self, user: str) -> str:
        """Of one of our own users, in clear."""
        path = self.settings.data_dir / "secrets" / SECRET_NAMES[user]
        return path.read_text(encoding="ascii").strip()

    def login(self, user: str = BIKE, word: str = "", **more: Any) -> MqttClient:  # noqa: ANN401 - handed on
        """A client of a device (the word of ``BIKE`` unless told) or of one of our own users."""
        word = word or (self.password(user) if user in SECRET_NAMES else WORD)
        return MqttClient(self.host, self.port, user=user, password=word, **more)

    def stop(self) -> None:
        """End it in good order."""
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self.runner.stop)
        self._thread.join(10)


@contextmanager
def running(folder: Path, users: UserHashes, **broker: object) -> Iterator[Running]:
    """A broker that said it is ready, or ended; ``broker`` are settings of that section."""
    made = Running(folder, users, broker)
    made.start()
    try:
        wait_until(lambda: made.status.ready or made.code is not None, what="the broker")
        yield made
    finally:
        made.stop()


@contextmanager
def a_registry(folder: Path) -> Iterator[sa.Engine]:
    """An empty records database in the folder."""
    engine = sa.create_engine(f"sqlite:///{folder / 'records.db'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def register(engine: sa.Engine, device_id: str, word: str) -> None:
    """Do what ``parkguard devices add`` does; a revoked one gets a new password."""
    device = Device(id=device_id, slot=1, cls=DeviceClass.TRACKER)
    body = controls.encode(controls.RegisterDevices(at_ms=1, devices=[device]))
    with engine.begin() as connection:
        connection.execute(devices.delete().where(devices.c.id == device_id))
        connection.execute(
            devices.insert().values(
                id=device_id, cls="trk", secret_hash=hash_password(word), registered_ms=1
            )
        )
        connection.execute(control.insert().values(at_ms=1, body=body))


def revoke(engine: sa.Engine, device_id: str) -> None:
    """Do what ``parkguard devices revoke`` does."""
    body = controls.encode(controls.RevokeDevice(at_ms=2, device_id=device_id))
    with engine.begin() as connection:
        connection.execute(
            devices.update().where(devices.c.id == device_id).values(admin=AdminState.RETIRED.value)
        )
        connection.execute(control.insert().values(at_ms=2, body=body))

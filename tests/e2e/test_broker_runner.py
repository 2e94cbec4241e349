"""The broker as a supervised part: users follow the registry, a broken file stops nothing."""

import asyncio
import getpass
import os
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from devices import control as controls
from devices.errors import StoreError
from devices.model import AdminState, Device, DeviceClass
from parkguard.broker_runner import BrokerRunner, UserHashes
from parkguard.device_hashes import DeviceHashes
from parkguard.passwords import hash_password
from parkguard.settings import Settings
from stores.schema import control, devices, metadata
from support.broker import free_port, wait_until
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker

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


class AwayOnceRead:
    """A registry whose database goes away after the start."""

    def changed(self) -> bool:
        raise StoreError("database is locked", may_pass=True)

    def read(self) -> Mapping[str, str]:
        return {BIKE: hash_password(WORD)}


class Running:
    """A runner in a thread of its own."""

    def __init__(self, folder: Path, users: UserHashes, *, kind: str, port: int) -> None:
        self.status = KeptStatus()
        self.port = port
        self.settings = Settings.model_validate(
            {"data_dir": folder, "broker": {"kind": kind, "port": port}}
        )
        self.runner = BrokerRunner(
            self.settings, users=users, status=self.status, wall_ms=lambda: 1_764_000_000_000
        )
        self.code: int | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        self.code = self._loop.run_until_complete(self.runner.run())
        self._loop.close()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.runner.stop)
        self._thread.join(10)


@contextmanager
def running(
    folder: Path, users: UserHashes, *, kind: str = "mosquitto", port: int = 0
) -> Iterator[Running]:
    made = Running(folder, users, kind=kind, port=port or free_port())
    made.start()
    try:
        wait_until(lambda: made.status.ready or made.code is not None, what="the broker")
        yield made
    finally:
        made.stop()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'records.db'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def register(engine: sa.Engine, device_id: str, word: str) -> None:
    device = Device(id=device_id, slot=1, cls=DeviceClass.TRACKER)
    body = controls.encode(controls.RegisterDevices(at_ms=1, devices=[device]))
    with engine.begin() as connection:
        connection.execute(
            devices.insert().values(
                id=device_id, cls="trk", secret_hash=hash_password(word), registered_ms=1
            )
        )
        connection.execute(control.insert().values(at_ms=1, body=body))


def revoke(engine: sa.Engine, device_id: str) -> None:
    body = controls.encode(controls.RevokeDevice(at_ms=2, device_id=device_id))
    with engine.begin() as connection:
        connection.execute(
            devices.update().where(devices.c.id == device_id).values(admin=AdminState.RETIRED.value)
        )
        connection.execute(control.insert().values(at_ms=2, body=body))


def login(port: int, user: str = BIKE, word: str = WORD) -> MqttClient:
    return MqttClient("127.0.0.1", port, user=user, password=word)


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
def test_users_follow_the_registry(tmp_path: Path, engine: sa.Engine, kind: str) -> None:
    """A registered device gets in and a revoked one is out, each within 5 s, unasked."""
    with running(tmp_path, DeviceHashes(engine), kind=kind) as broker:
        assert login(broker.port).connect().refused

        register(engine, BIKE, WORD)
        wait_until(lambda: not login(broker.port).connect().refused, within_s=5)
        bike = login(broker.port).connect()
        revoke(engine, BIKE)

        wait_until(lambda: bike.losses, within_s=5, what="the revoked device to be cut off")
        bike.close()
    assert broker.code == 0


def test_the_broker_outlives_the_records_database(tmp_path: Path) -> None:
    """A registry that cannot be read costs new users, never the old ones."""
    with running(tmp_path, AwayOnceRead()) as broker:
        with login(broker.port) as bike:
            assert not bike.refused

        assert broker.status.ready


def test_files_are_ours_alone(tmp_path: Path) -> None:
    """Password file and all others are 0600 in a 0700 folder, nothing half-written beside."""
    with running(tmp_path, FixedUsers()):
        folder = tmp_path / "broker"
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert {"mosquitto.conf", "passwd", "acl"} <= set(modes)
    assert not [name for name in modes if name.startswith(".")]


@pytest.mark.parametrize(
    "broken", [b"\x00\xb5\x00mosquitto db\x00\x00", bytes(range(256)) * 4], ids=["cut", "random"]
)
def test_a_broken_persistence_file_is_moved_aside(tmp_path: Path, broken: bytes) -> None:
    """mosquitto refuses to start with it; we keep it, say so, and start empty (F5)."""
    folder = tmp_path / "broker"
    folder.mkdir(mode=0o700)
    (folder / "mosquitto.db").write_bytes(broken)

    with running(tmp_path, FixedUsers()) as broker:
        with login(broker.port) as bike:
            assert not bike.refused

        aside = list(folder.glob("mosquitto.db.broken-*"))
    assert [path.read_bytes() for path in aside] == [broken]


def test_sessions_and_queues_outlive_a_restart(tmp_path: Path) -> None:
    """What the broker keeps for us while we are away is still there after SIGTERM and start."""
    port = free_port()
    with running(tmp_path, FixedUsers(), port=port) as broker:
        word = (broker.settings.data_dir / "secrets" / "ingest_password").read_text().strip()
        ours = {"user": "pg-ingest", "password": word}
        with MqttClient("127.0.0.1", port, clean=False, **ours) as ingest:  # type: ignore[arg-type]
            ingest.subscribe("pg/v1/up/#")
        with login(port) as bike:
            bike.publish(f"pg/v1/up/trk/{BIKE}/fix", b"kept")

    with (
        running(tmp_path, FixedUsers(), port=port),
        MqttClient("127.0.0.1", port, clean=False, **ours) as ingest,  # type: ignore[arg-type]
    ):
        wait_until(lambda: ingest.got)

    assert [payload for _, payload, _ in ingest.got] == [b"kept"]


def test_a_dead_broker_ends_the_part(tmp_path: Path) -> None:
    """The supervisor then starts it again with backoff."""
    with running(tmp_path, FixedUsers(), port=free_port()) as broker:
        os.kill(broker.runner.pid, signal.SIGKILL)

        wait_until(lambda: broker.code is not None)
    assert broker.code == 1
    assert not broker.status.ready


def test_as_root_the_broker_becomes_its_own_user() -> None:
    """With folders it can enter, mosquitto never runs as root; the files are its own."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        expected = "mosquitto" if os.geteuid() == 0 else getpass.getuser()

        with running(folder, FixedUsers()) as broker:
            process = Path(f"/proc/{broker.runner.pid}").owner()
            files = {path.owner() for path in (folder / "broker").iterdir()}

            assert broker.status.ready

    assert process == expected
    assert files - {getpass.getuser()} <= {expected}
    assert expected in files

"""The broker as a supervised part: users follow the registry, a broken file stops nothing."""

import getpass
import os
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typing_extensions import override

from devices.errors import StoreError
from parkguard.device_hashes import DeviceHashes
from support.broker import wait_until
from support.broker_running import BIKE, WORD, FixedUsers, a_registry, register, revoke, running

pytestmark = pytest.mark.broker


class AwayOnceRead(FixedUsers):
    """A registry whose database goes away after the start."""

    @override
    def changed(self) -> bool:
        raise StoreError("database is locked", may_pass=True)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    with a_registry(tmp_path) as made:
        yield made


@pytest.mark.promise(28)
@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
def test_users_follow_the_registry(tmp_path: Path, engine: sa.Engine, kind: str) -> None:
    """A registered device gets in and a revoked one is out, each within 5 s, unasked."""
    with running(tmp_path, DeviceHashes(engine), kind=kind) as broker:
        assert broker.login().connect().refused

        register(engine, BIKE, WORD)
        wait_until(lambda: not broker.login().connect().refused, within_s=5)
        bike = broker.login().connect()
        revoke(engine, BIKE)

        wait_until(lambda: bike.losses, within_s=5, what="the revoked device to be cut off")
        bike.close()
    assert broker.code == 0


def test_the_broker_outlives_the_records_database(tmp_path: Path) -> None:
    """A registry that cannot be read costs new users, never the old ones."""
    with running(tmp_path, AwayOnceRead()) as broker:
        with broker.login() as bike:
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


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    "broken", [b"\x00\xb5\x00mosquitto db\x00\x00", bytes(range(256)) * 4], ids=["cut", "random"]
)
def test_a_broken_persistence_file_is_moved_aside(tmp_path: Path, broken: bytes) -> None:
    """mosquitto refuses to start with it; we keep it, say so, and start empty (F5)."""
    folder = tmp_path / "broker"
    folder.mkdir(mode=0o700)
    (folder / "mosquitto.db").write_bytes(broken)

    with running(tmp_path, FixedUsers()) as broker:
        with broker.login() as bike:
            assert not bike.refused

        aside = list(folder.glob("mosquitto.db.broken-*"))
    assert [path.read_bytes() for path in aside] == [broken]


def test_sessions_and_queues_outlive_a_restart(tmp_path: Path) -> None:
    """What the broker keeps for us while we are away is still there after SIGTERM and start."""
    with running(tmp_path, FixedUsers()) as broker:
        with broker.login("pg-ingest", clean=False) as ingest:
            ingest.subscribe("pg/v1/up/#")
        with broker.login() as bike:
            bike.publish(f"pg/v1/up/trk/{BIKE}/fix", b"kept")

    with (
        running(tmp_path, FixedUsers()) as broker,
        broker.login("pg-ingest", clean=False) as ingest,
    ):
        wait_until(lambda: ingest.got)

    assert [payload for _, payload, _ in ingest.got] == [b"kept"]


def test_a_dead_broker_ends_the_part(tmp_path: Path) -> None:
    """The supervisor then starts it again with backoff."""
    with running(tmp_path, FixedUsers()) as broker:
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

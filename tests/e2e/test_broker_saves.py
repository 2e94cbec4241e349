"""A disk that fills up under the broker: told before, and the last whole file outlives it."""

import os
import signal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from parkguard.broker_persistence import KEPT_FILE, PERSISTENCE_FILE, is_whole
from parkguard.device_hashes import DeviceHashes
from support.broker import wait_until
from support.broker_running import BIKE, WORD, FixedUsers, Running, a_registry, register, running
from support.stores_tmpfs import fill_up, small_disk

pytestmark = pytest.mark.broker

MESSAGES = 50
PAYLOAD = b"x" * 500
PAGE_BYTES = 4096
CUTS = 3000
DISK_KIB = 4000
RESERVE_MB = 2.0


def leave_messages(broker: Running) -> None:
    """A session of ours with messages, all in a file that is kept."""
    with broker.login("pg-ingest", clean=False) as ingest:
        ingest.subscribe("pg/v1/up/#")
    with broker.login() as bike:
        for number in range(MESSAGES):
            bike.publish(f"pg/v1/up/trk/{BIKE}/fix", b"%02d" % number + PAYLOAD)
    kept = broker.folder / KEPT_FILE
    wait_until(lambda: kept.exists() and kept.stat().st_size > MESSAGES * len(PAYLOAD))


def found(broker: Running) -> int:
    """How many messages wait for us."""
    with broker.login("pg-ingest", clean=False) as ingest:
        wait_until(lambda: len(ingest.got) == MESSAGES, what=f"{MESSAGES} messages")
        return len({payload for _, payload, _ in ingest.got})


@pytest.mark.fault(19)
@pytest.mark.promise(5)
def test_a_full_disk_costs_the_broker_nothing_it_had_saved(tmp_path: Path) -> None:
    """mosquitto says yes to all and leaves a cut off file: an alarm, and a start all the same.

    The free space ends within the last block: the one case in which mosquitto 2.0.11 puts the cut
    off file in the place of the good one.
    """
    with small_disk(tmp_path / "disk", kib=DISK_KIB) as disk:
        with running(disk, FixedUsers(), autosave_s=1, reserve_mb=RESERVE_MB) as broker:
            leave_messages(broker)
            assert broker.status.metrics["broker_disk_low"] == 0

            ballast = fill_up(disk, leave_bytes=1_000_000)
            wait_until(lambda: broker.status.metrics["broker_disk_low"], what="told before")
            assert broker.status.ready

            ballast.unlink()
            size = (broker.folder / PERSISTENCE_FILE).stat().st_size
            fill_up(disk, leave_bytes=size // PAGE_BYTES * PAGE_BYTES)
            wait_until(lambda: broker.status.metrics["broker_save_cut_off"], what="cut off")
            wait_until(lambda: not broker.status.ready)
            reason = broker.status.reason
            with broker.login() as bike:
                assert not bike.refused
            os.kill(broker.runner.pid, signal.SIGKILL)
            wait_until(lambda: broker.code is not None)
        ballast.unlink()

        with running(disk, FixedUsers()) as broker:
            assert broker.status.ready
            assert found(broker) == MESSAGES
            aside = list(broker.folder.glob(f"{PERSISTENCE_FILE}.broken-*"))
    assert reason == "the broker's last save was cut off"
    assert len(aside) == 1


@pytest.mark.fault(19)
def test_a_full_disk_keeps_who_is_in_and_lets_others_in_later(tmp_path: Path) -> None:
    """A password file that cannot be written ends no broker."""
    with small_disk(tmp_path / "disk", kib=DISK_KIB) as disk, a_registry(tmp_path) as engine:
        register(engine, BIKE, WORD)
        with running(disk, DeviceHashes(engine)) as broker, broker.login() as bike:
            ballast = fill_up(disk)
            with capture_logs() as logs:
                register(engine, "trk-000002", "another-long-word-2")
                wait_until(lambda: "broker_files_unwritten" in {line["event"] for line in logs})
            assert broker.login("trk-000002", "another-long-word-2").connect().refused

            ballast.unlink()

            wait_until(
                lambda: not broker.login("trk-000002", "another-long-word-2").connect().refused
            )
            assert not bike.losses


@pytest.mark.fault(20)
def test_the_kept_file_takes_the_place_of_a_broken_one(tmp_path: Path) -> None:
    """Session and messages of the last whole save are there."""
    broken = bytes(range(256)) * 4
    with running(tmp_path, FixedUsers(), autosave_s=1) as broker:
        leave_messages(broker)
    (broker.folder / PERSISTENCE_FILE).unlink()
    (broker.folder / PERSISTENCE_FILE).write_bytes(broken)

    with running(tmp_path, FixedUsers()) as broker:
        assert found(broker) == MESSAGES
        aside = list(broker.folder.glob(f"{PERSISTENCE_FILE}.broken-*"))
        assert [path.read_bytes() for path in aside] == [broken]


@pytest.mark.fault(20)
def test_with_a_broken_kept_file_too_the_broker_starts_empty(tmp_path: Path) -> None:
    """Both are moved aside; better an empty broker than none."""
    folder = tmp_path / "broker"
    folder.mkdir(mode=0o700)
    for name in (PERSISTENCE_FILE, KEPT_FILE):
        (folder / name).write_bytes(name.encode() * 9)

    with running(tmp_path, FixedUsers()) as broker, broker.login() as bike:
        assert not bike.refused

    aside = {path.read_bytes() for path in folder.glob(f"{PERSISTENCE_FILE}.broken-*")}
    assert aside == {PERSISTENCE_FILE.encode() * 9, KEPT_FILE.encode() * 9}


@pytest.mark.fault(19)
def test_a_broker_that_stopped_saving_is_not_ready(tmp_path: Path) -> None:
    """It says yes to everybody all the same: only its file tells."""
    with running(tmp_path, FixedUsers(), autosave_s=1, save_late_s=3) as broker:
        wait_until((broker.folder / PERSISTENCE_FILE).exists)
        (broker.folder / f"{PERSISTENCE_FILE}.new").mkdir()
        wait_until(lambda: broker.status.metrics["broker_save_late"], what="told")
        wait_until(lambda: not broker.status.ready)

        (broker.folder / f"{PERSISTENCE_FILE}.new").rmdir()
        wait_until(lambda: broker.status.ready, what="it saves again")


@pytest.mark.fault(20)
def test_every_cut_of_a_real_file_is_seen(tmp_path: Path) -> None:
    """Whatever the length, but at the end of one of its chunks; the last ones are tried."""
    with running(tmp_path, FixedUsers(), autosave_s=1) as broker:
        leave_messages(broker)
    path = broker.folder / PERSISTENCE_FILE
    size = path.stat().st_size
    whole: list[int] = []
    with path.open("r+b") as file:
        for length in range(size, size - CUTS, -1):
            file.truncate(length)
            if is_whole(file.fileno(), length):
                whole.append(length)

    assert whole[0] == size
    assert len(whole) < CUTS // 50

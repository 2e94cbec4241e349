"""The doctor: each illness is named, graded and comes with what to do."""

import socket
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest

from parkguard.doctor import Finding, Grade, Patient, admit
from parkguard.doctor_machine import (
    check_broker_kind,
    check_clock,
    check_disk,
    check_ports,
    check_secrets,
)
from parkguard.doctor_parts import check_parts
from parkguard.doctor_receivers import check_receivers
from parkguard.doctor_round import make_round
from parkguard.doctor_stores import check_journal, check_latest, check_records, check_telemetry
from parkguard.locks import AlreadyRunning, hold_lock, is_held
from parkguard.records import open_migrated
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings
from parkguard.settings_file import write_settings
from parkguard.status_files import StatusFile
from support.stores_journal import fill

NOW_MS = 1_764_000_000_000


def patient(folder: Path, *, is_up: bool = False, **sections: object) -> Patient:
    settings = Settings.model_validate({"data_dir": folder, **sections})
    return Patient(settings=settings, is_up=is_up, now_ms=NOW_MS)


def grade(
    check: Callable[[Patient], Iterable[Finding]], who: Patient, name: str
) -> tuple[Grade, str]:
    """Grade and "found" of one finding; what is not well must say what to do."""
    found = {finding.check: finding for finding in check(who)}
    assert all(finding.todo for finding in found.values() if finding.grade is not Grade.OK)
    return found[name].grade, found[name].found


def database(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a)")
        connection.executemany("insert into t values (?)", [("x" * 500,)] * 200)
        connection.commit()
    return path


def scramble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = bytes(range(256)) * 16
    path.write_bytes(content)


def test_whole_segments_are_well(tmp_path: Path) -> None:
    """As a start would find them; readers that never came are told."""
    fill(tmp_path / "journal", batches=4)

    assert grade(check_journal, patient(tmp_path), "journal")[0] is Grade.OK
    assert grade(check_journal, patient(tmp_path), "journal_readers")[0] is Grade.WARN


def test_a_fire_that_no_webhook_tells_is_named(tmp_path: Path) -> None:
    """Before it burns."""
    hook = {"url": "https://fire.example/"}
    half = patient(tmp_path, dispatch={"webhooks": {"fire": hook}})
    whole = patient(tmp_path, dispatch={"webhooks": {"fire": hook, "police": hook}})

    assert grade(check_receivers, half, "fire_receivers") == (
        Grade.WARN, "no webhook police: there the feed alone tells",
    )  # fmt: skip
    assert grade(check_receivers, whole, "fire_receivers") == (Grade.OK, "fire, police")


@pytest.mark.fault(27)
def test_a_scrambled_segment_is_named(tmp_path: Path) -> None:
    """Which file, and what to do about it."""
    fill(tmp_path / "journal", batches=4)
    newest = max((tmp_path / "journal").glob("*.db"))
    scramble(newest)

    found = grade(check_journal, patient(tmp_path), "journal")

    assert found[0] is Grade.FAIL
    assert newest.name in found[1]


def test_records_of_this_program_are_well(tmp_path: Path) -> None:
    """At the newest revision."""
    open_migrated(patient(tmp_path).settings).dispose()

    assert grade(check_records, patient(tmp_path), "records")[0] is Grade.OK


def test_records_of_another_program_are_told(tmp_path: Path) -> None:
    """A restart migrates them."""
    database(tmp_path / "records.db")

    found = grade(check_records, patient(tmp_path), "records")

    assert found[0] is Grade.WARN
    assert "revision None" in found[1]


@pytest.mark.parametrize(
    ("check", "name", "file"),
    [
        (check_records, "records", "records.db"),
        (check_telemetry, "telemetry", "telemetry.db"),
        (check_telemetry, "project_books", "project.db"),
    ],
)
def test_a_file_that_is_no_database_is_told(
    tmp_path: Path, check: Callable[[Patient], Iterable[Finding]], name: str, file: str
) -> None:
    """Whatever was written over it."""
    (tmp_path / file).write_bytes(b"not a database at all, but long enough to be read" * 100)

    assert grade(check, patient(tmp_path), name)[0] is Grade.FAIL


def test_every_check_has_a_name_of_its_own(tmp_path: Path) -> None:
    """A part and its file are two things to look at."""
    settings = patient(tmp_path).settings

    names = [finding.check for finding in make_round(settings)]

    assert len(set(names)) == len(names)
    assert {"project", "project_books"} <= set(names)


def test_an_empty_latest_state_is_told(tmp_path: Path) -> None:
    """The API would have no positions."""
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "latest.bin").touch()

    assert grade(check_latest, patient(tmp_path), "latest")[0] is Grade.FAIL


def test_a_secret_open_to_others_is_told(tmp_path: Path) -> None:
    """With the command that closes it; the value is not repeated."""
    secret = ensure_secret(tmp_path / "secrets", "ingest_password").value
    (tmp_path / "secrets" / "ingest_password").chmod(0o644)

    found = grade(check_secrets, patient(tmp_path), "secrets")

    assert found[0] is Grade.FAIL
    assert "chmod 600" in found[1]
    assert secret not in found[1]


def test_the_embedded_broker_is_for_trying_out(tmp_path: Path) -> None:
    """Chosen or fallen back to: a warning."""
    who = patient(tmp_path, broker={"kind": "embedded"})

    found = grade(check_broker_kind, who, "broker_kind")

    assert found[0] is Grade.WARN
    assert "trying out" in found[1]


def test_a_taken_port_is_told_before_the_start(tmp_path: Path) -> None:
    """While `up` runs the ports are its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        api = {"port": server.getsockname()[1]}

        found = grade(check_ports, patient(tmp_path, api=api), "api.port")

        assert found[0] is Grade.FAIL
        assert list(check_ports(patient(tmp_path, is_up=True, api=api))) == []


def test_a_disk_below_the_reserve_is_told(tmp_path: Path) -> None:
    """Intake stops there."""
    who = patient(tmp_path, journal={"reserve_mb": 1e9})

    assert grade(check_disk, who, "disk")[0] is Grade.FAIL


def test_a_disk_that_gets_short_is_told_before_intake_stops(tmp_path: Path) -> None:
    """While there is more than the reserve."""
    who = patient(tmp_path, journal={"alarm_mb": 1e9})

    assert grade(check_disk, who, "disk")[0] is Grade.WARN


def test_a_clock_put_back_is_told(tmp_path: Path) -> None:
    """A status of the future shows it."""
    run = tmp_path / "run"
    StatusFile(run, "ingest", wall_ms=lambda: NOW_MS + 3_600_000).write(
        ready=True, reason="", metrics={}
    )

    found = grade(check_clock, patient(tmp_path), "clock")

    assert found == (Grade.WARN, "was put back by 3600 s")


@pytest.mark.parametrize(
    ("age_ms", "ready", "is_up", "expected"),
    [
        (1_000, True, True, Grade.OK),
        (1_000, False, True, Grade.FAIL),
        (20_000, True, True, Grade.FAIL),
        (20_000, True, False, Grade.WARN),
    ],
)
def test_a_part_is_as_well_as_it_says_and_as_fresh(
    tmp_path: Path, age_ms: int, *, ready: bool, is_up: bool, expected: Grade
) -> None:
    """A stale status of a part that should run is an illness, of one that was stopped is not."""
    status = StatusFile(tmp_path / "run", "process", wall_ms=lambda: NOW_MS - age_ms)
    status.write(ready=ready, reason="journal gone", metrics={})

    assert grade(check_parts, patient(tmp_path, is_up=is_up), "process")[0] is expected


def test_a_running_up_is_looked_at_with_its_own_settings(tmp_path: Path) -> None:
    """Its ports, not those of the shell the doctor is called from."""
    here = Settings.model_validate({"data_dir": tmp_path, "api": {"port": 1}})
    there = Settings.model_validate({"data_dir": tmp_path, "api": {"port": 2}})
    (tmp_path / "run").mkdir()
    write_settings(there, tmp_path / "run" / "settings.json")

    before = admit(here, now_ms=NOW_MS)
    with hold_lock(tmp_path / "run" / "up.lock"):
        during = admit(here, now_ms=NOW_MS)

    assert (before.is_up, before.settings.api.port) == (False, 1)
    assert (during.is_up, during.settings.api.port) == (True, 2)


def test_a_part_runs_once(tmp_path: Path) -> None:
    """The second is told who holds the lock; a dead holder frees it."""
    lock = tmp_path / "run" / "ingest.lock"

    with (
        hold_lock(lock),
        pytest.raises(AlreadyRunning, match=r"ingest runs already .* \(process \d+\)"),
        hold_lock(lock),
    ):
        pass

    assert not is_held(lock)

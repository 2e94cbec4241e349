"""A pilot moves from SQLite to PostgreSQL: every row, every number, or nothing at all."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from alerts.model import Level
from devices.model import DeviceClass, Vehicle
from stores.processing import RecordsProcessLedger, put_control
from stores.records import open_records, writing
from stores.records_copy import CopyRefused, copy_records
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import audit, control, devices, metadata, quarantine
from support.postgres_server import PostgresServer
from support.postgres_settings import postgres_settings
from support.stores_records import (
    NOW_MS,
    a_change,
    a_commit,
    a_notice,
    a_refusal,
    an_opening,
    records_in,
    rows_of,
    url_of,
)

pytestmark = pytest.mark.postgres


def a_tracker(number: int) -> NewDevice:
    return NewDevice(id=f"trk-{number}", cls=DeviceClass.TRACKER, secret_hash="h")  # noqa: S106


@pytest.fixture
def pilot(tmp_path: Path) -> Iterator[sa.Engine]:
    """Some weeks of a pilot; its last device and its last control row are gone."""
    with records_in(tmp_path) as engine:
        registry = Registry(engine, lambda: NOW_MS)
        registry.add_devices([a_tracker(k) for k in range(1, 6)])
        registry.add_vehicles([Vehicle(id="v-1", plate="皖A12345", owner_id="wang")])
        alert = a_change(1, level=Level.CONFIRMED)
        RecordsProcessLedger(engine, "0.1.0", now_ms=lambda: NOW_MS).commit(
            a_commit(
                40,
                books={("received", ""): 2**40},
                alerts=[alert],
                incidents=[an_opening(alert)],
                notices=[a_notice("a1:1", incident_id="inc-a1")],
                quarantine=[a_refusal(k, payload=bytes(range(256))) for k in range(2_500)],
            )
        )
        with writing(engine) as connection:
            put_control(connection, b"{}", NOW_MS)
            connection.execute(sa.delete(control).where(control.c.body == b"{}"))
            connection.execute(sa.delete(devices).where(devices.c.id == "trk-5"))
        yield engine


@pytest.fixture
def target(postgres: PostgresServer) -> Iterator[sa.Engine]:
    engine = open_records(postgres.clean_database())
    yield engine
    engine.dispose()


def test_copy_holds_the_same_rows_in_every_table(pilot: sa.Engine, target: sa.Engine) -> None:
    """Bytes, Chinese, times and large counts; the bar comes to its end."""
    seen: list[tuple[str, int, int]] = []

    copied = copy_records(pilot, target, lambda *step: seen.append(step))

    assert {each.table for each in copied} == set(metadata.tables)
    assert all(each.source_rows == each.target_rows for each in copied)
    for table in metadata.tables.values():
        assert rows_of(target, table) == rows_of(pilot, table), table.name
    with target.connect() as connection:
        aside = sa.text("SELECT count(*) FROM outbox_default")
        assert connection.scalar(aside) == 0  # each is in its month
    assert seen[-1][1] == seen[-1][2] == sum(each.source_rows for each in copied)


def test_numbers_go_on_where_they_stood(pilot: sa.Engine, target: sa.Engine) -> None:
    """A slot or a control id that was given is never given again; an unused counter begins at 1."""
    with pilot.connect() as connection:
        last = connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'control'"))
    copy_records(pilot, target, lambda *_: None)

    [added] = Registry(target, lambda: NOW_MS).add_devices([a_tracker(6)]).devices
    with writing(target) as connection:
        connection.execute(
            sa.insert(audit).values(at_ms=1, by="a", role="b", action="c", object="d", purpose="")
        )

    assert added.slot == 6
    assert rows_of(target, control)[-1]["id"] == last + 1
    assert rows_of(target, audit)[0]["id"] == 1


def test_target_with_a_row_is_refused(pilot: sa.Engine, target: sa.Engine) -> None:
    """Which table, and what to do."""
    with writing(target) as connection:
        put_control(connection, b"{}", 1)

    with pytest.raises(CopyRefused, match="1 rows in control: name an empty database"):
        copy_records(pilot, target, lambda *_: None)

    assert rows_of(target, devices) == []


def test_value_that_does_not_fit_copies_nothing(pilot: sa.Engine, target: sa.Engine) -> None:
    """SQLite took a name of any width; the table and the place are told."""
    with writing(pilot) as connection:
        connection.execute(
            sa.update(quarantine).where(quarantine.c.seq == 7).values(reason="x" * 99)
        )

    with pytest.raises(CopyRefused, match=r"quarantine: value too long .* mend the row"):
        copy_records(pilot, target, lambda *_: None)

    assert all(rows_of(target, table) == [] for table in metadata.tables.values())


def test_command_moves_a_pilot(pilot: sa.Engine, target: sa.Engine, tmp_path: Path) -> None:
    """By its options, with JSON; a second time the target is not empty."""
    url = target.url.render_as_string(hide_password=False)
    records = postgres_settings(url, tmp_path / "private")
    command = [
        *(sys.executable, "-m", "parkguard", "migrate", "--json"),
        *("--from", url_of(tmp_path / "records.db"), "--to", str(records["url"])),
        *("--password-file", str(records["password_file"])),
    ]

    done, again = (
        subprocess.run(  # noqa: S603 - our own program
            command,
            cwd=tmp_path,
            env={"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )
        for _ in range(2)
    )

    assert done.returncode == 0, done.stderr
    counts = {each["table"]: each["target_rows"] for each in json.loads(done.stdout)}
    assert (counts["quarantine"], counts["devices"]) == (2_500, len(rows_of(pilot, devices)))
    assert (again.returncode, again.stdout) == (1, "")
    assert "name an empty database" in again.stderr

"""Which stores the demo uses, and what it says when a server is missing or does not come up."""

import sys
from pathlib import Path

import pytest

from parkguard.children import ProgramMissing, ServerNotStarted
from parkguard.demo_choice import DemoStores
from parkguard.demo_servers import find_program, running, wait_for
from parkguard.demo_stores import open_stores
from parkguard.settings import Settings


def test_demo_leaves_the_stores_of_the_settings_alone(tmp_path: Path) -> None:
    """A synthetic city must never come into a real database."""
    theirs = Settings.model_validate(
        {
            "data_dir": tmp_path / "demo",
            "telemetry": {"store": "influx", "influx": {"user": "telemetry"}},
            "records": {
                "url": "postgresql+psycopg://parkguard@db.city/parkguard",
                "password_file": "/etc/parkguard/records",
                "pool_max": 7,
            },
        }
    )

    with open_stores(theirs, DemoStores()) as (used, words):
        pass

    assert used.telemetry.store == "sqlite"
    assert (used.records.url, used.records.password_file) == ("", "")
    assert used.records.pool_max == 7
    assert words == "telemetry in SQLite, records in SQLite"


def test_missing_server_is_one_line_with_the_command_that_installs_it() -> None:
    """Before anything is touched."""
    with pytest.raises(ProgramMissing) as missing:
        find_program("influxd-of-nobody", "influxdb")

    assert str(missing.value) == (
        "influxd-of-nobody is not installed; run `apt-get install -y influxdb`"
    )


def test_server_that_ends_at_once_names_its_log(tmp_path: Path) -> None:
    """What it said is there; nobody waits for it any longer."""
    log = tmp_path / "server.log"
    command = [sys.executable, "-c", "import sys; sys.exit('port taken')"]

    with (
        pytest.raises(ServerNotStarted, match=r"a server ended with 1: see .*server\.log"),
        running(command, log, cwd=tmp_path) as process,
    ):
        wait_for(process, log, lambda: False, what="a server")

    assert log.read_text() == "port taken\n"


def test_server_ends_with_the_block(tmp_path: Path) -> None:
    """In whatever way the block is left."""
    command = [sys.executable, "-c", "import signal; signal.pause()"]

    with (
        pytest.raises(ValueError, match="the demo broke"),
        running(command, tmp_path / "server.log", cwd=tmp_path) as process,
    ):
        raise ValueError("the demo broke")

    assert process.returncode is not None

"""``parkguard devices command``: what is written, what is refused, what is shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from devices.command import CommandChange, CommandKind, CommandState, Order, command_id
from devices.control import RegisterDevices, SendCommand, decode
from devices.model import DeviceClass
from parkguard.cli import app
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores.commands import put_commands
from stores.records import writing
from stores.schema import audit, control


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """One registered tracker in a platform of its own."""
    monkeypatch.chdir(tmp_path)
    call("devices", "add", "--cls", DeviceClass.TRACKER, "--id", "trk-1", "--json")
    engine = open_migrated(Settings.model_validate({"data_dir": tmp_path / "var"}))
    yield engine
    engine.dispose()


def call(*words: str) -> Result:
    """Run a command line."""
    return CliRunner().invoke(app, list(words))


def test_a_command_is_written_for_the_processor(engine: sa.Engine) -> None:
    """A control row and its audit in the name of who runs it; the id is printed."""
    done = call("devices", "command", "trk-1", "interval", "--every-s", "5", "--json")

    with engine.connect() as connection:
        controls = [decode(body) for body in connection.scalars(sa.select(control.c.body))]
        actions = set(connection.scalars(sa.select(audit.c.action)))
    (sent,) = [one for one in controls if not isinstance(one, RegisterDevices)]
    assert isinstance(sent, SendCommand)
    assert sent.order == Order(kind=CommandKind.INTERVAL, every_s=5)
    assert sent.by.startswith("cli:")
    assert json.loads(done.stdout) == {
        "command_id": command_id("trk-1", sent.order, sent.at_ms, sent.by),
        "state": "queued",
    }
    assert "command_interval" in actions


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("trk-9", "locate"), "there is no device trk-9"),
        (("trk-1", "interval"), "interval needs every_s"),
        (("trk-1", "locate", "--for-s", "5"), "locate takes no for_s"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    engine: sa.Engine, words: tuple[str, ...], says: str
) -> None:
    """It says what is wrong; nothing is written."""
    done = call("devices", "command", *words)

    assert done.exit_code != 0
    assert says in done.output + str(done.exception)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(control)) == 1


def test_the_history_is_a_table(engine: sa.Engine) -> None:
    """What, how it stands, by whom and why, how long it took."""
    change = CommandChange(
        cmd_id="5c1f0b6a2d9e4f37",
        device_id="trk-1",
        order=Order(kind=CommandKind.INTERVAL, every_s=5, for_s=180),
        by="system",
        why="suspicion",
        asked_ms=1_764_032_400_000,
        until_ms=1_764_032_490_000,
        state=CommandState.DONE,
        at_ms=1_764_032_402_500,
        sends=1,
        detail="every 5 s",
        version=2,
    )
    with writing(engine) as connection:
        put_commands(connection, [change])

    shown = call("devices", "commands", "trk-1")
    as_json = json.loads(call("devices", "commands", "trk-1", "--json").stdout)

    assert "done" in shown.stdout
    assert [(row["state"], row["why"]) for row in as_json] == [("done", "suspicion")]

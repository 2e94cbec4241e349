"""``parkguard revenue`` and ``parkguard collect`` on a small records database."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from devices.charger_now import BoxNow, StationChange, StationNow
from devices.control import CollectionTask, decode
from devices.day_facts import DayFacts
from parkguard.cli import app
from parkguard.cli_shared import CommandError
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores.charging import put_stations
from stores.records import writing
from stores.schema import control
from support.api_city import a_device
from support.api_world import World, a_world_on

DAY = "2025-11-25"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One station that lost a coin report, its box nearly full."""
    engine = open_migrated(Settings(data_dir=tmp_path))
    world = a_world_on(engine)
    a_device(world, "one", id="chg-one", cls="chg", vehicle_id=None, site_id="site-1")
    facts = DayFacts(DAY, counter_fen=1_300, coins=13, report_fen=1_200, report_coins=12)
    box = BoxNow(700, 800, 70_000, False, 70_000, None, "", None)  # noqa: FBT003 - a row's value
    now = msgspec.json.encode(StationNow(ports=[], sessions=[], box=box))
    days = [(DAY, msgspec.json.encode(facts))]
    with writing(engine) as connection:
        put_stations(connection, [StationChange(slot=1, at_ms=wall_ms(), now=now, days=days)])
    yield world
    engine.dispose()


def _said(folder: Path, *command: str) -> str:
    environment = {"PARKGUARD_DATA_DIR": str(folder), "COLUMNS": "200"}
    done = CliRunner().invoke(app, list(command), env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_revenue_and_why_it_differs(world: World, tmp_path: Path) -> None:
    """In yuan for people, in fen as JSON, the reason in two languages."""
    period = ("--from", DAY, "--to", DAY)
    shown = _said(tmp_path, "revenue", *period)
    found = json.loads(_said(tmp_path, "revenue", "--by", "site", *period, "--json"))

    assert world.engine.url.database
    assert "13.00" in shown
    assert "its report never came" in shown
    assert "投币记录丢失" in shown
    assert [line["key"] for line in found["lines"]] == ["site-1"]
    assert found["all"]["comparisons"][0]["open_fen"] == 100


def test_collection_list_and_who_is_sent(world: World, tmp_path: Path) -> None:
    """Most urgent first; the task goes to the journal."""
    shown = _said(tmp_path, "collect")
    boxes = json.loads(_said(tmp_path, "collect", "--json"))
    sent = json.loads(_said(tmp_path, "collect", "--send", "chg-one", "--for", "90min", "--json"))

    assert "700 of 800" in shown
    assert "nearly_full" in shown
    assert boxes[0]["share"] == pytest.approx(0.875)
    task = decode(world.rows(control)[-1]["body"])
    assert isinstance(task, CollectionTask)
    assert (task.device_id, task.until_ms) == ("chg-one", sent["until_ms"])
    assert sent["until_ms"] - wall_ms() < 90 * 60_000
    with pytest.raises(CommandError, match="no charging station"):
        _said(tmp_path, "collect", "--send", "trk-1")


def test_wrong_day_is_refused(tmp_path: Path) -> None:
    """With an example of a right one."""
    folder = {"PARKGUARD_DATA_DIR": str(tmp_path)}
    done = CliRunner().invoke(app, ["revenue", "--from", "yesterday"], env=folder)

    assert done.exit_code == 2
    assert datetime.fromisoformat(done.stderr.strip().rsplit(" ", 1)[1])

"""``parkguard precision`` and ``parkguard shadow`` on a small records database."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.comparing import Sent
from parkguard.cli import app
from parkguard.cli_shared import CommandError
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores.queries_shadow import ShadowRecords
from stores.schema import control
from support.api_city import a_demotion, a_label, an_alert
from support.api_world import HERE, World, a_world_on

HOUR_MS = 3_600_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One theft, one false alarm, a demoted tracker, and a candidate that saw the theft alone."""
    engine = open_migrated(Settings(data_dir=tmp_path))
    world, now_ms = a_world_on(engine), wall_ms()
    for name, outcome in (("theft", "theft_recovered"), ("drift", "gps_drift")):
        an_alert(world, name, raised_ms=now_ms - HOUR_MS)
        a_label(
            world,
            name,
            alert_id=f"alert-{name}",
            outcome=outcome,
            raised_ms=now_ms - HOUR_MS,
            site="site-1",
        )
    a_demotion(world, "here", until_ms=now_ms + HOUR_MS, since_ms=now_ms, area=HERE)
    book = ShadowRecords(engine)
    key = book.begin('{"police_rate":1e-6}', now_ms=now_ms - 2 * HOUR_MS)
    theft = Sent(alert_id="alert-theft", vehicle_id="veh-theft", raised_ms=now_ms - HOUR_MS + 4_000)
    book.keep(key, [(theft, 1, "movement", HERE)], seen_ms=now_ms)
    return world


def _said(folder: Path, *command: str) -> str:
    done = CliRunner().invoke(
        app, list(command), env={"PARKGUARD_DATA_DIR": str(folder), "COLUMNS": "200"}
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_precision_of_the_city(world: World, tmp_path: Path) -> None:
    """As a table and as JSON."""
    shown = _said(tmp_path, "precision", "--by", "rule,site")
    said = json.loads(_said(tmp_path, "precision", "--by", "site", "--json"))
    old = _said(tmp_path, "precision", "--since", "10m")

    assert world.rows(control) == []
    assert "2 of 2 alerts of the last 90d were labelled" in shown
    assert "(9 to 91 %)" in shown
    assert [(line["key"], line["true"], line["false"]) for line in said["lines"]] == [
        (["site-1"], 1, 1)
    ]
    assert "0 of 0 alerts of the last 10m were labelled" in old


def test_demoted_is_listed_and_lifted(world: World, tmp_path: Path) -> None:
    """Lifting goes through the journal; what is not demoted is named."""
    listed = json.loads(_said(tmp_path, "precision", "--demoted", "--json"))
    lifted = _said(tmp_path, "precision", "--lift", "device:trk-here")

    assert [row["subject"] for row in listed] == ["device:trk-here"]
    assert "is believed again" in lifted
    (row,) = world.rows(control)
    assert b'"lift_demotion"' in row["body"]
    with pytest.raises(CommandError, match="device:trk-9 is not demoted"):
        _said(tmp_path, "precision", "--lift", "device:trk-9")


def test_candidate_is_compared_with_what_was_sent(world: World, tmp_path: Path) -> None:
    """It would have kept the theft, four seconds later, and avoided the false alarm."""
    said = json.loads(_said(tmp_path, "shadow", "--alerts", "5", "--json"))
    shown = _said(tmp_path, "shadow", "--alerts", "5")

    assert world.rows(control) == []
    (notice, *_) = said["steps"]
    assert (notice["true_kept"], notice["false_avoided"], notice["later"]) == (1, 1, 1)
    assert notice["shift_s"] == 4.0
    assert [row["alert"] for row in said["alone"]] == ["alert-drift"]
    assert "police_rate" in shown


def test_no_candidate_says_what_to_set(tmp_path: Path) -> None:
    """And where it is written how."""
    with pytest.raises(CommandError, match=r"set detection\.shadow"):
        _said(tmp_path, "shadow")

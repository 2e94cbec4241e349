"""``parkguard cameras near`` on a small records database and shared columns."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from devices.causes import Cause
from devices.crs import Crs, from_wgs84
from devices.presence import Presence
from parkguard.cli import app
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.shared import Places
from stores.latest_state import LatestStateFile
from stores.schema import devices
from support.api_world import HERE

LAT, LON = 31.82, 117.22


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two cameras to the north: the nearer one is frozen."""
    engine = open_migrated(Settings(data_dir=tmp_path))
    rows = [
        {"id": f"cam-{k}", "cls": "cam", "area": HERE, "secret_hash": "x", "registered_ms": 1}
        | {"lat_deg": LAT + 0.001 * k, "lon_deg": LON}
        for k in (1, 2)
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(devices), rows)
    engine.dispose()
    latest = LatestStateFile.create_or_open(Places(tmp_path).latest, writable=True)
    for slot, causes in ((1, int(Cause.FROZEN)), (2, 0)):
        row = latest.rows[slot]
        row["version"], row["presence"], row["causes"] = 2, Presence.ONLINE, causes
        row["recv_ms"] = 1
    latest.close()
    return tmp_path


def _said(folder: Path, *words: str) -> str:
    env = {"PARKGUARD_DATA_DIR": str(folder), "COLUMNS": "120"}
    done = CliRunner().invoke(app, ["cameras", "near", *words], env=env, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_nearest_cameras_are_a_table_or_json(folder: Path) -> None:
    """Working ones first, what is wrong in words; any coordinate system; nothing is said, too."""
    lat, lon = from_wgs84(LAT, LON, Crs.GCJ02)
    table = _said(folder, "--lat", str(LAT), "--lon", str(LON))
    asked = ("--lat", str(lat), "--lon", str(lon), "--crs", "gcj02", "--json")
    cameras = json.loads(_said(folder, *asked))["cameras"]
    nothing = _said(folder, "--lat", "31.0", "--lon", str(LON))

    assert [(one["id"], one["works"]) for one in cameras] == [("cam-2", True), ("cam-1", False)]
    assert table.index("cam-2") < table.index("cam-1")
    assert Cause.FROZEN.en in table
    assert "no camera within 1000 m" in nothing

"""``parkguard fences`` and ``parkguard places``, on the records database itself."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from devices.model import Grid, Site, Vehicle
from parkguard.cli import app
from parkguard.cli_shared import CommandError
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores.registry import Registry
from stores.schema import audit, control
from support.fencing import BOW_TIE, CORNERS, SPIKE, a_feature
from support.stores_records import rows_of


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """The records database of this folder, with one vehicle."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    mask = os.umask(0o077)
    engine = open_migrated(Settings.model_validate({"data_dir": tmp_path / "var"}))
    monkeypatch.setenv("PARKGUARD_DATA_DIR", str(tmp_path / "var"))
    Registry(engine, wall_ms, "test").add_vehicles([Vehicle(id="v-1")])
    yield engine
    engine.dispose()
    os.umask(mask)


def run(*words: str) -> Result:
    """One command."""
    return CliRunner().invoke(app, list(words))


def _file(*features: object) -> str:
    text = json.dumps({"type": "FeatureCollection", "features": list(features)})
    Path("fences.geojson").write_text(text, encoding="utf-8")
    return "fences.geojson"


@pytest.mark.usefixtures("engine")
def test_file_goes_in_and_comes_out_again() -> None:
    """What the list prints is what the import reads."""
    name = _file(a_feature("a", kind="keep_in", name="车棚"), a_feature("b", vehicle_id="v-1"))

    imported = run("fences", "import", name, "--crs", "wgs84", "--json")
    listed = run("fences", "list", "--geojson")
    Path("again.geojson").write_text(listed.stdout, encoding="utf-8")
    again = run("fences", "import", "again.geojson", "--crs", "wgs84", "--dry-run", "--json")

    assert json.loads(imported.stdout) == {
        "saved": 2,
        "good": 2,
        "new": 2,
        "mended": 0,
        "refused": 0,
        "dry_run": False,
        "rows": [],
    }
    assert [one["id"] for one in json.loads(listed.stdout)["features"]] == ["a", "b"]
    said = json.loads(again.stdout)
    assert (said["saved"], said["good"], said["new"]) == (0, 2, 0)


def test_bad_rows_are_named_and_nothing_is_saved(engine: sa.Engine) -> None:
    """Number, id, what is wrong, and where."""
    name = _file(
        a_feature("good"), a_feature("bad", BOW_TIE), a_feature("far", vehicle_id="v-9"), {"a": 1}
    )
    before = len(rows_of(engine, control))

    refused = run("fences", "import", name, "--crs", "wgs84")

    assert isinstance(refused.exception, CommandError)
    assert "3 of 4 are refused, nothing was saved" in str(refused.exception)
    assert "feature 2 (bad): crosses itself at lon 117.205000, lat 31.805000" in refused.stderr
    assert "feature 3 (far): no such vehicle: v-9" in refused.stderr
    assert "feature 4 (no id)" in refused.stderr
    assert len(rows_of(engine, control)) == before


def test_dry_run_saves_nothing_and_says_what_would_be_mended(engine: sa.Engine) -> None:
    """With the place of the slip."""
    before = len(rows_of(engine, control))

    tried = run("fences", "import", _file(a_feature("a", SPIKE)), "--crs", "wgs84", "--dry-run")

    assert tried.exit_code == 0
    assert "feature 1 (a)" in tried.stderr
    assert "mended" in tried.stderr
    assert "dry run: nothing was saved" in tried.stdout
    assert len(rows_of(engine, control)) == before


@pytest.mark.usefixtures("engine")
def test_import_needs_the_coordinate_system() -> None:
    """Half a kilometre is at stake: nobody guesses."""
    name = _file(a_feature("a"))

    assert run("fences", "import", name).exit_code == 2
    assert run("fences", "import", name, "--crs", "gcj02").exit_code == 0
    shown = json.loads(run("fences", "show", "a", "--json").stdout)
    assert shown["geometry"]["coordinates"][0][0][0] == pytest.approx(117.2 - 0.0055, abs=0.001)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("text", ["", "[]", '{"type":"Polygon"}', "[" * 100_000, '{"a":'])
def test_what_is_no_geojson_is_refused_with_the_file(text: str) -> None:
    """And so is a file that is not there."""
    Path("x.geojson").write_text(text, encoding="utf-8")

    answers = [
        run("fences", "import", name, "--crs", "wgs84") for name in ("x.geojson", "no.geojson")
    ]

    for answer, name in zip(answers, ("x.geojson", "no.geojson"), strict=True):
        assert isinstance(answer.exception, CommandError)
        assert name in str(answer.exception)


def test_show_and_delete(engine: sa.Engine) -> None:
    """Deleting is written to the audit; a fence that is not there is said."""
    run("fences", "import", _file(a_feature("a", name="Depot")), "--crs", "wgs84")

    shown, listed = run("fences", "show", "a"), run("fences", "list", "--vehicle", "v-1")
    gone, again = run("fences", "delete", "a"), run("fences", "delete", "a")
    missing = run("fences", "show", "a")

    assert "Depot" in shown.stdout
    assert "no fences yet" in listed.stderr
    assert gone.exit_code == 0
    assert [isinstance(one.exception, CommandError) for one in (again, missing)] == [True, True]
    actions = [(row["action"], row["object"]) for row in rows_of(engine, audit)]
    assert actions == [("fence_saved", "fence:a"), ("fence_deleted", "fence:a")]


def test_places_check_finds_what_is_to_mend(engine: sa.Engine) -> None:
    """As a table and as JSON; the exit code says it to scripts."""
    registry = Registry(engine, wall_ms, "test")
    left: dict[str, object] = {"type": "Polygon", "coordinates": [CORNERS]}
    right: dict[str, object] = {
        "type": "Polygon",
        "coordinates": [[[x + 0.009, y] for x, y in CORNERS]],
    }
    site = Site(id="s-1", lat_deg=31.7, lon_deg=117.2)
    registry.add_places([site], [Grid(id="1", geometry=left), Grid(id="2", geometry=right)])

    table = run("places", "check")
    report = run("places", "check", "--json")

    assert (table.exit_code, report.exit_code) == (1, 1)
    assert "1 overlaps" in table.stdout
    assert "s-1" in table.stdout
    said = json.loads(report.stdout)
    assert [(one["first"], one["second"]) for one in said["overlaps"]] == [("1", "2")]
    assert [one["site"] for one in said["strays"]] == ["s-1"]


@pytest.mark.usefixtures("engine")
def test_places_check_of_a_clean_city_ends_well() -> None:
    """Nothing is registered: nothing to mend."""
    checked = run("places", "check")

    assert checked.exit_code == 0
    assert "nothing to mend" in checked.stderr

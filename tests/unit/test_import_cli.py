"""``parkguard import``: files as staff have them, every fault by its row, nothing half done."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from devices import control as wire
from devices.control import RegisterDevices, RegisterVehicles
from devices.crs import Crs, from_wgs84
from devices.model import SpeedUnit
from parkguard.cli import app
from parkguard.cli_shared import CommandError
from parkguard.importing.kinds import Kind
from parkguard.passwords import verify_password
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores.owners import Owners
from stores.registry import Registry
from stores.schema import audit, control
from support.fencing import CORNERS, a_feature
from support.stores_records import rows_of

LAT_DEG, LON_DEG = 31.820613, 117.227239


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """The records database of this folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    mask = os.umask(0o077)
    engine = open_migrated(Settings.model_validate({"data_dir": tmp_path / "var"}))
    monkeypatch.setenv("PARKGUARD_DATA_DIR", str(tmp_path / "var"))
    yield engine
    engine.dispose()
    os.umask(mask)


def run(text: str | bytes, *words: str, name: str = "x.csv") -> Result:
    """Import a text as a file."""
    raw = text if isinstance(text, bytes) else text.encode()
    Path(name).write_bytes(raw)
    return CliRunner().invoke(app, ["import", name, *words])


def said(result: Result) -> dict[str, object]:
    """Its JSON, without what is nothing."""
    found: dict[str, object] = json.loads(result.stdout)
    return {name: value for name, value in found.items() if value}


def registry(engine: sa.Engine) -> Registry:
    """To look at."""
    return Registry(engine, lambda: 0)


VEHICLES = (
    "车辆编号,车牌,车主,区域,授权,布防时段\n"
    "VEH-1,皖a·12345,Wang-1,340104,防盗 公安共享,22:00-06:30\n"
    " ｖｅｈ－２ ,皖Ａ６７８９０,,340104,,\n"  # noqa: RUF001
)


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030")]
)
def test_sheet_in_chinese_goes_in_whatever_its_encoding(
    engine: sa.Engine, encoding: str, told: str
) -> None:
    """Ids and plates in their one form; one control row; the same file again changes nothing."""
    raw = VEHICLES.encode(encoding)

    first = said(run(raw, "--kind", "vehicles", "--json"))
    again = said(run(raw, "--kind", "vehicles", "--json"))

    kind = {"kind": "vehicles", "encoding": told, "rows": 2}
    assert first == kind | {"new": 2, "written": 2}
    assert again == kind | {"same": 2}
    one, two = registry(engine).vehicles()
    assert (one.id, one.plate, one.owner_id, one.hours) == (
        "veh-1",
        "皖A12345",
        "wang-1",
        ((1320, 390),),
    )
    assert (one.consent, two.consent) == (("anti_theft", "police_sharing"), ())
    assert (two.id, two.plate) == ("veh-2", "皖A67890")
    [row] = rows_of(engine, control)
    heard = wire.decode(row["body"])
    assert isinstance(heard, RegisterVehicles)
    assert heard.vehicles == [one, two]
    [noted] = rows_of(engine, audit)
    assert (noted["action"], noted["object"]) == ("registry_imported", "vehicles:x.csv:2-3")


def test_dry_run_says_what_would_be_and_column_that_is_missing_stays(engine: sa.Engine) -> None:
    """New, changed, the same; an absent column leaves what is there, an empty cell clears it."""
    run("id,plate,label\nv-1,A1,red\nv-2,A2,blue\n", "--kind", "vehicles")
    changes = "id,plate\nv-1,A1\nv-2,\nv-3,A3\n"

    looked = said(run(changes, "--kind", "vehicles", "--json", "--dry-run"))
    before = registry(engine).vehicles()
    run(changes, "--kind", "vehicles")

    assert looked["dry_run"]
    assert [looked[state] for state in ("new", "changed", "same")] == [1, 1, 1]
    assert [each.plate for each in before] == ["A1", "A2"]
    found = [(each.id, each.plate, each.label) for each in registry(engine).vehicles()]
    assert found == [("v-1", "A1", "red"), ("v-2", "", "blue"), ("v-3", "A3", "")]


BAD = (
    "id,plate,area,hours,auto_arm\n"
    "v-1,A1,340104,,yes\n"
    "v 2,A2,34010x,25:00-06:00,maybe\n"
    "\n"
    "V-1,A3,,,\n"
    "v-4,A4\n"
    "v\x00-5,,,,\n"
    ",A5,,,\n"
    "v-6,A6,,,no\n"
)


def test_every_fault_has_its_row_and_column_and_nothing_is_written(engine: sa.Engine) -> None:
    """Rows as a spreadsheet numbers them; cells are not repeated; all go to the file of faults."""
    result = run(BAD, "--kind", "vehicles", "--json", "--errors", "bad.csv")

    found = said(result)
    places = [(fault["row"], fault["column"]) for fault in found["faults"]]  # type: ignore[attr-defined]
    assert sorted(places) == [
        (3, "area"),
        (3, "auto_arm"),
        (3, "hours"),
        (3, "id"),
        (5, "id"),
        (6, ""),
        (7, "id"),
        (8, "id"),
    ]
    assert (found["refused"], found["rows"], found["fault_count"]) == (5, 7, 8)
    assert isinstance(result.exception, CommandError)
    assert "nothing was written" in str(result.exception)
    assert registry(engine).vehicles() == []
    lines = Path("bad.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 9
    assert lines[-1] == '5,"id","row 2 has the same already: take one out"'


def test_good_rows_go_in_when_the_bad_ones_are_to_be_skipped(engine: sa.Engine) -> None:
    """Of two rows of one id the first."""
    result = run(BAD, "--kind", "vehicles", "--json", "--skip-bad")

    assert result.exit_code == 0
    assert said(result)["written"] == 2
    assert [(v.id, v.plate) for v in registry(engine).vehicles()] == [("v-1", "A1"), ("v-6", "A6")]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfei\x00d\x00", "UTF-16"),
        (b"PK\x03\x04rest", "workbook"),
        (b"id\nv-\xff\xff\n", "neither UTF-8 nor GB18030"),
        (b"", "empty"),
    ],
)
def test_file_that_is_no_text_is_refused_with_what_to_do(text: bytes, words: str) -> None:
    """Before anything is opened."""
    assert words in str(run(text, "--kind", "vehicles").exception)


@pytest.mark.usefixtures("engine")
def test_header_that_is_not_known_is_a_fault_unless_it_is_passed_over() -> None:
    """A slip of the pen in a header would lose its column in silence."""
    wrong = said(run("id,plaet\nv-1,A1\n", "--kind", "vehicles", "--json"))
    missing = said(run("plate\nA1\n", "--kind", "vehicles", "--json"))
    passed = said(run("id,#plaet\nv-1,A1\n", "--kind", "vehicles", "--json"))

    assert wrong["faults"][0]["column"] == "plaet"  # type: ignore[index]
    assert missing["faults"] == [{"row": 1, "column": "id", "text": "the column is missing"}]
    assert passed["written"] == 1


def test_trackers_get_secrets_in_a_file_and_the_area_of_their_vehicle(engine: sa.Engine) -> None:
    """Which only its owner reads; a device that is there keeps its own."""
    run("id,area\nv-1,340104\n", "--kind", "vehicles")
    rows = "设备编号,车辆,型号,foreign.jt808\nTRK-1,V-1,T1,139 1234 5678\ntrk-2,,T1,\n"
    without = run(rows, "--kind", "trackers")
    first = run(rows, "--kind", "trackers", "--credentials", "secrets.jsonl", "--json")
    again = run(rows + "trk-3,,,\n", "--kind", "trackers", "--credentials", "secrets.jsonl")

    assert "--credentials" in str(without.exception)
    assert (said(first)["secrets"], again.exit_code) == (2, 0)
    kept = [json.loads(line) for line in Path("secrets.jsonl").read_text().splitlines()]
    assert [one["id"] for one in kept] == ["trk-1", "trk-2", "trk-3"]
    assert stat.S_IMODE(Path("secrets.jsonl").stat().st_mode) == 0o600
    hashes = registry(engine).secret_hashes()
    assert all(verify_password(one["secret"], hashes[one["id"]]) for one in kept)
    one, *_ = registry(engine).devices()
    assert (one.vehicle_id, one.area, one.profile.foreign) == (
        "v-1",
        "340104",
        {"jt808": "013912345678"},
    )
    heard = [wire.decode(row["body"]) for row in rows_of(engine, control)[1:]]
    told = [len(each.devices) for each in heard if isinstance(each, RegisterDevices)]
    assert told == [2, 1]


def test_device_that_may_not_be_is_a_fault_of_its_row(engine: sa.Engine) -> None:
    """An IMEI, a stranger's vehicle, a taken foreign id, another class, a retired one."""
    credentials = ("--credentials", "s.jsonl")
    run("id,foreign.traccar\ntrk-1,7\ntrk-2,\n", "--kind", "trackers", *credentials)
    registry(engine).revoke_device("trk-2")
    rows = (
        "id,class,vehicle_id,foreign.traccar\n"
        "490154203237518,trk,,\n"
        "trk-3,trk,v-9,\n"
        "trk-4,trk,v-9,7\n"
        "trk-5,trk,,8\n"
        "trk-6,trk,,8\n"
        "trk-1,cam,,\n"
        "trk-2,trk,,\n"
        "trk-7,bus,,\n"
    )

    found = said(run(rows, "--kind", "devices", "--json", *credentials))["faults"]

    assert sorted((one["row"], one["column"]) for one in found) == [  # type: ignore[attr-defined]
        (2, "id"),
        (3, "vehicle_id"),
        (4, "foreign.traccar"),
        (4, "vehicle_id"),
        (6, "foreign.traccar"),
        (7, "id"),
        (8, "id"),
        (9, "class"),
    ]
    assert "490154203237518" not in json.dumps(found)


@pytest.mark.parametrize("crs", list(Crs))
def test_coordinates_are_ours_whatever_the_map(engine: sa.Engine, crs: Crs) -> None:
    """Within a centimetre; without ``--crs`` the file is refused, by point or outline."""
    lat_deg, lon_deg = from_wgs84(LAT_DEG, LON_DEG, crs)
    piles = f"id,site,lat,lon\nchg-1,,{lat_deg},{lon_deg}\n"
    run("id,lat,lon\ns-1,31.8,117.2\n", "--kind", "sites", "--crs", "wgs84")
    keep = ("--credentials", "s.jsonl")
    without = run(piles, "--kind", "chargers", *keep)
    run(piles, "--kind", "chargers", "--crs", crs.value, *keep)
    again = said(run(piles, "--kind", "chargers", "--crs", crs.value, "--json", *keep))

    [pile] = registry(engine).devices()
    assert without.exit_code == 2
    assert pile.lat_deg == pytest.approx(LAT_DEG, abs=1e-7)
    assert pile.lon_deg == pytest.approx(LON_DEG, abs=1e-7)
    assert again["same"] == 1


def test_places_come_as_geojson(engine: sa.Engine) -> None:
    """Sites by point or outline, grids by outline; a Feature's fault has its number."""
    ring = [list(reversed(from_wgs84(lat, lon, Crs.GCJ02))) for lon, lat in CORNERS]
    point = {"type": "Point", "coordinates": [117.2, 31.8]}
    features = [
        a_feature("34010400100101", ring, 名称="南七"),
        {"type": "Feature", "properties": {"id": "34010400100102"}, "geometry": point},
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    words = ("--kind", "grids", "--crs", "gcj02", "--json")

    wrong = said(run(text, *words, name="g.geojson"))
    good = said(run(text, *words, "--skip-bad", name="g.geojson"))

    assert [(one["row"], one["column"]) for one in wrong["faults"]] == [(2, "geometry")]  # type: ignore[attr-defined]
    assert good["written"] == 1
    [grid] = registry(engine).grids()
    assert grid.name == "南七"
    found = np.array(grid.geometry["coordinates"])
    assert np.abs(found - np.array([CORNERS])).max() < 1e-7


def test_model_and_owner_are_kept_where_they_belong(engine: sa.Engine) -> None:
    """A model's devices speak as it says; what is personal is in no journal and no output."""
    run("id,model\ntrk-1,T1\n", "--kind", "trackers", "--credentials", "s.jsonl")
    model = "型号,类别,厂商,速度单位\nT1,定位器,Acme,节\n"
    people = "车主编号,姓名,手机,同意,同意日期\nW-1,王小明,138 0013 8000,防盗,2025-11-25\n"
    results = [
        run(model, "--kind", "models", "--json"),
        run(people, "--kind", "owners", "--json"),
        run(people.replace("138 0013 8000", "王小明"), "--kind", "owners", "--json"),
    ]

    [device] = registry(engine).devices()
    assert (device.vendor, device.profile.speed_unit) == ("Acme", SpeedUnit.KNOTS)
    owner = Owners(engine).by_id(["w-1"])["w-1"]
    assert (owner.name, owner.phone, owner.consent) == ("王小明", "13800138000", ("anti_theft",))
    output = "".join(result.output + str(result.exception) for result in results)
    stored = b"".join(row["body"] for row in rows_of(engine, control)).decode()
    assert said(results[2])["refused"] == 1
    assert "王小明" not in output + stored
    assert "13800138000" not in output + stored


def test_owner_is_shown_masked_and_forgotten_at_once(engine: sa.Engine) -> None:
    """In full only to who says why, which the audit keeps."""
    run("id,name,phone\no-1,王小明,13800138000\n", "--kind", "owners")
    shown, revealed, erased, gone = [
        CliRunner().invoke(app, ["owners", *words])
        for words in (
            ["show", "O-1", "--json"],
            ["show", "o-1", "--json", "--reveal", "case 4711"],
            ["erase", "o-1"],
            ["show", "o-1"],
        )
    ]

    assert json.loads(shown.stdout)["phone"] == "138****8000"
    assert "小明" not in shown.stdout
    assert json.loads(revealed.stdout)["name"] == "王小明"
    assert (erased.exit_code, type(gone.exception)) == (0, CommandError)
    noted = [(row["action"], row["purpose"]) for row in rows_of(engine, audit)[1:]]
    assert noted == [("owner_seen", "case 4711"), ("owner_erased", "")]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", list(Kind))
def test_template_is_a_file_that_goes_in(kind: Kind) -> None:
    """Once what it refers to is there; grids need an outline of their own."""
    keep = ("--credentials", "s.jsonl", "--crs", "wgs84")
    run("id\nveh-000123\n", "--kind", "vehicles")
    run("id,lat,lon\nsite-0042,31.8,117.2\n", "--kind", "sites", "--crs", "wgs84")
    shown = CliRunner().invoke(app, ["import", "--template", kind.value]).stdout
    if kind is Kind.DEVICES:
        shown = shown.replace("31.820613,117.227239", ",")
    if kind is Kind.GRIDS:
        shown = 'id,name,geometry\n34010400100101,,"POLYGON((1 1,2 1,2 2,1 1))"\n'

    result = run(shown, "--kind", kind.value, "--json", *keep)

    assert said(result).get("faults") is None
    assert said(result)["rows"] == 1

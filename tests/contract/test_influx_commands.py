"""Doctor, start and ``parkguard stores`` on a real InfluxDB, as people meet them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from devices.refused import RefusedRow, StoreReason
from devices.telemetry import MEASUREMENTS
from parkguard.cli import app
from parkguard.doctor import Finding, Grade, Patient
from parkguard.doctor_influx import check_influx, check_refused
from parkguard.passwords import new_secret
from parkguard.secret_files import SecretRefused
from parkguard.settings import Settings, SettingsError, load_settings
from parkguard.wiring.telemetry import build_telemetry, greet_influx
from stores.influx_place import InfluxPlace, InfluxVersion
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_refused import SqliteRefusedRows
from support.influx_server import InfluxServer
from support.influx_settings import influx_settings
from support.telemetry_rows import a_row

pytestmark = pytest.mark.influx


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """One server for all."""
    with InfluxServer(tmp_path_factory.mktemp("influx")) as made:
        yield made


def settings_at(place: InfluxPlace, folder: Path, **changes: object) -> Settings:
    """Settings of a platform with this InfluxDB."""
    section = influx_settings(place, folder / "private")
    influx = section["influx"]
    assert isinstance(influx, dict)
    influx |= changes
    return Settings.model_validate({"data_dir": folder / "data", "telemetry": section})


def finding_of(settings: Settings) -> Finding:
    """The doctor's one line about InfluxDB."""
    (found,) = check_influx(Patient(settings=settings, is_up=False, now_ms=0))
    return found


def call(settings: Settings, *words: str) -> Any:  # noqa: ANN401 - whatever the command prints
    """The JSON of a command with these settings; a failure gives its line."""
    file = settings.data_dir.parent / "settings.json"
    file.write_text(settings.model_dump_json())
    done = CliRunner().invoke(app, ["--settings", str(file), *words, "--json"])
    return json.loads(done.stdout) if done.exit_code == 0 else str(done.exception)


def test_init_makes_what_the_doctor_then_finds(server: InfluxServer, tmp_path: Path) -> None:
    """Before: what to run. After: version and names."""
    settings = settings_at(replace(server.place, bucket="fresh"), tmp_path)

    before = finding_of(settings)
    said = call(settings, "stores", "init")
    after = finding_of(settings)

    assert before.grade is Grade.FAIL
    assert "run `parkguard stores init`" in before.todo
    assert [line.partition(":")[0] for line in said] == [
        "fresh/track",
        "fresh/health",
        "fresh/money",
    ]
    assert said[0].endswith("kept 90 days")
    assert after.grade is Grade.OK
    assert "1.6.7" in after.found
    assert "fresh/track" in after.found


@pytest.mark.parametrize(
    ("changes", "found", "todo"),
    [
        ({"url": "http://127.0.0.1:1"}, "cannot be reached", "is telemetry.influx.url right?"),
        ({"version": "2", "org": "city"}, "is 1.6.7", "set telemetry.influx.version to '1'"),
        ({"user": "nobody"}, "says 401", "check telemetry.influx.user"),
        ({"bucket": "nowhere"}, "says 404", "parkguard stores init"),
        ({"secret_file": "/nowhere/token"}, "is missing", "write the password"),
    ],
)
def test_doctor_and_start_say_what_is_wrong(
    server: InfluxServer, tmp_path: Path, changes: dict[str, object], found: str, todo: str
) -> None:
    """One line and what to do."""
    settings = settings_at(server.place, tmp_path, **changes)

    finding = finding_of(settings)

    assert finding.grade is Grade.FAIL
    assert found in f"{finding.found}: {finding.todo}"
    assert todo in finding.todo
    assert "\n" not in finding.found + finding.todo
    assert finding.found.count("(") == finding.found.count(")")


def test_start_says_what_is_wrong_and_goes_on(server: InfluxServer, tmp_path: Path) -> None:
    """A missing secret ends it (78), everything else may pass."""
    wrong = settings_at(server.place, tmp_path, version="3")

    with structlog.testing.capture_logs() as logs:
        greet_influx(wrong)
        greet_influx(settings_at(server.place, tmp_path))

    assert [line["event"] for line in logs] == ["influx_not_well", "influx_found"]
    assert "telemetry.influx.version" in logs[0]["reason"]
    with pytest.raises(SecretRefused, match="write the password"):
        build_telemetry(settings_at(server.place, tmp_path, secret_file="/nowhere/token"))  # noqa: S106 - a path


def test_weak_secret_is_refused(server: InfluxServer, tmp_path: Path) -> None:
    """There is no default, and no example is taken for one."""
    settings = settings_at(server.place, tmp_path)
    Path(settings.telemetry.influx.secret_file).write_text("password")

    with pytest.raises(SecretRefused, match="make a longer random one in InfluxDB"):
        build_telemetry(settings)


def test_erase_shows_that_nothing_is_left(server: InfluxServer, tmp_path: Path) -> None:
    """Neither in InfluxDB nor among the refused rows; others stay."""
    place = server.new_place()
    settings = settings_at(place, tmp_path)
    store = InfluxTelemetry(place)
    store.write([a_row(), a_row(device_id="trk-000002"), a_row(measurement="event", ev_id="e")])
    settings.data_dir.mkdir()
    kept = SqliteRefusedRows(settings.data_dir / "refused.db")
    kept.keep([RefusedRow(a_row(), StoreReason.CONFLICT, "no")])

    said = call(settings, "stores", "erase", "trk-000001")

    assert said == {"device": "trk-000001", "left": dict.fromkeys(MEASUREMENTS, 0)}
    assert (store.count("fix"), store.count("event"), kept.all()) == (1, 0, [])
    store.close()


def test_erase_works_on_sqlite_too(tmp_path: Path) -> None:
    """The same command."""
    settings = Settings.model_validate({"data_dir": tmp_path / "data"})
    store = build_telemetry(settings)
    store.write([a_row(), a_row(device_id="trk-000002")])

    said = call(settings, "stores", "erase", "trk-000001")

    assert set(said["left"].values()) == {0}
    assert len(store.rows("fix", "trk-000002", 0, 2**50, None, 9)) == 1
    assert "nothing to do" in call(settings, "stores", "init")
    store.close()


def test_3x_says_that_it_cannot_erase(server: InfluxServer, tmp_path: Path) -> None:
    """With the reason."""
    place = replace(server.place, version=InfluxVersion.V3, secret=new_secret())

    said = call(settings_at(place, tmp_path), "stores", "erase", "trk-000001")

    assert "leave with their retention" in said


def test_refused_rows_are_shown(tmp_path: Path) -> None:
    """By the doctor with their number, by the command one by one."""
    settings = Settings.model_validate({"data_dir": tmp_path / "data"})
    patient = Patient(settings=settings, is_up=False, now_ms=0)
    settings.data_dir.mkdir()
    nothing = list(check_refused(patient))
    SqliteRefusedRows(settings.data_dir / "refused.db").keep(
        [RefusedRow(a_row(k), StoreReason.CONFLICT, "no") for k in range(3)]
    )

    (finding,) = check_refused(patient)
    said = call(settings, "stores", "refused")

    assert nothing == []
    assert finding.grade is Grade.WARN
    assert "3 conflict" in finding.found
    assert [row["reason"] for row in said] == ["conflict"] * 3


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"VERSION": "1"}, "telemetry.influx.user"),
        ({"VERSION": "2"}, "telemetry.influx.org"),
        ({"VERSION": "4"}, "telemetry.influx.version"),
        ({"URL": "127.0.0.1:8086"}, "telemetry.influx.url"),
        ({"URL": "http://h:1/write"}, "telemetry.influx.url"),
        ({"BUCKET": 'a";DROP'}, "telemetry.influx.bucket"),
    ],
)
def test_wrong_settings_are_told_before_the_first_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], fault: str
) -> None:
    """By name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKGUARD_TELEMETRY__STORE", "influx")
    for name, value in variables.items():
        monkeypatch.setenv(f"PARKGUARD_TELEMETRY__INFLUX__{name}", value)

    with pytest.raises(SettingsError) as wrong:
        load_settings()

    assert any(fault in line for line in wrong.value.faults)

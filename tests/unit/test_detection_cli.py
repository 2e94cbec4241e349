"""``parkguard detection``: the table and the picture of rates, and the city's own curves."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from alerts.detection.rates import AlarmLevel, Rates
from devices.model import SiteClass
from parkguard.cli import app
from parkguard.detection_rates import as_text, thresholds_of
from parkguard.doctor import Grade, Patient
from parkguard.doctor_rates import check_rates
from parkguard.settings import Settings
from parkguard.settings_overrides import overridden
from support.cli import exit_of
from support.rates import a_curve
from support.replay_files import encoded, in_order, stray, theft


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")


def _call(*words: str) -> Result:
    return CliRunner().invoke(app, ["detection", *words])


def _own(*levels: AlarmLevel) -> None:
    Path("var").mkdir()
    curves = tuple(a_curve(level=level, other_per_day=0.02) for level in levels)
    Path("var/rates.json").write_text(as_text(Rates(curves=curves)))


def _rows(done: Result) -> dict[tuple[str, str], Any]:
    return {(row["site_class"], row["level"]): row for row in json.loads(done.stdout)}


def test_rates_are_every_class_and_level_with_where_they_come_from() -> None:
    """As JSON: what is set, the nats it needs, whether that was measured, date, data and seed."""
    rows = _rows(_call("rates", "--json"))

    assert set(rows) == {(site.value, level.value) for site in SiteClass for level in AlarmLevel}
    for row in rows.values():
        assert row["source"] == "packaged"
        assert row["nats"] > 0
        assert row["vehicle_days"] > 0
        assert row["fitted_on"] >= "2026-11-28"
        assert row["data"]
        assert row["command"]
        assert isinstance(row["seed"], int)
        assert row["points"][-1][1] == row["lowest_measured_per_day"]
        assert list(row["table"]) == ["0.1", "0.01", "0.001", "0.0001", "1e-05", "1e-06"]


def test_own_curve_is_shown_in_place_of_ours() -> None:
    """Its numbers as computed by hand; the rest is packaged."""
    _own(AlarmLevel.POLICE)

    rows = _rows(_call("rates", "--json"))

    own = rows["open", "police"]
    assert own["source"] == "own"
    assert own["table"]["0.0001"] == {"nats": 8.0, "is_measured": True}
    assert own["table"]["1e-05"] == {"nats": 12.61, "is_measured": False}
    assert own["table"]["0.1"] == {"nats": 0.0, "is_measured": True}
    assert rows["open", "owner"]["source"] == "packaged"
    assert rows["canyon", "police"]["source"] == "packaged"


def test_table_and_picture_are_for_people() -> None:
    """What is extrapolated is marked, and what cannot be kept is said."""
    _own(AlarmLevel.OWNER)

    done = _call("rates")

    assert done.exit_code == 0
    assert "owner level: nats for a false-alarm rate per vehicle-day" in done.stdout
    assert "police: alarms per vehicle-day against nats" in done.stdout
    assert "O=open S=street C=canyon G=garage I=indoor" in done.stdout
    assert "~" in done.stdout
    assert "~ = extrapolated" in done.stderr
    assert "open owner: 0.023 are expected, not 0.003" in done.stderr
    assert "against nats" not in _call("rates", "--no-picture").stdout


def test_rates_follow_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the alarms needs more nats everywhere."""
    before = _rows(_call("rates", "--json"))
    monkeypatch.setenv("PARKGUARD_DETECTION__POLICE_RATE", "1e-6")

    after = _rows(_call("rates", "--json"))

    for key, row in after.items():
        assert (row["nats"] > before[key]["nats"]) is (key[1] == "police")


def test_curves_of_other_settings_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who changes the statistic must measure anew: no rate is promised for it."""
    assert "fitted with another" not in _call("rates").stderr
    monkeypatch.setenv("PARKGUARD_DETECTION__LAG_S", "5")

    said = _call("rates").stderr

    assert "open police: fitted with another detection.lag_s: its rates do not hold" in said


@pytest.mark.parametrize("words", [["rates"], ["fit", "ride.jsonl"]])
def test_broken_own_file_is_refused(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, its name, and what to do."""
    Path("ride.jsonl").write_bytes(b"".join(encoded(theft())))
    Path("var").mkdir()
    Path("var/rates.json").write_text('{"v": 1, "curves": [{}]}')

    assert exit_of(monkeypatch, "detection", *words) == 2
    said = capsys.readouterr().err
    assert "var/rates.json cannot be used" in said
    assert "or remove it" in said


def test_wrong_rate_is_refused_everywhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the environment as from ``--set``."""
    monkeypatch.setenv("PARKGUARD_DETECTION__OWNER_RATE", "8")

    assert exit_of(monkeypatch, "detection", "rates") == 2
    assert "false alarms per vehicle-day, above 0 and at most 1" in capsys.readouterr().err


# -- fit ------------------------------------------------------------------------------------


def _strays(vehicles: int) -> str:
    """A file of so many parked vehicles whose positions stray once."""
    lines = in_order(line for k in range(vehicles) for line in stray(k, scale=0.8 + 0.04 * k))
    Path("strays.jsonl").write_bytes(b"".join(encoded(lines)))
    return "strays.jsonl"


def test_own_curves_are_fitted_written_and_in_effect() -> None:
    """From then on the city's thresholds are others; a dry run changes nothing."""
    before = thresholds_of(Settings())
    name = _strays(11)

    dry = _call("fit", name, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "nothing was written (--dry-run)" in dry.stderr
    assert not Path("var").exists()

    done = _call("fit", name, "--json")

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert {row["site_class"] for row in said["curves"]} == {"open"}
    assert any("written: var/rates.json" in note for note in said["notes"])
    assert Path("var/rates.json").stat().st_mode & 0o777 == 0o600
    assert thresholds_of(Settings()).owner.tolist() != before.owner.tolist()
    own = _rows(_call("rates", "--json"))["open", "owner"]
    assert own["source"] == "own"
    assert own["command"] == "parkguard detection fit strays.jsonl"
    assert own["seed"] is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("fit", "ride.jsonl"), 1, "nothing was fitted: the packaged curves stay in effect"),
        (("fit", "none.jsonl"), 2, "none.jsonl: No such file"),
        (("fit", "--since", "soon"), 2, "such as 30d, 12h, 90m"),
        (("fit",), 1, "there is no journal below var"),
    ],
)
def test_fit_says_why_it_cannot(
    words: tuple[str, ...],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Too little was seen, or there is nothing to look at."""
    Path("ride.jsonl").write_bytes(b"".join(encoded(theft())))

    assert exit_of(monkeypatch, "detection", *words) == code
    assert said in capsys.readouterr().err


# -- the doctor -----------------------------------------------------------------------------


def _grade(settings: Settings) -> tuple[Grade, str]:
    (finding,) = check_rates(Patient(settings=settings, is_up=False, now_ms=0))
    assert bool(finding.todo) is (finding.grade is not Grade.OK)
    return finding.grade, finding.found + finding.todo


def test_doctor_says_which_rates_are_in_effect() -> None:
    """Ours, then the city's own; other settings than measured are a warning, damage a failure."""
    assert _grade(Settings()) == (
        Grade.OK,
        f"owner 0.003, police {Settings().detection.police_rate:g} a vehicle-day, packaged curves",
    )
    _own(AlarmLevel.OWNER)
    assert "1 curves of var/rates.json" in _grade(Settings())[1]

    other = overridden(Settings(), ["detection.lag_s=5"])
    assert _grade(other)[0] is Grade.WARN
    assert "fitted with other settings" in _grade(other)[1]

    Path("var/rates.json").write_text("{")
    assert _grade(Settings())[0] is Grade.FAIL
    assert "or remove it" in _grade(Settings())[1]

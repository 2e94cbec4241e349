"""The command line: help with examples everywhere, JSON everywhere, errors that say what to do."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from parkguard.cli import app
from parkguard.passwords import verify_password
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores.registry import Registry
from support.cli import exit_of


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    mask = os.umask(0o077)
    yield
    os.umask(mask)


def call(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def call_json(*words: str) -> Any:  # noqa: ANN401 - whatever the command prints
    return json.loads(call(*words, "--json"))


def hashes(tmp_path: Path) -> dict[str, str]:
    engine = open_migrated(Settings.model_validate({"data_dir": tmp_path / "var"}))
    try:
        return Registry(engine, lambda: 1).secret_hashes()
    finally:
        engine.dispose()


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - click's untyped tree
    group = group or get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_has_an_example_and_json(path: tuple[str, ...]) -> None:
    """Help needs no settings, no database and no broker."""
    said = call(*path, "--help")

    assert "Example" in said
    assert "parkguard" in said
    assert "--json" in said


def test_all_wrong_settings_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one line each, with the variable that sets it."""
    monkeypatch.setenv("PARKGUARD_API__PORT", "minus one")
    monkeypatch.setenv("PARKGUARD_BROKER__KIND", "carrier pigeon")

    code = exit_of(monkeypatch, "settings")

    said = capsys.readouterr().err
    assert code == 2
    assert "PARKGUARD_API__PORT" in said
    assert "PARKGUARD_BROKER__KIND" in said


def test_one_device_is_added_with_a_secret_shown_once(tmp_path: Path) -> None:
    """The database keeps a hash that mosquitto takes; adding again keeps the secret."""
    added = call_json(*["devices", "add", "--cls", "trk", "--id", "trk-1", "--vehicle", "ah-1"])
    again = call_json(*["devices", "add", "--cls", "trk", "--id", "trk-1", "--vehicle", "ah-2"])

    secret = added["secrets"]["trk-1"]
    assert (added["added"], added["vehicles"]) == (1, 1)
    assert (again["added"], again["kept"], again["secrets"]) == (0, 1, {})
    assert verify_password(secret, hashes(tmp_path)["trk-1"])
    assert [d["vehicle_id"] for d in call_json("devices", "list")] == ["ah-2"]


def test_a_registry_file_is_added_with_credentials_beside(tmp_path: Path) -> None:
    """Places, vehicles and devices in one file; new secrets join those already in the file."""
    file, credentials = tmp_path / "registry.json", tmp_path / "credentials.json"
    file.write_text(
        json.dumps(
            {
                "places": {"sites": [{"id": "s-1"}], "grids": []},
                "vehicles": [{"id": "ah-1", "plate": "皖A·1"}],
                "devices": [{"id": f"trk-{n}", "cls": "trk"} for n in range(1, 1500)],
            }
        )
    )
    credentials.write_text('{"old-1": "kept"}')

    done = call_json("devices", "add", "--file", str(file), "--credentials", str(credentials))

    secrets = json.loads(credentials.read_text())
    assert {key: done[key] for key in ("added", "kept", "vehicles", "sites", "grids")} == {
        "added": 1499,
        "kept": 0,
        "vehicles": 1,
        "sites": 1,
        "grids": 0,
    }
    assert done["secrets"] == {}
    assert secrets["old-1"] == "kept"
    assert set(secrets) - {"old-1"} == set(hashes(tmp_path))
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("some.csv", "\ufeffid,cls,interval_s,area\ntrk-1,trk,60,340103\nchg-2,chg,,\n"),
        (
            "some.jsonl",
            '{"id":"trk-1","cls":"trk","interval_s":60,"area":"340103"}\n\n{"id":"chg-2","cls":"chg"}',
        ),
    ],
)
def test_devices_come_as_csv_and_json_lines_too(tmp_path: Path, name: str, text: str) -> None:
    """A spreadsheet's byte order mark and empty cells are no trouble."""
    (tmp_path / name).write_text(text)

    call_json("devices", "add", "--file", name)

    listed = call_json("devices", "list")
    assert [(d["id"], d["cls"], d["interval_s"], d["area"]) for d in listed] == [
        ("trk-1", "trk", 60, "340103"),
        ("chg-2", "chg", 0, ""),
    ]


def test_every_faulty_line_is_told_and_nothing_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """File and line of each; the good lines wait for the corrected file."""
    (tmp_path / "some.csv").write_text("id,cls,colour\ntrk-1,trk,\ntrk-2,bike,\ntrk-3,trk,red\n")

    code = exit_of(monkeypatch, "devices", "add", "--file", "some.csv")

    said = capsys.readouterr().err
    assert code == 1
    assert "some.csv:3" in said
    assert "some.csv:4" in said
    assert call_json("devices", "list") == []


def test_an_id_that_is_ours_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A device called pg-ingest would be our receiver."""
    code = exit_of(monkeypatch, *["devices", "add", "--cls", "trk", "--id", "pg-ingest"])

    assert code == 1
    assert "pg-" in capsys.readouterr().err


def test_a_revoked_device_loses_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's file is made of what is left; an unknown one is an error."""
    call_json(*["devices", "add", "--cls", "trk", "--id", "trk-1"])

    call_json("devices", "revoke", "trk-1")

    assert hashes(tmp_path) == {}
    assert exit_of(monkeypatch, "devices", "revoke", "trk-2") == 1


def test_tokens_are_made_listed_and_taken_back() -> None:
    """The token itself is printed once and is in no list."""
    made = call_json(
        *["tokens", "add", "--name", "wang", "--role", "officer", "--area", "340103", "--days", "7"]
    )

    before = call_json("tokens", "list")
    call_json("tokens", "revoke", made["id"])
    after = call_json("tokens", "list")

    assert made["token"].startswith("pgt_")
    assert made["token"] not in json.dumps(before)
    assert [(t["name"], t["role"], t["areas"]) for t in before] == [("wang", "officer", ["340103"])]
    assert before[0]["expires_ms"] - before[0]["created_ms"] == 7 * 86_400_000
    assert before[0]["revoked_ms"] is None
    assert after[0]["revoked_ms"] is not None


def test_what_we_store_is_nobody_elses(tmp_path: Path) -> None:
    """Files below data_dir are 0600; the folder itself lets the broker's user pass."""
    call_json(*["devices", "add", "--cls", "trk", "--id", "trk-1"])

    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "var").iterdir()}
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o711
    assert set(modes.values()) <= {0o600, 0o700}


def test_the_doctor_of_a_fresh_machine_says_start() -> None:
    """Nothing is broken, nothing runs, nothing is made by looking."""
    found = call_json("doctor")

    grades = {row["check"]: row["grade"] for row in found}
    todo = {row["todo"] for row in found if row["check"] in {"journal", "ingest", "broker_echo"}}
    assert grades["python"] == grades["packages"] == grades["data_dir"] == "ok"
    assert "fail" not in {grades[name] for name in ("journal", "secrets", "records", "ingest")}
    assert todo == {"start `parkguard up`"}
    assert not Path("var").exists()

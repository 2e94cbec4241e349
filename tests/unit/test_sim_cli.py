"""``parkguard-sim``: what its commands print, and how they refuse."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulators.cli import app
from support.sim_parts import write_rides


def test_registry_is_one_json_object() -> None:
    """What the platform must know can be piped on."""
    done = CliRunner().invoke(app, ["registry", "city", "--trackers", "7", "--seed", "3"])

    registry = json.loads(done.stdout)
    assert done.exit_code == 0
    assert set(registry) == {"places", "vehicles", "devices"}
    assert len(registry["vehicles"]) == 7


def test_registry_of_rides_is_written_to_a_file(tmp_path: Path) -> None:
    """--out leaves stdout alone."""
    folder, out = write_rides(tmp_path / "rides"), tmp_path / "registry.json"

    done = CliRunner().invoke(app, ["registry", "rides", str(folder), "--out", str(out)])

    assert (done.exit_code, done.stdout) == (0, "")
    assert len(json.loads(out.read_bytes())["devices"]) == 2


def test_stories_are_listed() -> None:
    """Every story with what it tells."""
    done = CliRunner().invoke(app, ["scenarios", "--json"])

    assert set(json.loads(done.stdout)["stories"]) == {"thefts", "quiet"}


@pytest.mark.parametrize("command", ["city", "rides", "load", "scenarios", "scenario"])
def test_every_command_has_examples(command: str) -> None:
    """Help shows how it is called."""
    done = CliRunner().invoke(app, [command, "--help"])

    assert f"parkguard-sim {command}" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rides", "{folder}"], "no trip_NUMBER.csv below"),
        (["load", "--total", "1", "--seconds", "2"], "one of them"),
        (["load", "--total", "1", "--devices", "2", "--thefts", "3"], "3 thefts of 2 trackers"),
        (["city", "--credentials", "{folder}/bad.json"], 'is not {"device id": "secret"}'),
        (["city", "--credentials", "{folder}/none.json"], "no secret for trk-000001"),
        (["city", "--trackers", "2"], "needs 5 vehicles"),
    ],
    ids=["no rides", "two lengths", "too many thefts", "bad file", "no secret", "too small"],
)
def test_mistake_is_said_and_ends_with_two(words: list[str], said: str, tmp_path: Path) -> None:
    """One line that says what to do, no traceback."""
    (tmp_path / "bad.json").write_text("[1]")
    (tmp_path / "none.json").write_text("{}")

    done = CliRunner().invoke(app, [word.format(folder=tmp_path) for word in words])

    assert done.exit_code == 2
    assert said in done.stderr

"""``parkguard simulate`` meets the platform on the command line and on the wire only."""

import json
from pathlib import Path

import msgspec
import pytest

from parkguard.cli_shared import CommandError
from parkguard.cli_simulate import SIMULATOR, register_simulated
from parkguard.settings import Settings


def registry_of(trackers: int) -> list[str]:
    sizes = ["--trackers", str(trackers), "--chargers", "2", "--cameras", "1"]
    return [str(SIMULATOR), "registry", "city", *sizes]


def settings_in(folder: Path) -> Settings:
    return Settings.model_validate({"data_dir": folder / "var"})


def test_the_simulators_registry_is_taken_as_it_is(tmp_path: Path) -> None:
    """Places, vehicles and every device, each with a secret in the credentials file."""
    credentials = tmp_path / "credentials.json"

    done = register_simulated(settings_in(tmp_path), registry_of(5), credentials)

    assert (done.added, done.kept, done.vehicles) == (8, 0, 5)
    assert done.sites > 0
    assert done.grids > 0
    assert set(json.loads(credentials.read_bytes())) == set(done.secrets)


def test_a_second_run_keeps_its_secrets(tmp_path: Path) -> None:
    """Unless the credentials file has lost them: then they are made anew."""
    credentials = tmp_path / "credentials.json"
    register_simulated(settings_in(tmp_path), registry_of(5), credentials)
    kept = msgspec.json.decode(credentials.read_bytes(), type=dict[str, str])
    lost = min(kept)
    credentials.write_bytes(msgspec.json.encode({k: v for k, v in kept.items() if k != lost}))

    again = register_simulated(settings_in(tmp_path), registry_of(5), credentials)

    assert (again.added, again.kept, set(again.secrets)) == (1, 7, {lost})
    after = msgspec.json.decode(credentials.read_bytes(), type=dict[str, str])
    assert {k: v for k, v in after.items() if k != lost} == {
        k: v for k, v in kept.items() if k != lost
    }


def test_a_simulator_that_fails_is_told(tmp_path: Path) -> None:
    """Nothing is registered."""
    with pytest.raises(CommandError, match="ended with"):
        register_simulated(
            settings_in(tmp_path),
            [str(SIMULATOR), "registry", "rides", str(tmp_path / "none")],
            tmp_path / "credentials.json",
        )

"""The packaged curves come out of one command: few vehicles here, thousands for the package."""

from pathlib import Path

import msgspec
import pytest

from alerts.detection.rates import AlarmLevel, Rates
from benchmarks import fit_rates
from devices.model import SiteClass
from simulators.noise_families import TUNING


def _fit(out: Path, monkeypatch: pytest.MonkeyPatch) -> Rates:
    words = ["--vehicle-days", "600", "--number", "990", "--only", "canyon", "--every-s", "30"]
    monkeypatch.setattr("sys.argv", ["fit_rates", *words, "--out", str(out)])
    monkeypatch.setattr(fit_rates, "HOURS", 4.0)
    fit_rates.main()
    return msgspec.json.decode(out.read_bytes(), type=Rates)


def test_command_writes_curves_that_say_how_they_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Date, families, seed, command, vehicle-days; the same seed gives the same file."""
    first = _fit(tmp_path / "a.json", monkeypatch)

    curve = first.find(SiteClass.CANYON, AlarmLevel.OWNER)
    assert curve is not None
    assert {one.site_class for one in first.curves} == {SiteClass.CANYON}
    assert "canyon" in curve.data
    assert (curve.seed, curve.settings) == (990, {})
    assert curve.command.startswith("python -m benchmarks.fit_rates --vehicle-days 600")
    assert curve.vehicle_days == 100
    assert _fit(tmp_path / "b.json", monkeypatch) == first


def test_every_site_class_has_tuning_families() -> None:
    """And only tuning ones: what the curves promise is measured on the others."""
    for site_class in SiteClass:
        names = fit_rates.families_of(site_class)
        assert names
        assert set(names) <= set(TUNING)

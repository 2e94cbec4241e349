"""The 44 scenarios of docs/detection.md through the live code: what should hold does."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from typing_extensions import override

from benchmarks.scenario_run import replayed, run_scenario
from benchmarks.scenarios import verdict_of
from parkguard.replay.outputs import alert_lines, state_lines
from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from simulators.thefts.expected import Story
from simulators.thefts.lives import Life
from simulators.thefts.parked import garage
from simulators.thefts.saying import FRAME, START_MS
from simulators.thefts.scene import Scene
from simulators.thefts.table import ROWS, SCENARIOS, Scenario, story
from simulators.tracks import LocalFrame, Path

SEEDS = (0,)
NOISE_M = 25.0
"""An open receiver errs by less, nearly always."""
THEFT = 41
STEADY = (2, 31, THEFT)
"""Bad noise, wrong clocks, and a theft: steady ones with something to say."""


def fixes_of(told: Story, device: str) -> Iterator[dict[str, Any]]:
    """Payloads of the fixes that a device sent, in order."""
    for line in map(json.loads, told.lines):
        if line["kind"] == "mqtt" and line["topic"].endswith(f"/{device}/fix"):
            yield line["payload"]


def places_of(told: Story, device: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Metres east and north of the first position, shape (n, 2)."""
    positions = [fix["pos"] for fix in fixes_of(told, device) if "lat" in fix["pos"]]
    frame = LocalFrame(lat_deg=positions[0]["lat"], lon_deg=positions[0]["lon"])
    return np.array([frame.to_metres(pos["lat"], pos["lon"]) for pos in positions])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number:02d}")
def test_scenario_goes_as_the_table_says(row: Scenario) -> None:
    """A scenario that should hold does, one that is known not to does not yet.

    One seed, long quiet times shortened; `python -m benchmarks.scenarios --seeds 50` runs them
    whole. When a scenario that is marked begins to hold, take its mark (`why`) away.
    """
    verdict = verdict_of(row, [run_scenario(row, seed, share=row.short) for seed in SEEDS])

    assert verdict.holds is row.holds, (verdict.good, verdict.misses, verdict.bound)


def test_table_is_complete() -> None:
    """The 44 of the design page, in its order."""
    assert list(SCENARIOS) == list(range(1, 45))


@pytest.mark.parametrize("number", [2, 14, 26, 34])
def test_seed_decides_everything(number: int) -> None:
    """The same seed gives the same bytes, another one others."""
    once, again = (story(number, 3, share=0.05).lines for _ in range(2))

    assert once == again
    assert once != story(number, 4, share=0.05).lines


@pytest.mark.parametrize("number", [14, 23, 38])
def test_written_file_says_what_is_right(number: int) -> None:
    """`parkguard replay` of it misses nothing, with the city's own settings."""
    run = Replay(Settings())
    run.feed(read_lines(story(number, 0, share=0.1).lines, "-"))
    run.finish()

    assert run.misses == []


@pytest.mark.parametrize("number", STEADY)
def test_ticks_that_are_left_out_change_nothing(number: int) -> None:
    """A steady scenario gives the same with a tick a second or two as with one before a line."""
    lines = story(number, 1, share=0.02).lines

    few, all_ = (replayed(lines, steady=steady) for steady in (True, False))

    told, seen = list(alert_lines(all_.timeline.observed)), list(state_lines(all_.world()))
    assert list(alert_lines(few.timeline.observed)) == told
    assert list(state_lines(few.world())) == seen
    assert bool(told) == (number == THEFT)
    assert seen


def test_parked_noise_is_not_white() -> None:
    """Errors 10 s apart are alike: less than a fifth of an independent sample is new."""
    metres = places_of(story(1, 0, share=0.05), "trk-v-1")

    centred = metres - metres.mean(axis=0)
    correlation = (centred[1:] * centred[:-1]).sum() / (centred**2).sum()
    assert correlation > 0.8


def test_static_hold_is_exactly_still_and_then_off() -> None:
    """Most fixes are the same to the digit; those that are not are 12 m away."""
    metres = places_of(story(7, 0, share=0.2), "trk-v-1")[10:]

    away_m = np.hypot(*(metres - np.median(metres, axis=0)).T)
    moved = away_m > 0.05
    assert 0 < moved.sum() <= 6
    assert np.allclose(away_m[moved], 12.0, atol=0.1)


class Onlooker(Scene):
    """A scene that knows where its vehicle truly is."""

    path: Path

    @override
    def live(self, vehicle: str, life: Life, *, device: str = "") -> None:
        """Keep the way."""
        self.path = life.path
        super().live(vehicle, life, device=device)


def test_cold_starts_are_far_off() -> None:
    """Out of a garage the first fix is 60-500 m from where it stands, and says it is poor."""
    scene = Onlooker(3, 1, share=0.1)
    garage(scene)
    fixes = list(fixes_of(scene.story(), "trk-v-1"))
    dark = [not fix["pos"]["valid"] for fix in fixes]
    firsts = [fixes[k + 1] for k in range(len(fixes) - 1) if dark[k] and not dark[k + 1]]

    away_m = []
    for fix in firsts:
        place = scene.path.place((fix["t"] - START_MS) / 1000)
        east_m, north_m = FRAME.to_metres(fix["pos"]["lat"], fix["pos"]["lon"])
        away_m.append(math.hypot(east_m - place.east_m, north_m - place.north_m))
    assert len(firsts) == 2
    assert all(60 - NOISE_M <= far_m <= 500 + NOISE_M for far_m in away_m), away_m
    assert all(fix["pos"]["hdop"] >= 5 and fix["pos"]["sat"] <= 4 for fix in firsts)


@pytest.mark.parametrize(
    ("number", "slow_mps", "fast_mps"), [(14, 4.0, 8.0), (15, 1.2, 1.4), (17, 8.0, 12.0)]
)
def test_thieves_are_as_fast_as_the_table_says(
    number: int, slow_mps: float, fast_mps: float
) -> None:
    """True speed over ground from the onset on, corners apart."""
    path = story(number, 5, share=0.3).ways["v-1"].path

    legs_m = np.hypot(np.diff(path.east_m), np.diff(path.north_m))
    long = legs_m > 20.0
    speeds_mps = legs_m[long] / np.diff(path.at_s)[long]
    assert slow_mps <= speeds_mps.min()
    assert speeds_mps.max() <= fast_mps

"""A simulated day with planted faults through the live code: staff see these, and no others."""

import json

import msgspec
import pytest

from benchmarks.planted_run import Difference, Episode, News, compared, run_day
from parkguard.replay.lines import Mqtt
from parkguard.replay.reading import read_lines
from simulators.faults.answer import Planted
from simulators.faults.day import Day, build_day
from simulators.faults.town import DayPlan

FAULTS = {
    "dead port", "stuck relay", "frozen camera", "black camera", "switch outage", "coin mismatch",
    "lost coin reports", "clock wrong", "battery dying", "unit wrong", "flapping link", "smoke",
}  # fmt: skip
"""Source: issue 7, item 9."""
TINY = DayPlan(
    seed=5, behind_switch=6, spread=8, stations=9, wired=4, riders=2, sleepers=4, children=2
)
FROM_T = 1_764_000_000_000
SMOKE = Planted(
    fault="smoke",
    devices=["chg-1"],
    from_t=FROM_T,
    until_t=FROM_T + 480_000,
    causes=["smoke"],
    events=["fire"],
    within_s=10.0,
)


@pytest.mark.parametrize("seed", [2])
def test_planted_faults_are_seen_once_and_none_is_invented(seed: int) -> None:
    """A day of about 280 devices: all twelve, each once and in time, and nothing else."""
    ran = run_day(DayPlan(seed=seed))

    assert ran.missed == []
    assert ran.invented == []
    assert set(ran.hits) == FAULTS


@pytest.fixture(scope="module")
def day() -> Day:
    """A day of few devices."""
    return build_day(TINY)


def test_planted_day_is_the_same_for_a_seed_and_says_nothing_of_its_faults(day: Day) -> None:
    """The same seed gives the same bytes, and the answer key stands apart from them."""
    assert day == build_day(TINY)
    assert {one.fault for one in day.planted} == FAULTS
    assert not any(b"planted" in line for line in day.lines[1:])


def test_planted_days_lines_are_those_of_docs_replay(day: Day) -> None:
    """Every line is read strictly, in the order of its time; messages are of known devices."""
    lines = [line for _, line in read_lines(day.lines, "day")]

    times = [line.recv_t for line in lines if isinstance(line, Mqtt)]
    assert times == sorted(times)
    known = {json.loads(line)["id"] for line in day.lines if b'"device"' in line[:20]}
    assert {line.topic.split("/")[4] for line in lines if isinstance(line, Mqtt)} <= known


@pytest.mark.parametrize(
    ("episodes", "news", "hits", "faults"),
    [
        ([(2_000, "smoke")], ["fire"], 1, 0),
        ([], ["fire"], 0, 1),
        ([(2_000, "smoke")], [], 0, 1),
        ([(2_000, "smoke")], ["fire", "fire"], 0, 1),
        ([(2_000, "smoke"), (90_000, "smoke")], ["fire"], 0, 1),
        ([(41_000, "smoke")], ["fire"], 0, 1),
        ([(-1, "smoke")], ["fire"], 0, 1),
        ([(2_000, "smoke"), (3_000, "relay_stuck")], ["fire"], 1, 1),
        ([(2_000, "smoke"), (3_000, "silent")], ["fire"], 1, 0),
        ([(2_000, "smoke")], ["fire", "flapping"], 1, 1),
    ],
)
def test_comparison_with_planted_faults_finds_what_is_wrong(
    episodes: list[tuple[int, str]], news: list[str], hits: int, faults: int
) -> None:
    """Missing, doubled, late, early or unplanted: each is a line; silence alone is none."""
    seen = [Episode("chg-1", cause, FROM_T + at_ms) for at_ms, cause in episodes]
    told = [News(kind=kind, device="chg-1", site="", at_t=FROM_T + 2_000) for kind in news]

    ran = compared(Day(seed=1, lines=(), planted=(SMOKE,)), seen, told, [])

    assert (len(ran.hits), len(ran.missed) + len(ran.invented)) == (hits, faults)


@pytest.mark.parametrize(
    ("found", "hits", "faults"),
    [
        ([("chg-1", "box_short")], 1, 0),
        ([], 0, 1),
        ([("chg-2", "box_short")], 0, 2),
        ([("chg-1", "box_short"), ("chg-1", "box_over")], 1, 1),
    ],
)
def test_comparison_with_planted_faults_reads_the_books_too(
    found: list[tuple[str, str]], hits: int, faults: int
) -> None:
    """A difference that is missing, at another station or of another kind is a line."""
    short = msgspec.structs.replace(SMOKE, causes=[], events=[], differences=["box_short"])
    differences = [Difference(device, "2025-11-25", code) for device, code in found]

    ran = compared(Day(seed=1, lines=(), planted=(short,)), [], [], differences)

    assert (len(ran.hits), len(ran.missed) + len(ran.invented)) == (hits, faults)

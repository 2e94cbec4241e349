"""Simulated trackers that sleep, wake, listen and obey (or do not)."""

import json
import math
from collections.abc import Iterable
from itertools import pairwise

import pytest

from simulators.duty import AWAKE_S, FIRST_FIX_S, RADIO_S, Duty, Rhythm
from simulators.gps_noise import GpsNoise, draw_profile
from simulators.keeping import Command
from simulators.outgoing import Identity, Outgoing, generator, wall_from
from simulators.playing import Stage
from simulators.scripts import Cue, Script
from simulators.tracks import standing
from simulators.vehicles import Habits, Surroundings, Tracker
from simulators.world import CITY, ORIGIN

START_MS = 1_764_032_400_000
SHAKE_AT_S = 5_000.0
SLEEPER = Rhythm(report_s=60.0, heartbeat_s=3_600.0, takes_commands=True)
MINUTELY = Rhythm(report_s=60.0, takes_commands=True)
NEVER = Habits(ride_gap_s=math.inf, shake_gap_s=math.inf, from_s=0.0)


def a_tracker(rhythm: Rhythm, *cues: Cue) -> Tracker:
    """One that stands still; what it senses comes by cues."""
    rng = generator(1, "trk-1")
    return Tracker(
        Identity(device_id="trk-1", cls="trk", boot="b", next_s=rhythm.report_s),
        Surroundings(frame=ORIGIN, box=CITY, to_wall=wall_from(START_MS), report_s=60.0),
        start=(0.0, 0.0),
        noise=GpsNoise(draw_profile(rng), rng.spawn(1)[0]),
        rng=rng,
        habits=NEVER,
        script=Script(path=standing(0.0, 0.0), cues=cues),
        duty=Duty(rhythm, generator(1, "duty")),
    )


def a_command(type_: str = "locate", **said: object) -> Command:
    """A command without an end."""
    return Command(cmd_id=str(said.pop("cmd_id", "c1")), type=type_, **said)  # type: ignore[arg-type]


def until(stage: Stage, end_s: float) -> list[tuple[float, Outgoing]]:
    """What is said before ``end_s``, and when."""
    said = []
    while stage.due_s < end_s:
        at_s = stage.due_s
        said += [(at_s, record) for record in stage.act()]
    return said


def texts(said: Iterable[tuple[float, Outgoing]]) -> list[tuple[str, str]]:
    """Channel and type or result of each."""
    found = []
    for _, record in said:
        body = json.loads(record.payload)
        found.append((record.channel, str(body.get("type") or body.get("result") or "")))
    return found


def test_a_sleeper_reports_once_an_hour_until_it_is_shaken() -> None:
    """Then it says so without a place, a fix within a minute, and every 60 s while it is awake."""
    stage = Stage([a_tracker(SLEEPER, Cue(at_s=SHAKE_AT_S, event="vibration"))])

    parked = until(stage, SHAKE_AT_S)
    woken = until(stage, SHAKE_AT_S + 1_000)

    assert [channel for channel, _ in texts(parked)] in (["fix"], ["fix", "fix"])
    assert texts(woken)[:3] == [("event", "wake"), ("event", "vibration"), ("fix", "")]
    assert "pos" not in json.loads(woken[0][1].payload)
    cold_s = woken[2][0] - SHAKE_AT_S
    assert FIRST_FIX_S[0] <= cold_s <= FIRST_FIX_S[1]
    fixes = [json.loads(record.payload)["next_s"] for _, record in woken if record.channel == "fix"]
    assert 2 <= len(fixes) <= 2 + AWAKE_S / 60
    assert (fixes[0], fixes[-1]) == (60.0, 3_600.0)


def test_a_second_shake_does_not_shorten_the_cold_start() -> None:
    """Awake, it has no position yet: the event says none, and the first fix comes no sooner."""
    rhythm = Rhythm(report_s=10.0, heartbeat_s=3_600.0)

    def woken(*at_s: float) -> list[tuple[float, Outgoing]]:
        stage = Stage([a_tracker(rhythm, *(Cue(at_s=at, event="vibration") for at in at_s))])
        until(stage, SHAKE_AT_S)
        return until(stage, SHAKE_AT_S + AWAKE_S)

    once, twice = woken(SHAKE_AT_S), woken(SHAKE_AT_S, SHAKE_AT_S + 4.0)

    assert texts(twice)[:3] == [("event", "wake"), ("event", "vibration"), ("event", "vibration")]
    assert all("pos" not in json.loads(record.payload) for _, record in twice[:3])
    first, again = (
        next(at for at, record in said if record.channel == "fix") for said in (once, twice)
    )
    assert first == again > SHAKE_AT_S + 14.0  # seed 1: later than a report after the second shake


def test_who_sleeps_or_is_deaf_hears_nothing() -> None:
    """A command that comes then is lost."""
    for rhythm in (
        SLEEPER,
        Rhythm(report_s=60.0, takes_commands=True, deaf=True),
        Rhythm(report_s=60.0),
    ):
        stage = Stage([a_tracker(rhythm)])

        stage.hear("trk-1", a_command(), 100.0)

        assert {channel for channel, _ in texts(until(stage, 400.0))} <= {"fix"}


def test_an_interval_holds_for_its_time() -> None:
    """Answered after the radio's delay; every 5 s for a minute, then every 60 s again."""
    stage = Stage([a_tracker(MINUTELY)])
    until(stage, 100.0)

    stage.hear("trk-1", a_command("interval", every_s=5.0, for_s=60.0), 100.0)
    said = until(stage, 400.0)

    (answer,) = [at_s for at_s, record in said if record.channel == "ack"]
    assert RADIO_S[0] <= answer - 100.0 <= RADIO_S[1]
    fixes = [at_s for at_s, record in said if record.channel == "fix"]
    dense = [at_s for at_s in fixes if at_s <= answer + 60.0]
    assert len(dense) == 12
    assert all(b - a == pytest.approx(5.0) for a, b in pairwise(dense))
    assert fixes[-1] - fixes[-2] == pytest.approx(60.0)


def test_its_own_interval_comes_back_when_it_is_told() -> None:
    """``every_s`` 0 ends what was asked."""
    stage = Stage([a_tracker(MINUTELY)])
    stage.hear("trk-1", a_command("interval", every_s=5.0), 100.0)
    until(stage, 120.0)

    stage.hear("trk-1", a_command("interval", cmd_id="c2"), 120.0)
    said = until(stage, 1_000.0)

    fixes = [at_s for at_s, record in said if record.channel == "fix"]
    assert fixes[-1] - fixes[-2] == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (a_command("locate"), [("fix", ""), ("ack", "done")]),
        (a_command("find_me", for_s=5.0), [("ack", "done")]),
        (a_command("arm"), [("event", "arm"), ("ack", "done")]),
        (a_command("disarm"), [("event", "disarm"), ("ack", "done")]),
        (a_command("dance"), [("ack", "refused")]),
        (a_command("locate", until=START_MS + 50_000), [("ack", "expired")]),
    ],
    ids=["locate", "find_me", "arm", "disarm", "unknown", "too_late"],
)
def test_what_it_is_told_is_done_and_answered(
    command: Command, said: list[tuple[str, str]]
) -> None:
    """At 61 s it hears; the request may have ended by then."""
    stage = Stage([a_tracker(MINUTELY)])
    until(stage, 61.0)

    stage.hear("trk-1", command, 61.0)

    assert texts(until(stage, 61.0 + RADIO_S[1])) == said


def test_a_repeated_command_is_obeyed_once_and_answered_twice() -> None:
    """The answer was lost, perhaps."""
    stage = Stage([a_tracker(MINUTELY)])
    until(stage, 61.0)
    for at_s in (61.0, 67.0):
        stage.hear("trk-1", a_command("arm"), at_s)

    said = texts(until(stage, 75.0))

    assert said.count(("event", "arm")) == 1
    assert said.count(("ack", "done")) == 2

"""Asked on a simulated clock: the tracker obeys, or is deaf, or sleeps; over the live pipeline."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from benchmarks.asking_loop import Loop, to_wall
from benchmarks.asking_thefts import HEARTBEATS, Heartbeat, Stolen, stolen
from devices.command import CommandState
from parkguard.settings import Settings

MINUTELY, _, SLEEPS = HEARTBEATS


def run(one: Stolen, *, asks: bool = True, seconds: float = 240.0) -> Loop:
    """One theft from parking to so long after its first sign."""
    loop = Loop(Settings(), [one.tracker], asks=asks)
    loop.run(one.begun_s + seconds)
    return loop


def a_theft(
    name: str, heartbeat: Heartbeat = MINUTELY, *, asks: bool = True, deaf: bool = False
) -> Stolen:
    """A theft of one vehicle."""
    return stolen(name, heartbeat, number=1, seed=4, asks=asks, deaf_share=float(deaf))


def first(loop: Loop, what: str, one: Stolen) -> float:
    """Seconds from the first sign to a step of the alert; infinity = never."""
    times = [at_s for at_s, change in loop.alerts() if change.what == what]
    return min(times, default=float("inf")) - one.begun_s


def test_a_tracker_that_obeys_is_police_ready_sooner() -> None:
    """Same theft, same noise: asked it reports every 5 s, not asked it is minutes away."""
    found = {}
    for asks in (True, False):
        one = a_theft("ride, bridged", asks=asks)
        found[asks] = first(run(one, asks=asks), "police_ready", one)

    assert found[True] <= 90
    assert found[True] < found[False] - 45


def test_what_was_asked_is_answered_and_obeyed() -> None:
    """Every command was stored, sent once and done; then fixes come every 5 s."""
    one = a_theft("ride, one shake")

    loop = run(one)

    states = Counter(change.state for change in loop.commands)
    assert states[CommandState.QUEUED] == states[CommandState.SENT] > 0
    assert states[CommandState.DONE] >= states[CommandState.SENT] - 2
    assert loop.commands[0].state is CommandState.QUEUED
    times = sorted(record for record in fix_times(loop) if record > one.begun_s + 60)
    assert max(b - a for a, b in pairwise(times)) <= 7


def test_a_deaf_tracker_lets_the_deadline_pass_and_that_is_a_weak_sign() -> None:
    """Expired, put off for a while, and never more than half a nat."""
    one = a_theft("ride, bridged", deaf=True)

    loop = run(one)

    ends = Counter(change.state for change in loop.commands if not change.state.is_open)
    assert set(ends) == {CommandState.EXPIRED}
    assert ends[CommandState.EXPIRED] <= 3
    reasons = {reason.code: reason for _, change in loop.alerts() for reason in change.reasons}
    assert reasons["unanswered"].nats == 0.5
    assert reasons["unanswered"].group == "position"


def test_a_sleeping_tracker_is_woken_by_the_thief_and_then_asked() -> None:
    """Parked at 3,600 s it hears nothing; the shake wakes it, the first fix takes a cold start."""
    one = a_theft("walk", replace(SLEEPS, parked_s=15_000.0))  # four heartbeats: it is armed

    loop = run(one, seconds=300)

    asked_s = [(change.asked_ms - to_wall(0)) / 1000 for change in loop.commands]
    assert min(asked_s) >= one.begun_s
    assert first(loop, "raised", one) <= 150


def test_a_parked_tracker_is_left_alone() -> None:
    """An hour at one report a minute: nothing is asked."""
    one = a_theft("walk")
    loop = Loop(Settings(), [one.tracker], asks=True)

    loop.run(one.begun_s - 1)

    assert loop.commands == []


def test_the_same_seed_gives_the_same_commands_and_alerts() -> None:
    """Everything is decided by the journal: twice the same run, also over a restart."""
    runs = []
    for restarts in (False, True):
        one = a_theft("ride, one shake")
        loop = Loop(Settings(), [one.tracker], asks=True)
        loop.run(one.begun_s + 30)
        if restarts:
            loop.timeline.restart(0.0)
        loop.run(one.begun_s + 90)
        runs.append((loop.commands, [(at_s, change.what) for at_s, change in loop.alerts()]))

    assert runs[0] == runs[1]
    assert runs[0][0]


def fix_times(loop: Loop) -> list[float]:
    """When each fix of the run was sent, seconds."""
    return [at_s for at_s, topic in loop.said if topic.endswith("/fix")]

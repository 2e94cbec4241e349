"""Silence after a first sign counts a little, never for the police, and not where it is usual."""

import numpy as np
import pytest

from alerts.detection.signs import Sign
from alerts.model import Level
from alerts.silence import Silence
from alerts.witness_policy import WitnessPolicy
from devices.presence import PresenceArrays, missed_reports
from devices.readings import EventType
from support.ears import Ears
from support.factories import a_tick
from support.replay_files import DEVICE, event, fix, run_of, side
from support.scene import Scene

HOUR_S = 3_600


def listening() -> tuple[Scene, Ears]:
    """A parked, armed vehicle, and what is heard of it."""
    scene, ears = Scene.parked(), Ears()
    scene.engine.around.hearing = ears
    return scene, ears


@pytest.mark.parametrize(("missed", "nats"), [(0, 0), (1, 0.5), (3, 1.5), (6, 3), (50, 3)])
def test_missed_reports_count_half_a_nat_each(missed: int, nats: float) -> None:
    """At most three nats."""
    scene, ears = listening()
    scene.event(EventType.TILT)
    ears.missing[1] = missed

    scene.wait(1)

    assert scene.nats(Sign.SILENT) == nats


def test_silence_alone_says_nothing() -> None:
    """A tracker in a basement is no theft: without a first sign nobody asks."""
    scene, ears = listening()
    ears.missing[1] = 50

    scene.wait(60)

    assert scene.nats(Sign.SILENT) == 0
    assert scene.quiet


def test_silence_after_a_tilt_tells_the_owner_and_no_police() -> None:
    """Scenario 18: tilted, then nothing."""
    scene, ears = listening()
    scene.event(EventType.TILT)
    ears.missing[1] = 6

    scene.wait(2)

    assert scene.alert.level is Level.SUSPECTED
    assert {reason.code for reason in scene.alert.reasons} == {"tilt", "silent"}


def test_silence_and_position_are_one_witness() -> None:
    """Basements make both: a leap after a silence is not police-ready."""
    scene, ears = listening()
    scene.event(EventType.TILT)
    ears.missing[1] = 2
    scene.wait(125)  # the tilt has expired
    ears.missing[1] = 0

    scene.ride(100, speed_mps=8)

    assert scene.alert.level is Level.SUSPECTED


def test_place_that_often_goes_dark_says_nothing() -> None:
    """Trackers fell silent there in three hours of this week: counted 0, with its reason."""
    scene, ears = listening()
    for hour in (1, 2, 3):
        scene.sleep_until(hour * HOUR_S)
        ears.gone = np.array([1])
        scene.wait(1)
        ears.gone = np.zeros(0, np.int64)
    scene.event(EventType.TILT)
    ears.missing[1] = 6

    scene.wait(2)

    assert scene.nats(Sign.SILENT) == 0
    assert scene.quiet
    now_ms = 5_000_000 + round(scene.now_s * 1000)
    assert "dark_place" in {one.why for one in scene.engine._watch.witnessed(1, now_ms)}


def test_one_outage_of_a_carrier_teaches_nothing() -> None:
    """Thousands that fall silent in one second say nothing of a place."""
    scene, _ = listening()
    silence = Silence(WitnessPolicy())

    for hour in (1, 2, 3):
        ears = Ears()
        ears.gone = np.arange(1, 2_000)
        silence.tick(ears, a_tick(hour * HOUR_S), scene.engine.scope, scene.effects)

    assert silence.dump().dark == []


def test_missed_reports_of_the_promise() -> None:
    """By the promised interval and the slack; who was never heard missed nothing."""
    arrays = PresenceArrays.empty(4)
    arrays.heard_ms[:] = [0, 0, -1, 100_000]
    arrays.interval_ms[:] = [10_000, 3_600_000, 10_000, 10_000]

    assert missed_reports(arrays, [0, 1, 2, 3], 105_000, 10_000) == [9, 0, 0, 0]


def test_silence_through_the_whole_pipeline() -> None:
    """A promise of 10 s, a tilt, then nothing: level 1 within two minutes, as a replay tells it."""
    lines = [
        DEVICE,
        *(fix(10 * k) for k in range(13)),
        event(121, EventType.TILT),
        side(260, "tick"),
    ]

    run = run_of(lines)

    changes = [change.alert for change in run.timeline.observed.changes]
    assert changes[0].kind == "tamper"
    assert {reason.code for reason in changes[0].reasons} == {"tilt", "silent"}

"""A tracker's own alarms that come late, with and without what contradicts them (A-12, A-15)."""

import pytest

from alerts.model import AlertKind, AlertState, Level
from devices.readings import AnyReading, EventType, Flag
from support.factories import (
    a_fix,
    a_vehicle,
    an_event,
    at_ms,
)
from support.scene import Scene

HOUR_S = 3_600


@pytest.mark.parametrize(
    "alarm", [EventType.TOW, EventType.DISPLACEMENT, EventType.REMOVED, EventType.ILLEGAL_IGNITION]
)
def test_late_alarm_alone_tells_the_owner_late(alarm: EventType) -> None:
    """Five hours, nothing contradicts it: level 1, once per episode."""
    scene = Scene.parked()
    scene.sleep_until(5 * HOUR_S + 310)

    scene.upload(an_event(alarm, 310))
    scene.wait(10)
    scene.upload(an_event(alarm, 370, ev_id="again", key=7))
    scene.wait(10)

    assert scene.story == ["raised"]
    assert (scene.last.level, scene.last.kind) == (Level.SUSPECTED, AlertKind.TAMPER)
    assert scene.last.late_s == pytest.approx(5 * HOUR_S, abs=2)
    assert scene.last.caused_t_ms == at_ms(310)
    assert scene.effects.incidents == []


def test_late_alarm_contradicted_by_what_came_with_it_is_noted_only() -> None:
    """A tow at 01:10, then 40 points that end parked at home at 01:35 (A-12)."""
    scene = Scene.parked()
    scene.sleep_until(5 * HOUR_S)
    points = [a_fix(310 + 37 * k, 400 if 3 < k < 20 else 0) for k in range(1, 41)]

    scene.upload(an_event(EventType.TOW, 310))
    scene.wait(1)
    scene.upload(*points)
    scene.wait(60)

    assert scene.story == ["noted"]
    assert (scene.last.level, scene.last.state) == (Level.NOTED, AlertState.EXPIRED)
    assert {reason.code for reason in scene.last.reasons} == {"tow", "late", "late_contradicted"}
    assert scene.asked() == []
    assert scene.engine.cases.open == {}


def test_late_alarm_of_a_vehicle_never_heard_that_ends_parked_is_noted_only() -> None:
    """The same from a tracker that was switched on in the buffer: a ride that ends somewhere."""
    scene = Scene()
    scene.sleep_until(5 * HOUR_S)
    ride = [a_fix(37 * k, 40 * k) for k in range(1, 31)]
    parked = [a_fix(37 * k, 1_200) for k in range(31, 41)]

    scene.upload(an_event(EventType.TOW, 0), *ride, *parked)
    scene.wait(60)

    assert scene.story == ["noted"]


def test_opened_tracker_is_not_contradicted_by_where_it_lies() -> None:
    """The tracker lies at the rack; the bike may be gone."""
    scene = Scene.parked()
    scene.sleep_until(5 * HOUR_S)

    scene.upload(an_event(EventType.REMOVED, 330), *(a_fix(340 + 30 * k) for k in range(40)))
    scene.wait(60)

    assert scene.story == ["raised"]


def test_late_sos_is_told_to_the_owner_and_the_desk() -> None:
    """Twenty minutes ago: no level 4, which means now; but somebody must look."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.park()
    scene.sleep_until(1_600)

    scene.upload(an_event(EventType.SOS, 400))
    scene.wait(10)

    assert (scene.alert.kind, scene.alert.level) == (AlertKind.SOS, Level.SUSPECTED)
    assert scene.effects.incidents == []


@pytest.mark.parametrize(
    "event",
    [
        an_event(EventType.TOW, 10_000),
        an_event(EventType.REMOVED, 10_000),
        an_event(EventType.SOS, 10_000),
        an_event(EventType.SOS, 10_000, flags=int(Flag.FUTURE)),
    ],
)
def test_event_of_the_future_raises_nothing_with_or_without_its_flag(event: AnyReading) -> None:
    """Its time is no time (A-15: the age check is the second line)."""
    scene = Scene.parked()

    scene.hear(event)
    scene.wait(60)

    assert scene.quiet


def test_old_event_without_its_flag_is_late_all_the_same() -> None:
    """No live level 4 from a message that a broker kept for an hour (A-15)."""
    scene = Scene.parked()
    scene.sleep_until(HOUR_S)

    scene.hear(an_event(EventType.SOS, 300))
    at_once = scene.quiet
    scene.wait(10)

    assert at_once
    assert scene.alert.level is Level.SUSPECTED

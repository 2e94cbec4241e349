"""Trackers that are not where their name says (scenarios 36 to 38)."""

from alerts.model import AlertKind, AlertState, Level
from devices.readings import EventType
from support.crowd import Crowd
from support.factories import a_fix


def conflicts(crowd: Crowd) -> list[tuple[str, str]]:
    """Vehicle and reason of every identity alert."""
    return [
        (change.vehicle_id, change.reasons[0].code)
        for change in crowd.effects.alerts
        if change.kind is AlertKind.IDENTITY
    ]


def modes(crowd: Crowd, *numbers: int) -> list[int]:
    """0 disarmed, 1 settling, 2 armed."""
    return [crowd.engine.armed_state(number) for number in numbers]


def test_cloned_tracker_is_a_conflict_and_no_theft() -> None:
    """Scenario 38: a second device with its name, 8 km away, in turn with it."""
    crowd = Crowd([(0.0, 0.0)])
    crowd.stay(120)

    for _ in range(5):
        crowd.wait(5)
        crowd.hear(a_fix(crowd.now_s, 8_000))
        crowd.wait(5)
        crowd.hear(a_fix(crowd.now_s))

    assert conflicts(crowd) == [("v-1", "cloned")]
    assert crowd.raised == []
    assert modes(crowd, 1) == [0]


def test_vehicle_of_a_doubted_tracker_waits_for_a_person() -> None:
    """It does not arm by rule; a person's word arms it, and it arms by rule again afterwards."""
    crowd = Crowd([(0.0, 0.0)])
    crowd.stay(120)
    crowd.engine._watch.hold_back(1, 0)
    crowd.stay(300)
    held = modes(crowd, 1)

    crowd.engine._watch.arm(1, 0)
    crowd.stay(120)

    assert (held, modes(crowd, 1)) == ([0], [2])


def test_excursions_are_no_clone() -> None:
    """A bad receiver that leaps 400 m, or to another place each time, stays itself."""
    crowd = Crowd([(0.0, 0.0)])
    crowd.stay(120)

    for k in range(6):
        crowd.wait(5)
        crowd.hear(a_fix(crowd.now_s, 400 if k % 2 else 5_000 + 3_000 * k))
        crowd.wait(5)
        crowd.hear(a_fix(crowd.now_s))

    assert conflicts(crowd) == []
    assert modes(crowd, 1) == [2]


def test_swapped_trackers_of_vehicles_far_apart() -> None:
    """Each stands where the other was parked, 300 m away: both doubted, both not watched."""
    crowd = Crowd([(0.0, 0.0), (300.0, 0.0)])
    crowd.stay(120)

    def carried(number: int, s: float) -> tuple[float, float]:
        gone = min(300.0, 2.0 * s)
        return (gone, 0.0) if number == 1 else (-gone, 0.0)

    crowd.move(220, carried)

    assert sorted(conflicts(crowd)) == [("v-1", "swapped"), ("v-2", "swapped")]
    assert modes(crowd, 1, 2) == [0, 0]
    assert {change.state for change in crowd.of_vehicles(1) if change.what == "merged"} == {
        AlertState.MERGED
    }
    assert crowd.engine.cases.open == {}


def test_swapped_trackers_of_neighbours_that_were_opened() -> None:
    """Scenario 36: 30 m apart no movement shows, but both were opened and their places changed."""
    crowd = Crowd([(0.0, 0.0), (30.0, 0.0)])
    crowd.stay(120)
    crowd.say(EventType.REMOVED, 1, 2)

    crowd.move(150, lambda k, _s: (30.0, 0.0) if k == 1 else (-30.0, 0.0))

    assert sorted(conflicts(crowd)) == [("v-1", "swapped"), ("v-2", "swapped")]
    assert modes(crowd, 1, 2) == [0, 0]


def test_opened_trackers_that_stay_are_not_swapped() -> None:
    """A workshop opens two of them: each goes on at its own place."""
    crowd = Crowd([(0.0, 0.0), (30.0, 0.0)])
    crowd.stay(120)
    crowd.say(EventType.REMOVED, 1, 2)

    crowd.stay(300)

    assert conflicts(crowd) == []
    assert modes(crowd, 1, 2) == [2, 2]


def test_two_trackers_in_one_bag_are_one_incident() -> None:
    """Scenario 37: both owners are told, the later alert becomes part of the earlier one."""
    crowd = Crowd([(0.0, 0.0), (3.0, 0.0)])
    crowd.stay(120)
    crowd.say(EventType.REMOVED, 1, 2)

    crowd.move(120, lambda _k, s: (5.0 * s, 0.0))
    crowd.owner_says("not_me")
    crowd.move(120, lambda _k, s: (600 + 5.0 * s, 0.0))

    assert crowd.raised == ["v-1", "v-2"]
    assert list(crowd.engine.cases.open) == ["v-1"]
    assert len(crowd.effects.incidents) == 1
    flagged = {
        c.vehicle_id for c in crowd.effects.alerts if "together" in {r.code for r in c.reasons}
    }
    assert flagged == {"v-1", "v-2"}


def test_carried_vehicle_is_told_again_when_the_other_is_done() -> None:
    """The first alert ends by its owner's word; the second one still moves: its owner is asked."""
    crowd = Crowd([(0.0, 0.0), (3.0, 0.0)])
    crowd.stay(120)
    crowd.say(EventType.REMOVED, 1, 2)
    crowd.move(120, lambda _k, s: (5.0 * s, 0.0))
    crowd.owner_says("me")

    crowd.move(60, lambda _k, s: (600 + 5.0 * s, 0.0))

    assert list(crowd.engine.cases.open) == ["v-2"]
    assert crowd.engine.cases.open["v-2"].level >= Level.SUSPECTED


def test_riders_side_by_side_for_a_moment_are_not_together() -> None:
    """They pass each other."""
    crowd = Crowd([(0.0, 0.0), (3.0, 0.0)])
    crowd.stay(120)

    crowd.move(120, lambda k, s: (5.0 * s, 0.0) if k == 1 else (0.0, 5.0 * s))

    assert sorted(crowd.engine.cases.open) == ["v-1", "v-2"]

"""The ladder from a shake to the police, step by step; who is told what, and once."""

import pytest

from alerts.model import AlertKind, AlertState, Channel, Level, NoticeKind
from alerts.policy import DispatchPolicy
from devices.control import IncidentMoved, ReportStolen
from devices.model import Grid
from devices.readings import EventType
from support.factories import a_fix, a_vehicle, at_ms, place
from support.scene import Scene


def _grid(number: int, west_m: float, east_m: float) -> Grid:
    corners = [(west_m, -500), (east_m, -500), (east_m, 500), (west_m, 500), (west_m, -500)]
    ring = [[place(*corner)[1], place(*corner)[0]] for corner in corners]
    return Grid(id=f"34010400100{number:03d}", geometry={"type": "Polygon", "coordinates": [ring]})


def test_theft_from_the_first_shake_to_the_incident() -> None:
    """Suspected, police-ready, the owner told, the owner says not me: an incident."""
    scene = Scene()

    scene.steal(40)
    scene.deliver()
    scene.wait(5)
    scene.owner_says("not_me")

    assert scene.story == ["raised", "police_ready", "owner_told", "owner_not_me"]
    assert [change.level for change in scene.effects.alerts] == [1, 2, 2, 3]
    assert [change.state for change in scene.effects.alerts] == [
        AlertState.RAISED,
        AlertState.RAISED,
        AlertState.VERIFYING,
        AlertState.CONFIRMED,
    ]
    (incident,) = scene.effects.incidents
    assert incident.alert == scene.last
    assert incident.opened_ms == at_ms(scene.now_s)


def test_police_ready_comes_in_time() -> None:
    """A ride of 5 m/s at 10 s reports: within 60 s and 150 m of leaving."""
    scene = Scene()

    scene.steal(60)

    ready = next(change for change in scene.effects.alerts if change.what == "police_ready")
    assert ready.moved_m < 151
    assert ready.caused_t_ms - ready.onset_ms <= 60_000
    assert ready.onset_ms == at_ms(300)


def test_every_row_of_the_outbox_has_a_key_of_its_own() -> None:
    """The owner once, the desk's feed at every step, the police over three channels."""
    scene = Scene()
    scene.steal(60)
    scene.deliver()
    scene.owner_says("not_me")
    scene.ride(130)

    keys = [notice.key for notice in scene.effects.notices]
    opened = scene.notices(NoticeKind.INCIDENT, "opened")

    assert len(set(keys)) == len(keys)
    assert scene.asked() == ["owner:wang"]
    assert len(scene.notices(NoticeKind.ALERT)) == len(scene.effects.alerts)
    assert {(notice.channel, notice.audience) for notice in opened} == {
        (Channel.FEED, "officer"),
        (Channel.WEBHOOK, "police"),
        (Channel.MQTT, "police"),
    }
    assert {notice.incident_id for notice in opened} == {scene.effects.incidents[0].incident_id}


def test_police_see_nothing_before_the_incident() -> None:
    """Level 2 is ready, not dispatched: desk and owner only."""
    scene = Scene()

    scene.steal(120)

    assert scene.alert.level is Level.PROBABLE
    assert scene.effects.incidents == []
    assert {notice.audience for notice in scene.effects.notices} == {"desk", "owner"}


def test_position_alone_never_reaches_level_2() -> None:
    """Two independent groups are needed, however far it goes (Doppler is position, too)."""
    scene = Scene()
    scene.park()

    scene.ride(600, speed_mps=8)

    assert scene.alert.level is Level.SUSPECTED
    assert {reason.code for reason in scene.alert.reasons} == {"movement"}


@pytest.mark.parametrize(
    "witness",
    [
        EventType.VIBRATION,
        EventType.TILT,
        EventType.WAKE,
        EventType.POWER_CUT,
        EventType.JAMMING_GNSS,
        EventType.ILLEGAL_IGNITION,
    ],
)
def test_position_and_one_other_witness_are_police_ready(witness: EventType) -> None:
    """Inertial, power or radio."""
    scene = Scene()
    scene.park()
    scene.event(witness)

    scene.ride(60)

    assert scene.alert.level is Level.PROBABLE


def test_witness_may_come_later() -> None:
    """The tracker is cut off during the ride: then there are two groups."""
    scene = Scene()
    scene.park()
    scene.ride(60)
    alone = scene.alert.level

    scene.event(EventType.POWER_CUT)
    scene.ride(10)

    assert (alone, scene.alert.level) == (Level.SUSPECTED, Level.PROBABLE)


def test_ignition_without_a_key_is_a_witness() -> None:
    """The ignition goes on while the vehicle is armed."""
    scene = Scene()
    scene.park()
    for k in range(1, 7):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s, 50 * k, ignition=True))

    assert scene.alert.level is Level.PROBABLE
    assert "illegal_ignition" in {reason.code for reason in scene.alert.reasons}


def test_sos_is_an_incident_at_once() -> None:
    """A person in danger: level 4, no statistic, no owner's word, also while disarmed."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.fix()

    scene.event(EventType.SOS)

    assert scene.alert.level is Level.DANGER
    assert scene.alert.kind is AlertKind.SOS
    assert scene.story == ["raised", "sos"]
    assert len(scene.effects.incidents) == 1
    assert scene.last.lat_deg == pytest.approx(place(0)[0])


def test_removed_tracker_tells_the_owner_and_no_police() -> None:
    """Opened or removed while armed: level 1 at once; it is no displacement (scenario 22)."""
    scene = Scene()
    scene.park()

    scene.event(EventType.REMOVED)

    assert (scene.alert.level, scene.alert.kind) == (Level.SUSPECTED, AlertKind.TAMPER)
    assert scene.asked() == ["owner:wang"]
    assert scene.effects.incidents == []


def test_knocked_over_tells_the_owner() -> None:
    """Shake, tilt and wake at one place: somebody should look (scenario 13)."""
    scene = Scene()
    scene.park()

    for event in (EventType.VIBRATION, EventType.FALL, EventType.WAKE):
        scene.event(event)
    scene.park(60)

    assert scene.alert.level is Level.SUSPECTED


def test_stolen_by_word_of_the_owner() -> None:
    """Reported stolen while parked: level 3, an incident at the last place known."""
    scene = Scene()
    scene.park(at_m=40)

    scene.people(ReportStolen(at_ms=at_ms(scene.now_s), vehicle_id="v-1", by="wang"))

    assert scene.alert.level is Level.CONFIRMED
    assert len(scene.effects.incidents) == 1
    assert scene.last.lon_deg == pytest.approx(place(40)[1])


def test_report_confirms_the_open_alert() -> None:
    """One alert, one incident."""
    scene = Scene()
    scene.steal()

    scene.people(ReportStolen(at_ms=at_ms(scene.now_s), vehicle_id="v-1"))

    assert scene.story[-1] == "reported_stolen"
    assert len(scene.effects.incidents) == 1


@pytest.mark.parametrize(("verdict", "what"), [("confirm", "desk_confirmed"), ("dismiss", "")])
def test_verdict_of_the_desk(verdict: str, what: str) -> None:
    """Confirm opens the incident, dismiss ends the alert."""
    scene = Scene()
    scene.steal()

    scene.desk_says(verdict)

    assert len(scene.effects.incidents) == (1 if what else 0)
    assert scene.story[-1] == (what or "desk_dismissed")
    assert bool(scene.engine.cases.open) == bool(what)


def test_owner_who_says_me_ends_it_and_rides_on() -> None:
    """Dismissed; the ride goes on without another word, and it arms where it is parked."""
    scene = Scene()
    scene.steal()

    scene.owner_says("me")
    scene.ride(300)
    words = list(scene.story)
    scene.park(120)

    assert words[-1] == "owner_me"
    assert scene.last.state is AlertState.DISMISSED
    assert scene.story == words
    assert scene.effects.incidents == []
    assert scene.armed


def test_answer_to_an_ended_alert_changes_nothing() -> None:
    """The button of an old message."""
    scene = Scene()
    alert_id = scene.steal().alert_id
    scene.owner_says("me")
    words = list(scene.story)

    scene.owner_says("not_me", alert_id=alert_id)

    assert scene.story == words


def test_open_incident_is_kept_fresh_once_a_minute() -> None:
    """A message a minute while it moves, not one per fix (A-11)."""
    scene = Scene()
    scene.steal()
    scene.owner_says("not_me")

    scene.ride(600)

    updates = scene.notices(NoticeKind.INCIDENT, "updated")
    assert len(updates) == 10 * 3
    assert [notice.body["moved_m"] for notice in updates[::3]] == sorted(
        float(str(notice.body["moved_m"])) for notice in updates[::3]
    )


def test_new_grid_is_told_at_once() -> None:
    """Officers of the next grid must not wait for the minute."""
    scene = Scene(grids=(_grid(1, -500, 425), _grid(2, 425, 5_000)))
    scene.steal(60)
    scene.owner_says("not_me")

    scene.ride(30)

    updates = scene.notices(NoticeKind.INCIDENT, "updated")
    assert [notice.area for notice in updates] == ["34010400100002"] * 3
    assert scene.notices(NoticeKind.INCIDENT, "opened")[0].area == "34010400100001"


def test_sos_during_an_incident_is_told_at_once() -> None:
    """A level change goes out whatever was sent in the last minute."""
    scene = Scene()
    scene.steal()
    scene.owner_says("not_me")
    scene.ride(10)

    scene.event(EventType.SOS)

    updates = scene.notices(NoticeKind.INCIDENT, "updated")
    assert [notice.body["level"] for notice in updates] == [4, 4, 4]
    assert len(scene.effects.incidents) == 1


def test_word_of_the_owner_during_an_incident_is_told_at_once() -> None:
    """Dispatched on his silence, then he says: not me."""
    scene = Scene(dispatch=DispatchPolicy(dispatch_without_human=True))
    scene.steal()
    scene.deliver()
    scene.wait(125)

    scene.owner_says("not_me")

    assert len(scene.effects.incidents) == 1
    assert [n.body["level"] for n in scene.notices(NoticeKind.INCIDENT, "updated")] == [3, 3, 3]


def test_closed_incident_ends_the_alert() -> None:
    """People closed it; the police need no stand-down of what they closed."""
    scene = Scene()
    alert = scene.steal()
    scene.owner_says("not_me")

    scene.people(
        IncidentMoved(
            at_ms=at_ms(scene.now_s),
            by="officer-7",
            incident_id=alert.incident or "",
            alert_id=alert.alert_id,
            state="closed",
            outcome="theft_recovered",
        )
    )

    assert scene.story[-1] == "incident_closed"
    assert scene.engine.cases.open == {}
    assert scene.notices(NoticeKind.INCIDENT, "stand_down") == []


def test_incident_stands_down_when_the_owner_takes_it_back() -> None:
    """Not me, then: it was my son. Everybody who was told is told."""
    scene = Scene()
    scene.steal()
    scene.owner_says("not_me")

    scene.owner_says("me")

    stand_down = scene.notices(NoticeKind.INCIDENT, "stand_down")
    assert {notice.channel for notice in stand_down} == set(Channel)


def test_owner_reads_what_happened_and_can_answer() -> None:
    """The notice carries reasons in two languages, a masked plate, the buttons' address."""
    scene = Scene()
    alert = scene.steal()

    (notice,) = scene.notices(NoticeKind.OWNER_NOTICE)

    assert notice.body["answer"] == f"/v1/alerts/{alert.alert_id}/answer"
    assert notice.body["plate_masked"] == "皖A***45"
    assert notice.body["receiver"] == "wang"
    reasons = notice.body["reasons"]
    assert isinstance(reasons, list)
    assert all(reason["en"] and reason["zh"] for reason in reasons)
    assert "12345" not in str(notice.body)

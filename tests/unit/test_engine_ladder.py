"""The ladder's timers: second contact, silent owner, repetition, return and expiry."""

import pytest

from alerts.model import AlertState, Level, NoticeKind
from alerts.policy import DispatchPolicy
from devices.model import SiteClass, Vehicle
from devices.readings import EventType
from support.factories import a_vehicle
from support.scene import Scene

BOLD = DispatchPolicy(dispatch_without_human=True)


def test_second_contact_is_told_30_s_after_delivery() -> None:
    """Not after writing: who could not be reached was not asked."""
    scene = Scene()
    scene.steal(60)
    scene.wait(100)
    unreached = scene.asked()

    scene.deliver()
    scene.wait(29)
    early = scene.asked()
    scene.wait(1)

    assert (unreached, early) == (["owner:wang"], ["owner:wang"])
    assert scene.asked() == ["owner:wang", "owner:li"]


def test_second_contact_is_told_once() -> None:
    """However long nobody answers."""
    scene = Scene()
    scene.steal(60)
    scene.deliver()

    scene.wait(300)

    assert scene.asked() == ["owner:wang", "owner:li"]


def test_owner_without_contacts_is_not_asked() -> None:
    """The desk sees the alert all the same."""
    scene = Scene(vehicle=a_vehicle(contacts=()))

    scene.steal()

    assert scene.asked() == []
    assert scene.notices(NoticeKind.ALERT)


def test_silent_owner_alone_dispatches_nobody() -> None:
    """The policy is off by default."""
    scene = Scene()
    scene.steal()
    scene.deliver()

    scene.wait(600)

    assert scene.effects.incidents == []


def test_silent_owner_dispatches_after_two_minutes_by_policy() -> None:
    """120 s after delivery, a second contact tried: the incident opens at level 2."""
    scene = Scene(dispatch=BOLD)
    scene.steal()
    scene.deliver()

    scene.wait(119)
    early = list(scene.effects.incidents)
    scene.wait(1)

    assert early == []
    assert len(scene.effects.incidents) == 1
    assert scene.effects.incidents[0].alert.level is Level.PROBABLE
    assert scene.last.what == "owner_silent"
    assert scene.asked() == ["owner:wang", "owner:li"]


@pytest.mark.parametrize(
    "vehicle",
    [
        a_vehicle(consent=("anti_theft",)),
        a_vehicle(site_class=SiteClass.CANYON),
        a_vehicle(site_class=SiteClass.GARAGE),
    ],
)
def test_policy_needs_consent_and_a_sky(vehicle: Vehicle) -> None:
    """No consent to police sharing, or a place where positions lie: a human must confirm."""
    scene = Scene(vehicle=vehicle, dispatch=BOLD)
    scene.steal()
    scene.deliver()

    scene.wait(600)

    assert scene.effects.incidents == []


def test_owner_who_could_not_be_reached_is_not_silent() -> None:
    """No proof of delivery: that goes to the verification desk."""
    scene = Scene(dispatch=BOLD)
    scene.steal()

    scene.wait(600)

    assert scene.effects.incidents == []


def test_suspicion_alone_is_never_dispatched_on_silence() -> None:
    """Level 1: position without another witness."""
    scene = Scene(dispatch=BOLD)
    scene.park()
    scene.ride(60)
    scene.deliver()

    scene.wait(600)

    assert scene.effects.incidents == []


def test_answer_in_time_stops_the_dispatch() -> None:
    """'It's me' after 110 s: nobody comes."""
    scene = Scene(dispatch=BOLD)
    scene.steal()
    scene.deliver()
    scene.wait(110)

    scene.owner_says("me")
    scene.wait(60)

    assert scene.effects.incidents == []


def test_owner_is_asked_once_in_ten_minutes() -> None:
    """A second alert within 10 minutes of the first notice is the desk's, then the owner's."""
    scene = Scene()
    scene.steal(60)
    asked_s = scene.now_s - 40
    scene.owner_says("me")
    scene.park(180)
    scene.event(EventType.VIBRATION)
    scene.ride(60)
    second = scene.alert
    soon = scene.asked()

    scene.wait(asked_s + 599 - scene.now_s)
    late = scene.asked()
    scene.wait(1)

    assert second.level is Level.PROBABLE
    assert (len(soon), len(late), len(scene.asked())) == (1, 1, 2)
    assert scene.notices(NoticeKind.OWNER_NOTICE)[1].alert_id == second.alert_id


def test_confirmed_alert_is_told_at_once_within_ten_minutes() -> None:
    """SOS does not wait."""
    scene = Scene()
    scene.steal()
    scene.owner_says("me")

    scene.event(EventType.SOS)

    assert len(scene.asked()) == 2


def test_returned_vehicle_stands_the_alert_down() -> None:
    """Back at its anchor for a minute: expired, and still watched there."""
    scene = Scene()
    scene.park()
    scene.ride(60)
    scene.park(60, at_m=0)
    early = list(scene.story)

    scene.park(20, at_m=0)

    assert "returned" not in early
    assert scene.story[-1] == "returned"
    assert scene.last.state is AlertState.EXPIRED
    assert scene.armed


def test_short_visit_at_the_anchor_is_no_return() -> None:
    """Riding round the block past its place."""
    scene = Scene()
    scene.park()
    scene.ride(60)
    scene.park(40, at_m=0)

    scene.park(120, at_m=400)

    assert "returned" not in scene.story


def test_unanswered_alert_expires_where_the_vehicle_rests() -> None:
    """Moved 300 m and left there: after 30 minutes it settles anew and is watched again."""
    scene = Scene()
    scene.park()
    scene.ride(60)

    scene.park(2_200)
    words = list(scene.story)
    scene.park(120)

    assert words[-1] == "expired"
    assert scene.story == words
    assert scene.armed


def test_alert_does_not_expire_while_the_vehicle_moves() -> None:
    """A theft of 40 minutes without an answer stays one alert."""
    scene = Scene()
    scene.steal(60)

    scene.ride(2_400)

    assert "expired" not in scene.story
    assert scene.story.count("raised") == 1


def test_confirmed_alert_never_expires() -> None:
    """People close it."""
    scene = Scene()
    scene.steal()
    scene.owner_says("not_me")

    scene.wait(4_000)

    assert scene.alert.level is Level.CONFIRMED


def test_incident_on_silence_never_expires() -> None:
    """What police work on, people end."""
    scene = Scene(dispatch=BOLD)
    scene.steal()
    scene.deliver()

    scene.wait(4_000)

    assert scene.alert.incident is not None
    assert "expired" not in scene.story


def test_level_never_falls() -> None:
    """Weaker signals after stronger ones."""
    scene = Scene()
    scene.steal()
    scene.owner_says("not_me")
    scene.event(EventType.SOS)
    scene.ride(300)

    levels = [change.level for change in scene.effects.alerts]

    assert levels == sorted(levels)
    assert scene.alert.level is Level.DANGER


def test_versions_count_every_change() -> None:
    """From one, without holes."""
    scene = Scene(dispatch=BOLD)
    scene.steal()
    scene.deliver()
    scene.wait(200)
    scene.owner_says("not_me")

    versions = [change.version for change in scene.effects.alerts]

    assert versions == list(range(1, len(versions) + 1))


def test_owner_told_of_a_shake_alone_is_silent_since_it_was_police_ready() -> None:
    """Two minutes after a notice about a tilt he left no theft unanswered: it began just now."""
    scene = Scene(dispatch=DispatchPolicy(dispatch_without_human=True))
    scene.park()
    scene.event(EventType.VIBRATION)
    scene.event(EventType.TILT)
    scene.deliver()
    scene.wait(90)
    scene.event(EventType.VIBRATION)
    scene.ride(60)
    ready_s = scene.now_s
    early = list(scene.effects.incidents)

    scene.ride(120)

    assert ready_s - 300 > 120
    assert scene.alert.level is Level.PROBABLE
    assert early == []
    assert len(scene.effects.incidents) == 1

"""Work tickets and the owner's hours: who watches a vehicle, and when nobody is told."""

from zoneinfo import ZoneInfo

import pytest

from alerts.engine import Engine
from alerts.model import AlertState, Level
from alerts.policy import DetectionPolicy, DispatchPolicy
from alerts.schedule import is_within
from devices.control import (
    CloseTicket,
    OpenTicket,
    RegisterDevices,
    RegisterVehicles,
    TicketKind,
)
from devices.readings import EventType
from devices.registry import Registry
from support.factories import a_device, a_fix, a_vehicle, at_ms
from support.rates import thresholds
from support.scene import Scene

WORK: list[TicketKind] = ["tow", "maintenance", "rebalancing"]


def open_ticket(scene: Scene, kind: TicketKind = "tow", *, for_s: float = 600) -> None:
    """Staff open a ticket for ``v-1``."""
    scene.people(
        OpenTicket(
            at_ms=at_ms(scene.now_s),
            by="operator-1",
            vehicle_id="v-1",
            ticket_id=f"t-{kind}",
            ticket=kind,
            until_ms=at_ms(scene.now_s + for_s),
        )
    )


def close_ticket(scene: Scene, kind: TicketKind = "tow") -> None:
    """And close it."""
    scene.people(
        CloseTicket(at_ms=at_ms(scene.now_s), vehicle_id="v-1", ticket_id=f"t-{kind}", by="o-1")
    )


@pytest.mark.parametrize("kind", WORK)
def test_vehicle_with_a_work_ticket_is_taken_away_in_silence(kind: TicketKind) -> None:
    """Lifted, opened, its power cut, driven off: nobody is told (scenario 19)."""
    scene = Scene.parked()
    open_ticket(scene, kind)

    for event in (EventType.TILT, EventType.VIBRATION, EventType.REMOVED, EventType.POWER_CUT):
        scene.event(event)
    scene.ride(200)

    assert scene.quiet


def test_late_ticket_ends_the_alert() -> None:
    """Scenario 19: the owner was asked, then the ticket comes: dismissed, with its reason."""
    scene = Scene()
    scene.steal()

    open_ticket(scene)
    scene.ride(120)

    assert scene.last.what == "ticket"
    assert scene.last.state is AlertState.DISMISSED
    assert scene.last.by == "operator-1"
    assert scene.last.reasons[-1].code == "ticket_tow"
    assert scene.engine.cases.open == {}


def test_ticket_takes_no_word_of_a_human_back() -> None:
    """The owner said "not me": who opens a ticket now does not end that."""
    scene = Scene()
    scene.steal()
    scene.owner_says("not_me")

    open_ticket(scene)

    assert scene.alert.level is Level.CONFIRMED


@pytest.mark.parametrize("ends", ["closed", "over"])
def test_after_the_work_it_is_watched_where_it_was_left(ends: str) -> None:
    """Closed, or its time is over: it settles anew, and a theft from there is told."""
    scene = Scene.parked()
    open_ticket(scene, for_s=300)
    scene.ride(100)
    if ends == "closed":
        close_ticket(scene)
    scene.park(400)
    armed = scene.armed

    scene.event(EventType.VIBRATION)
    scene.ride(60)

    assert armed
    assert scene.story == ["raised", "police_ready"]


def test_of_two_tickets_the_longer_one_counts() -> None:
    """Closing the tow leaves the maintenance."""
    scene = Scene.parked()
    open_ticket(scene, "tow", for_s=100)
    open_ticket(scene, "maintenance", for_s=900)
    close_ticket(scene, "tow")

    scene.ride(200)

    assert scene.quiet


def test_forgotten_ticket_ends_after_a_day() -> None:
    """``witness.ticket_max_s``: a ticket for a month does not blind the detector for one."""
    scene = Scene.parked()
    open_ticket(scene, for_s=30 * 86_400)
    scene.sleep_until(scene.now_s + 86_401)
    scene.park(200)

    scene.event(EventType.VIBRATION)
    scene.ride(60)

    assert scene.alert.level is Level.PROBABLE


def test_ticket_that_is_over_already_says_nothing() -> None:
    """The API refuses it; a journal may hold one."""
    scene = Scene.parked()
    open_ticket(scene, for_s=-5)
    scene.event(EventType.VIBRATION)

    scene.ride(60)

    assert scene.alert.level is Level.PROBABLE


def test_attendants_ticket_arms_and_its_end_disarms() -> None:
    """The owner hands it over: it is watched, by rule or not, until he fetches it."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.park(60)
    before = scene.armed

    open_ticket(scene, "attendant", for_s=7_200)
    scene.park(60)
    during = scene.armed
    close_ticket(scene, "attendant")

    assert (before, during, scene.armed) == (False, True, False)


def test_ticket_survives_a_restart() -> None:
    """It stands in the checkpoint."""
    scene = Scene.parked()
    open_ticket(scene)

    scene.restart()
    scene.ride(100)

    assert scene.quiet


# -- the owner's hours ----------------------------------------------------------------------


def night_engine(registry: Registry) -> Engine:
    """One in Shanghai."""
    return Engine(
        registry,
        DetectionPolicy(),
        DispatchPolicy(),
        thresholds=thresholds(),
        zone=ZoneInfo("Asia/Shanghai"),
    )


def night_scene() -> Scene:
    """``v-1`` is to be armed from 10:00 to 11:00 in Shanghai; ``T0`` is 09:00 there."""
    vehicle = a_vehicle(hours=((10 * 60, 11 * 60),))
    scene = Scene(vehicle=vehicle)
    scene.engine = night_engine(scene.registry)
    return scene


def test_hours_arm_and_disarm() -> None:
    """Before ten it is not watched, however long it stands; then it is; after eleven it is not."""
    scene = night_scene()
    scene.park(300)
    before = scene.armed
    scene.sleep_until(3_600)
    scene.park(60)
    during = scene.armed
    scene.sleep_until(7_205)

    assert (before, during, scene.armed) == (False, True, False)


@pytest.mark.parametrize("what", ["restart", "registered"])
def test_outside_of_the_hours_nothing_but_their_begin_arms_it(what: str) -> None:
    """Neither a restart nor a new registration of its tracker lets the rule arm it before ten."""
    scene = night_scene()
    scene.park(300)
    if what == "restart":
        state = scene.engine.dump()
        scene.engine = night_engine(Registry())
        scene.engine.load(state, scene.registry)
    else:
        scene.people(RegisterDevices(at_ms=at_ms(scene.now_s), devices=[a_device(1)]))
    for ignition in (True, False):
        scene.wait(5)
        scene.hear(a_fix(scene.now_s, ignition=ignition))
    scene.park(300)
    before = scene.armed
    scene.sleep_until(3_600)
    scene.park(60)

    assert (before, scene.armed) == (False, True)


def test_the_clock_arms_nobody_whose_tracker_nobody_knows() -> None:
    """Held back for its identity: the begin of the hours is no person's word."""
    scene = night_scene()
    scene.park(300)
    scene.engine._watch.hold_back(1, at_ms(scene.now_s))
    scene.sleep_until(3_600)
    scene.event(EventType.ARM)
    scene.park(120)

    assert not scene.armed


def test_end_of_the_hours_stands_no_alert_down() -> None:
    """Stolen at five to eleven: at eleven it is still an alert."""
    scene = night_scene()
    scene.park(20)
    scene.sleep_until(6_900)
    scene.park(60)
    scene.event(EventType.VIBRATION)
    scene.ride(60)

    scene.ride(300)

    assert scene.now_s > 7_200
    assert scene.armed
    assert scene.alert.level is Level.PROBABLE


def test_new_hours_count_at_once() -> None:
    """The owner takes them back: armed by rule again."""
    scene = night_scene()
    scene.park(300)
    plain = a_vehicle()

    scene.people(RegisterVehicles(at_ms=at_ms(scene.now_s), vehicles=[plain]))
    scene.people(
        RegisterVehicles(at_ms=at_ms(scene.now_s), vehicles=[a_vehicle(hours=((9 * 60, 10 * 60),))])
    )
    scene.park(60)

    assert scene.armed


@pytest.mark.parametrize(
    ("minute", "hours", "within"),
    [
        (600, (600, 660), 1),
        (660, (600, 660), 0),
        (30, (1_320, 360), 1),
        (1_330, (1_320, 360), 1),
        (720, (1_320, 360), 0),
        (360, (1_320, 360), 0),
    ],
)
def test_hours_go_over_midnight(minute: int, hours: tuple[int, int], within: int) -> None:
    """[begin, end); 22:00 to 06:00 holds midnight."""
    assert is_within(minute, hours) == bool(within)

"""The fire path: told at the record that says so, once an episode, whatever else goes on."""

from collections.abc import Callable

import pytest

from alerts.model import AlertKind, AlertState, Channel, Level
from devices.causes import Cause
from devices.entry import RETAIN
from devices.model import Device
from support.fire_house import CAMERA, GRID, NOWHERE, OTHER, STATION, TRACKER, House

FIRST = ("fire", "opened")
HOT = [{"n": 3, "state": "charging", "temp_c": 85.5}]
SHORT = [{"n": 3, "state": "faulted", "err": "short_circuit"}]
HOUR_S = 3_600.0


def codes(body: dict[str, object]) -> list[object]:
    """Of the reasons, but for the cameras nearby."""
    reasons = body["reasons"]
    assert isinstance(reasons, list)
    return [reason["code"] for reason in reasons if reason["code"] != "cameras"]


@pytest.fixture
def house() -> House:
    return House()


SIGNS: dict[str, tuple[Callable[[House], None], str, Device]] = {
    "smoke": (lambda house: house.status(smoke=True), "smoke", STATION),
    "smoke event": (lambda house: house.event("smoke"), "smoke", STATION),
    "a camera's": (lambda house: house.event("smoke", device=CAMERA), "smoke", CAMERA),
    "short circuit": (lambda house: house.event("short_circuit", port=2), "short_circuit", STATION),
    "port error": (lambda house: house.status(ports=SHORT), "short_circuit", STATION),
    "hot port": (lambda house: house.status(ports=HOT), "overheated_critical", STATION),
    "its bound": (lambda house: house.event("over_temperature"), "overheated_critical", STATION),
    "session": (
        lambda house: house.say("session", {"kind": "stop", "session": "S-1", "stop": "smoke"}),
        "smoke",
        STATION,
    ),
    "battery": (
        lambda house: house.event("batt_over_temp", device=TRACKER), "battery_hot", TRACKER
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNS)
def test_each_sign_opens_an_incident_at_the_very_record(house: House, name: str) -> None:
    """Level 4, to the fire receivers, the feed and MQTT, each by itself."""
    say, cause, device = SIGNS[name]

    say(house)

    change = house.changes[-1]
    assert (change.kind, change.level, change.what) == (AlertKind.FIRE, Level.DANGER, "raised")
    assert change.device_id == device.id
    assert house.fires == [FIRST]
    assert {one.channel for one in house.told if one.audience == "fire"} == set(Channel)
    assert codes(house.bodies[0])[0] == cause
    assert len(house.opened) == 1


def test_body_says_where_why_and_what_to_do(house: House) -> None:
    """For somebody who never heard of the station."""
    house.status(ports=SHORT)

    body = house.bodies[0]
    assert body["title_en"] == "FIRE · Row A · North gate: short circuit reported: port 3"
    assert str(body["title_zh"]).startswith("火警 · Row A · North gate: 短路报警")
    assert (body["device"], body["site"], body["ports"]) == (STATION.id, "site-1", [3])
    assert (body["grid"], body["vehicle"], body["maintenance"]) == (GRID, "", False)
    assert body["lat_deg"] == pytest.approx(31.820613)
    assert all("119" in str(body[words]) for words in ("do_en", "do_zh"))
    assert "cam-000004" in str(body["reasons"])
    assert body["acknowledge"] == f"/v1/incidents/{house.opened[0]}/acknowledge"


@pytest.mark.parametrize(
    "ports",
    [
        [{"n": 1, "state": "charging", "temp_c": 85.0}],
        [{"n": 1, "state": "faulted", "err": "relay_stuck"}],
        [{"n": 1, "state": "faulted", "err": "over_temp"}],
    ],
)
def test_what_is_no_fire_is_not_told(house: House, ports: list[dict[str, object]]) -> None:
    """A hot port below the bound, other errors, smoke that is not there."""
    house.status(smoke=False, ports=ports)
    house.event("smoke", on=False)
    house.event("door")
    house.say("session", {"kind": "stop", "session": "S-1", "stop": "smoke", "offline": True})

    assert house.told == []


def test_one_episode_is_told_once(house: House) -> None:
    """However often the station repeats it, in whatever message, over a restart as well."""
    house.status(smoke=True)
    house.wait(30)
    house.restart()
    house.event("smoke")
    house.acknowledge()
    for _ in range(5):
        house.wait(60)
        house.status(smoke=True)

    assert house.fires == [FIRST]


def test_a_further_cause_or_port_is_told_and_wants_its_own_acknowledgement(house: House) -> None:
    """Who took the first one may not know of the second."""
    house.status(smoke=True)
    house.acknowledge()
    house.status(smoke=True, ports=SHORT)
    house.status(smoke=True, ports=[*SHORT, {"n": 4, "state": "faulted", "err": "short_circuit"}])
    house.wait(60)

    assert house.fires == [FIRST, ("fire", "updated"), ("fire", "updated"), ("police", "escalated")]
    assert house.bodies[-1]["causes"] == ["smoke", "short_circuit"]
    assert house.bodies[-1]["ports"] == [3, 4]


def test_nobody_acknowledged_the_next_receiver_is_told(house: House) -> None:
    """After 60 s, once."""
    house.status(smoke=True)
    house.wait(50)
    assert house.fires == [FIRST]

    house.wait(600)

    assert house.fires == [FIRST, ("police", "escalated")]


@pytest.mark.parametrize("state", ["acknowledged", "on_scene"])
def test_acknowledged_is_not_escalated(house: House, state: str) -> None:
    """By the API's own steps of an incident."""
    house.status(smoke=True)
    house.acknowledge(state)

    house.wait(600)

    assert house.fires == [FIRST]


def test_assigned_is_not_acknowledged(house: House) -> None:
    """Somebody was named; nobody has said yes."""
    house.status(smoke=True)
    house.acknowledge("assigned")

    house.wait(60)

    assert house.fires == [FIRST, ("police", "escalated")]


def test_over_when_it_stood_clear(house: House) -> None:
    """Not at the first clean status: smoke comes and goes. Who was told hears it."""
    house.status(smoke=True)
    house.wait(60)
    for smoke in (False, True, False):
        house.wait(120)
        house.status(smoke=smoke)
    house.wait(290)
    assert ("fire", "fire_over") not in house.fires

    house.wait(20)

    assert house.fires[-2:] == [("fire", "fire_over"), ("police", "fire_over")]
    assert house.changes[-1].state is AlertState.EXPIRED
    assert house.pipeline.news.take_causes() == {}


def test_silence_ends_nothing(house: House) -> None:
    """A station that burns says no more; nor does a status that says nothing of smoke."""
    house.event("smoke")
    house.acknowledge()
    house.wait(2 * HOUR_S)
    house.event("door")
    house.status(smoke=None)
    assert house.fires == [FIRST]

    house.wait(310)

    assert house.fires[-1] == ("fire", "fire_over")  # it was heard again, long after its lapse


def test_a_new_episode_is_told_anew(house: House) -> None:
    """With an incident of its own once the old one is closed."""
    house.status(smoke=True)
    house.acknowledge("closed", outcome="fire")
    house.status(smoke=False)
    house.wait(310)
    house.status(smoke=True)

    assert house.fires == [FIRST, FIRST]
    assert len(set(house.opened)) == 2


def test_a_new_cause_after_people_closed_it_is_told_anew(house: House) -> None:
    """The sensor was thought broken; then the port shorts."""
    house.status(smoke=True)
    house.acknowledge("closed", outcome="device_fault")
    house.wait(10)
    house.status(smoke=True)
    assert house.fires == [FIRST]

    house.status(smoke=True, ports=SHORT)

    assert house.fires == [FIRST, FIRST]
    assert len(set(house.opened)) == 2


def test_the_desk_may_dismiss_it(house: House) -> None:
    """Everybody who was told hears it."""
    house.status(smoke=True)
    house.dismiss()
    house.wait(600)

    assert house.fires == [FIRST, ("fire", "stand_down")]


def test_two_stations_of_one_site_are_two_fires(house: House) -> None:
    """Never grouped: each its incident, its notice."""
    house.status(smoke=True)
    house.status(smoke=True, device=OTHER)

    assert house.fires == [FIRST, FIRST]
    assert len(set(house.opened)) == 2
    assert {change.vehicle_id for change in house.changes} == {":2", ":3"}


def test_maintenance_is_told_not_silenced(house: House) -> None:
    """Whoever works there may stand in it."""
    house.maintain(STATION)
    house.status(smoke=True)

    assert house.fires == [FIRST]
    assert codes(house.bodies[0]) == ["smoke", "maintenance"]
    assert house.bodies[0]["maintenance"] is True


def test_a_station_that_nobody_placed_is_told(house: House) -> None:
    """No site, no area: the city's."""
    house.status(smoke=True, device=NOWHERE)

    assert house.fires == [FIRST]
    assert house.bodies[0]["lat_deg"] is None


def test_a_vehicle_with_a_hot_battery_is_where_its_tracker_is(house: House) -> None:
    """As an SOS: people see the place."""
    for _ in range(4):
        house.wait(10)
        house.fix()
    house.event("batt_over_temp", device=TRACKER)

    body = house.bodies[0]
    assert (body["vehicle"], body["plate"]) == ("v-1", "皖A12345")
    assert body["lat_deg"] == pytest.approx(31.820613)


# -- old words ------------------------------------------------------------------------------


def test_retained_smoke_is_smoke_now(house: House) -> None:
    """Nobody heard the station since: it holds, and says where it comes from."""
    house.now_s = HOUR_S
    house.status(smoke=True, at_s=0.0, flags=RETAIN)

    assert house.fires == [FIRST]
    assert codes(house.bodies[0]) == ["smoke", "late", "retained"]


def test_retained_smoke_that_a_newer_word_took_back_is_passed(house: House) -> None:
    """Told all the same: somebody may have to look; it is over by itself."""
    house.status(smoke=False)
    house.now_s = HOUR_S
    house.status(smoke=False)
    house.status(smoke=True, at_s=60.0, flags=RETAIN)
    assert codes(house.bodies[0]) == ["smoke", "late", "retained", "passed"]

    house.wait(310)

    assert house.fires[-1][1] == "fire_over"


def test_a_late_word_is_told_as_late(house: House) -> None:
    """At once, with its age."""
    house.now_s = HOUR_S
    house.event("smoke", at_s=600.0)

    assert house.fires == [FIRST]
    assert house.bodies[0]["late_s"] == 3000.0
    assert codes(house.bodies[0]) == ["smoke", "late"]


def test_late_words_of_a_fire_that_was_told_say_nothing_new(house: House) -> None:
    """The station sends its buffer when it is back."""
    house.now_s = 100.0
    house.event("smoke")
    house.now_s = 160.0
    house.status(smoke=True)
    house.acknowledge("closed", outcome="fire")
    house.status(smoke=False)
    house.wait(2 * HOUR_S)
    told = len(house.told)

    house.event("smoke", at_s=130.0)

    assert house.told[told:] == []


def test_a_late_no_does_not_take_back_a_newer_yes(house: House) -> None:
    """By the time of measuring, not of arrival."""
    house.now_s = HOUR_S
    house.status(smoke=True)
    house.acknowledge()
    house.status(smoke=False, at_s=HOUR_S - 1_800)
    house.wait(HOUR_S)

    assert house.fires == [FIRST]


# -- the rest of the house ----------------------------------------------------------------


def test_health_has_the_cause_as_long_as_it_stands(house: House) -> None:
    """Of an event as of a status."""
    house.event("short_circuit", port=1)
    house.wait(10)
    assert int(house.latest(2)["causes"][2]) & Cause.SHORT_CIRCUIT

    house.event("short_circuit", port=1, on=False)
    house.wait(320)

    assert not int(house.latest(2)["causes"][2]) & Cause.SHORT_CIRCUIT


@pytest.mark.parametrize("cut", range(9))
def test_a_restart_anywhere_tells_the_same(cut: int) -> None:
    """Keys and all: the outbox collapses what comes again."""
    steps: list[Callable[[House], None]] = [
        lambda house: house.status(smoke=False),
        lambda house: house.status(smoke=True),
        lambda house: house.wait(30),
        lambda house: house.event("short_circuit", port=2),
        lambda house: house.wait(70),
        lambda house: house.acknowledge(),
        lambda house: house.status(smoke=False),
        lambda house: house.wait(320),
        lambda house: house.status(smoke=True),
    ]
    houses = House(), House()
    for number, step in enumerate(steps):
        for house in houses:
            step(house)
        if number == cut:
            houses[1].restart()

    assert houses[1].told == houses[0].told
    assert len(houses[0].fires) == 6

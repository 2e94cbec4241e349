"""Outages of many, flapping, and single silences: each is told once, and nothing else is."""

import msgspec
import pytest

from devices.causes import Cause
from devices.model import AdminState, DeviceClass
from devices.presence import Presence, PresencePolicy
from devices.readings import DeviceState
from support.factories import a_device, a_fix, a_record
from support.health_town import HealthTown, cameras

ONE = cameras(range(1, 41), "s-1")
TWO = cameras(range(41, 61), "s-2", area="34010200100202")
FAR = cameras(range(61, 101), "s-3", area="34011100100101")


def test_one_switch_is_one_piece_of_news() -> None:
    """40 cameras behind it, one outage with their number, and one when they are back."""
    town = HealthTown([*ONE, *TWO, *FAR])
    town.run(300)
    town.run(900, silent=ONE)
    dark = {town.presence(camera) for camera in ONE}, town.causes(ONE[0])
    town.run(300)

    assert town.told() == [("outage", "site:s-1"), ("outage_over", "site:s-1")]
    began, over = town.events
    assert (began.devices, began.site_id, began.area) == (40, "s-1", "34010200100101")
    assert began.key.partition(":")[2] == over.key.partition(":")[2]
    assert dark == ({Presence.OFFLINE}, [Cause.SILENT, Cause.PART_OF_OUTAGE])
    assert town.causes(ONE[0]) == []


def test_gateway_explains_the_loss_of_its_children() -> None:
    """The site has others that speak; the gateway itself is part of it."""
    behind = [
        msgspec.structs.replace(
            camera, profile=msgspec.structs.replace(camera.profile, gateway="gw-000200")
        )
        for camera in ONE[:8]
    ]
    gateway = a_device(
        200, id="gw-000200", cls=DeviceClass.GATEWAY, vehicle_id=None, site_id="s-1", interval_s=30
    )
    town = HealthTown([*behind, *ONE[8:20], gateway, *FAR])
    town.run(300)
    town.run(900, silent=[*behind, gateway])

    assert town.told() == [("outage", "gateway:gw-000200")]
    assert town.events[0].devices == 9


def test_district_explains_its_sites_and_the_rest_of_the_city_is_well() -> None:
    """Two sites at once are one outage of what they have in common."""
    town = HealthTown([*ONE, *TWO, *FAR])
    town.run(300)
    town.run(900, silent=[*ONE, *TWO])

    assert town.told() == [("outage", "district:340102")]
    assert (town.events[0].devices, town.events[0].site_id) == (60, "")
    assert town.events[0].area == "34010200100"


def test_carrier_explains_trackers_of_all_districts() -> None:
    """Half of the trackers everywhere, all of them with one operator."""
    trackers = [
        a_device(k, area="34010200100101" if k % 3 else "34011100100101", interval_s=60)
        for k in range(1, 61)
    ]
    town = HealthTown(trackers)
    for tracker in trackers:
        fix = a_fix(0, next_s=60.0)
        cell = {"mcc": 460, "mnc": tracker.slot % 2}
        net = msgspec.convert({"cell": cell}, type(fix.net))
        fix = msgspec.structs.replace(fix, net=net)
        town.health.records([a_record(fix, device=tracker)])
    town.run(300)
    town.run(900, silent=[tracker for tracker in trackers if tracker.slot % 2])

    assert town.told() == [("outage", "carrier:460-01")]


def test_few_of_a_site_are_told_one_by_one() -> None:
    """Four are no outage; each is told 5 min after it went offline, and when it is back."""
    town = HealthTown([*ONE[:10], *FAR])
    town.run(300)
    town.run(480, silent=ONE[:4])
    early = town.told()
    town.run(120, silent=ONE[:4])
    town.run(300)

    names = [camera.id for camera in ONE[:4]]
    assert early == []
    assert sorted(town.told()) == [*(("back", n) for n in names), *(("silent", n) for n in names)]
    assert len({event.key for event in town.events}) == 8


def test_sleeper_that_is_not_due_is_neither_gone_nor_there() -> None:
    """20 trackers sleep for an hour at a site where 5 cameras are lost: all that could speak."""
    sleepers = [a_device(k, site_id="s-1", interval_s=3_600) for k in range(300, 320)]
    town = HealthTown([*ONE[:5], *sleepers, *FAR])
    town.run(300)
    for sleeper in sleepers:
        town.say(sleeper, DeviceState.SLEEPING, 3_600.0)
    town.run(900, silent=[*ONE[:5], *sleepers])

    assert town.told() == [("outage", "site:s-1")]
    assert town.events[0].devices == 5
    assert {town.presence(sleeper) for sleeper in sleepers} == {Presence.SLEEPING}


def test_slow_reporters_join_an_outage_and_later_deaths_do_not() -> None:
    """Ten that report every 3 min are offline when it was told; one spoke on and dies alone."""
    slow = [msgspec.structs.replace(one, interval_s=180) for one in ONE[10:20]]
    late = ONE[20]
    town = HealthTown([*ONE[:10], *slow, late, *FAR])
    town.run(400)
    town.run(400, silent=[*ONE[:10], *slow])
    town.run(800, silent=[*ONE[:10], *slow, late])

    assert town.told() == [("outage", "site:s-1"), ("silent", late.id)]
    assert town.events[0].devices == 10
    assert {Cause.PART_OF_OUTAGE in town.causes(one) for one in slow} == {True}
    assert Cause.PART_OF_OUTAGE not in town.causes(late)


def test_who_stays_away_after_an_outage_is_told_alone() -> None:
    """Most are back: the others are their own trouble, after one more report's time."""
    town = HealthTown([*ONE[:10], *FAR])
    town.run(300)
    town.run(900, silent=ONE[:10])
    town.run(600, silent=ONE[:2])

    names = [camera.id for camera in ONE[:2]]
    assert town.told() == [
        ("outage", "site:s-1"),
        ("outage_over", "site:s-1"),
        *(("silent", name) for name in names),
    ]
    assert town.events[1].devices < 5
    assert town.causes(ONE[0]) == [Cause.SILENT]


def test_flapping_is_told_once_and_hides_coming_and_going() -> None:
    """Lost and back every two minutes for half an hour; over after ten quiet minutes."""
    town = HealthTown([*ONE[:10], *FAR])
    town.run(300)
    for _ in range(15):
        town.say(ONE[0], DeviceState.LOST)
        town.run(60, silent=ONE[:1])
        town.say(ONE[0], DeviceState.ONLINE)
        town.run(60)
    flaps = town.causes(ONE[0])
    town.run(660)

    assert flaps == [Cause.FLAPPING]
    assert town.told() == [("flapping", ONE[0].id), ("flapping_over", ONE[0].id)]
    assert town.causes(ONE[0]) == []


def test_who_flaps_and_stays_away_is_told_when_the_flapping_is_over() -> None:
    """Not before: ten quiet minutes, then the five of every silence."""
    town = HealthTown([*ONE[:10], *FAR])
    town.run(300)
    for _ in range(2):
        town.say(ONE[0], DeviceState.LOST)
        town.run(60, silent=ONE[:1])
        town.say(ONE[0], DeviceState.ONLINE)
        town.run(4)
    town.run(700, silent=ONE[:1])
    flapping = town.told()
    town.run(600, silent=ONE[:1])

    name = ONE[0].id
    assert flapping == [("flapping", name)]
    assert town.told() == [("flapping", name), ("flapping_over", name), ("silent", name)]


def test_three_changes_are_no_flapping() -> None:
    """One silence that everybody has: late, offline, back."""
    town = HealthTown([*ONE[:10], *FAR])
    town.run(300)
    town.run(270, silent=ONE[:1])
    town.run(660)

    assert town.told() == []


def test_changes_that_are_far_apart_are_no_flapping() -> None:
    """Two in one minute, and two more eleven minutes later."""
    town = HealthTown([*ONE[:10], *FAR])
    town.run(300)
    for _ in range(2):
        town.say(ONE[0], DeviceState.LOST)
        town.run(20, silent=ONE[:1])
        town.say(ONE[0], DeviceState.ONLINE)
        town.run(660)

    assert town.told() == []


def test_return_is_told_after_a_restart_too() -> None:
    """With the name of its silence, which is not told again."""
    town = HealthTown([*ONE[:10], *FAR])
    town.run(300)
    town.run(600, silent=ONE[:1])
    town.restart()
    town.run(60, silent=ONE[:1])
    town.run(120)

    assert town.told() == [("silent", ONE[0].id), ("back", ONE[0].id)]
    assert len({event.key.partition(":")[2] for event in town.events}) == 1


def test_silence_that_our_outage_may_explain_is_not_told() -> None:
    """Its time is up just after the broker came back; a little later it speaks."""
    town = HealthTown([*ONE[:10], *FAR])
    town.run(300)
    town.run(420, silent=ONE[:1])
    town.run(600, connected=False)
    town.run(200, silent=ONE[:1])
    town.run(300)

    assert town.told() == []


def test_device_in_maintenance_is_no_news() -> None:
    """Neither alone nor in an outage; when it is in service again and away, it is told in time."""
    served = [msgspec.structs.replace(one, admin=AdminState.MAINTENANCE) for one in ONE[:8]]
    town = HealthTown([*served, *FAR])
    town.run(300)
    town.run(1_200, silent=served)
    quiet, offline = town.told(), town.presence(served[0])
    town.health.register(ONE[0])
    town.run(400, silent=served)

    assert (quiet, offline) == ([], Presence.OFFLINE)
    assert town.told() == [("silent", ONE[0].id)]
    assert [change.admin for change in town.changes if change.slot == 1][-1] == "active"


def test_device_that_was_never_heard_is_told_after_a_day() -> None:
    """Once; its cause stands from the beginning, since it was registered."""
    town = HealthTown([*ONE[:2], *FAR], PresencePolicy(never_heard_s=600.0))
    town.run(598, silent=ONE[:1])
    early = town.told()
    town.run(1_200, silent=ONE[:1])

    assert early == []
    assert town.told() == [("never_heard", ONE[0].id)]
    assert town.causes(ONE[0]) == [Cause.NEVER_HEARD]
    assert town.columns.rows["since_ms"][1] == town.changes[0].at_ms


@pytest.mark.promise(19)
@pytest.mark.parametrize("who", ["broker", "we", "restart", "clock forwards", "clock backwards"])
def test_no_storm_of_our_own_making(who: str) -> None:
    """Ten minutes without a broker, or without us, a restart, a leaping clock: no news."""
    town = HealthTown([*ONE, *TWO, *FAR])
    town.run(300)
    told = len(town.changes)
    match who:
        case "broker":
            town.run(600, connected=False)
        case "we":
            town.now_s += 600
        case "restart":
            town.restart()
        case _:
            town.step_ms = 7_200_000 if who == "clock forwards" else -7_200_000
    town.run(1_200)

    assert town.told() == []
    assert town.changes[told:] == []

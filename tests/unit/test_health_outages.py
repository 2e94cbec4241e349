"""Our own silence and the broker's is nobody's: grace, wills, leaps."""

import pytest

from devices.causes import Cause
from devices.presence import Presence
from devices.readings import (
    DeviceState,
    StateReport,
)
from support.factories import a_fix, at_ms
from support.ward import CAMERA, Ward, a_fleet, a_heartbeat

pytestmark = pytest.mark.promise(19)


@pytest.mark.parametrize("before_s", [0, 1, 4])
def test_wills_of_a_stopping_broker_are_nobodys(before_s: int) -> None:
    """It says farewell for everybody, then it is gone: 35 trackers, none of them late."""
    ward, devices = a_fleet(35)
    for device in devices:
        ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1), device)

    ward.tick(before_s)
    ward.tick(20, connected=False)
    ward.tick(29)

    assert {ward.presence(device.slot) for device in devices} == {Presence.ONLINE}


@pytest.mark.parametrize("back_s", [0, 1, 4])
def test_wills_that_a_starting_broker_hands_over_are_nobodys(back_s: int) -> None:
    """They were queued for us while it stopped; or come before we know that it is back."""
    ward, devices = a_fleet(35)

    ward.tick(20, connected=False)
    ward.tick(back_s)
    for device in devices:
        ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1), device)
    ward.tick(33)

    assert {ward.presence(device.slot) for device in devices} == {Presence.ONLINE}


def test_wills_that_come_first_after_our_own_outage_are_nobodys() -> None:
    """The journal stood still for a minute; they stand before its first tick."""
    ward, devices = a_fleet(35)

    ward.now_s += 60
    for device in devices:
        ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1), device)
    ward.tick(33)

    assert {ward.presence(device.slot) for device in devices} == {Presence.ONLINE}


def test_will_long_before_or_after_an_outage_counts() -> None:
    """A device that died by itself is late, whatever the broker does later."""
    ward, (early, late) = a_fleet(2)
    ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1), early)
    ward.tick(9)
    ward.tick(20, connected=False)
    ward.tick(31)
    ward.hear(a_fix(ward.now_s), late)
    ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=2), late)
    ward.tick(1)

    assert ward.causes(early.slot) == [Cause.CONNECTION_LOST]
    assert ward.presence(late.slot) is Presence.LATE


@pytest.mark.parametrize("outage", ["broker", "ours"])
def test_nobody_gets_worse_before_he_could_connect_again(outage: str) -> None:
    """For three intervals after an outage; who then stays silent is offline."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))
    ward.tick(44)
    if outage == "broker":
        ward.tick(30, connected=False)
        ward.tick(1)
    else:
        ward.now_s += 30
        ward.tick(1)

    seen = []
    for _ in range(2):
        ward.tick(28)
        seen.append(ward.presence())

    assert seen == [Presence.ONLINE, Presence.OFFLINE]


def test_busy_machine_is_no_outage() -> None:
    """Ticks every 3 s, again and again, put off no judgement."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    for _ in range(40):
        ward.now_s += 2
        ward.tick(1)

    assert ward.presence() is Presence.OFFLINE


def test_leap_of_a_replay_gives_no_grace() -> None:
    """When everybody is offline, more silence is no outage: who dies after it dies in time."""
    ward = Ward()
    ward.hear(a_heartbeat(ward.now_s), CAMERA)
    ward.tick(211)
    ward.now_s += 7_200
    ward.tick(1)

    ward.hear(a_heartbeat(ward.now_s, frames=200), CAMERA)
    ward.tick(121)

    assert ward.presence(3) is Presence.LATE

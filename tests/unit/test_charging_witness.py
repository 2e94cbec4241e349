"""The charger is a witness: unplugged in a session, or a site without mains; cameras are named."""

import msgspec
import pytest

from alerts.detection.signs import Sign
from alerts.model import Level
from devices.model import Device, DeviceClass
from devices.payloads import Port
from devices.readings import (
    ChargerSession,
    ChargerStatus,
    EventType,
    PortState,
    SessionKind,
    StopReason,
)
from devices.words import Flag
from support.crowd import Crowd, a_site
from support.ears import Ears
from support.factories import a_fix, at_ms

CHARGER = Device(id="chg-1", slot=50, cls=DeviceClass.CHARGER, site_id="site-1")
CAMERAS = [
    Device(id=f"cam-{k}", slot=60 + k, cls=DeviceClass.CAMERA, site_id="site-1") for k in range(5)
]


def at_the_chargers(count: int = 3) -> Crowd:
    """Vehicles parked at a charging site; ``v-1`` charges on port 1."""
    crowd = Crowd([(5.0 * k, 0.0) for k in range(count)], sites=(a_site(),))
    crowd.registry.devices |= {device.id: device for device in [CHARGER, *CAMERAS]}
    crowd.engine.follow(crowd.registry)
    crowd.stay(120)
    crowd.hear(a_fix(crowd.now_s, charging=True), number=1)
    status(crowd, PortState.CHARGING)
    return crowd


def status(crowd: Crowd, state: PortState, *, mains_v: float = 229.0) -> None:
    """The station says how its port is."""
    ports = (Port(n=1, state=state, session="S-1", w=140.0),)
    crowd.hear(ChargerStatus(t_ms=at_ms(crowd.now_s), ports=ports, mains_v=mains_v), device=CHARGER)


def stop(crowd: Crowd, reason: StopReason) -> None:
    """The station says why the session ended."""
    said = ChargerSession(
        t_ms=at_ms(crowd.now_s), kind=SessionKind.STOP, session="S-1", port=1, stop=reason
    )
    crowd.hear(said, device=CHARGER)


def charge_lost(crowd: Crowd, number: int = 1) -> None:
    """Its own tracker says that it charges no more."""
    fix = a_fix(crowd.now_s, 5.0 * (number - 1), charging=False)
    crowd.hear(fix, number=number)


def nats(crowd: Crowd, number: int = 1) -> float:
    """What the charger's word counts for a vehicle."""
    now_ms = 5_000_000 + round(crowd.now_s * 1000)
    return crowd.engine._watch.evidence.counted(number, now_ms).get(Sign.UNPLUGGED, 0.0)


def test_unplugged_in_an_open_session_is_a_witness() -> None:
    """The station's word and the vehicle's own, within two minutes: +3 for that one."""
    crowd = at_the_chargers()

    stop(crowd, StopReason.UNPLUGGED)
    crowd.wait(20)
    charge_lost(crowd)
    crowd.wait(2)

    assert [nats(crowd, k) for k in (1, 2, 3)] == [3, 0, 0]


def test_unplugged_and_shaken_tells_the_owner() -> None:
    """Another pair of witnesses: 3 + 2 nats."""
    crowd = at_the_chargers()
    crowd.say(EventType.VIBRATION, 1)
    charge_lost(crowd)
    stop(crowd, StopReason.UNPLUGGED)

    crowd.wait(2)

    assert crowd.alert.level is Level.SUSPECTED
    assert "unplugged" in {reason.code for reason in crowd.alert.reasons}


@pytest.mark.parametrize(
    "reason", [StopReason.USER, StopReason.FULL, StopReason.MONEY_UP, StopReason.REMOTE]
)
def test_session_that_its_owner_ended_counts_nothing(reason: StopReason) -> None:
    """Paid, full, ended at the station or by phone; the plug is pulled then by right."""
    crowd = at_the_chargers()

    status(crowd, PortState.AVAILABLE)
    stop(crowd, reason)
    charge_lost(crowd)
    crowd.wait(30)

    assert nats(crowd) == 0


def test_port_that_became_free_without_a_word_counts_after_a_grace() -> None:
    """The stop was lost: ten seconds later the free port is believed."""
    crowd = at_the_chargers()
    status(crowd, PortState.AVAILABLE)
    charge_lost(crowd)
    crowd.wait(5)
    before = nats(crowd)

    crowd.wait(8)

    assert (before, nats(crowd)) == (0, 3)


def test_two_that_fit_are_both_left_alone() -> None:
    """Nobody knows whose plug it was."""
    crowd = at_the_chargers()
    crowd.hear(a_fix(crowd.now_s, 5.0, charging=True), number=2)
    stop(crowd, StopReason.UNPLUGGED)
    charge_lost(crowd, 1)
    charge_lost(crowd, 2)

    crowd.wait(30)

    assert (nats(crowd, 1), nats(crowd, 2)) == (0, 0)


def test_vehicle_elsewhere_is_not_tied() -> None:
    """It loses its charge at home, while a plug is pulled in town."""
    crowd = Crowd([(0.0, 0.0), (900.0, 0.0)], sites=(a_site(),))
    crowd.registry.devices |= {CHARGER.id: CHARGER}
    crowd.engine.follow(crowd.registry)
    crowd.stay(120)
    crowd.hear(a_fix(crowd.now_s, 900.0, charging=True), number=2)

    stop(crowd, StopReason.UNPLUGGED)
    crowd.hear(a_fix(crowd.now_s + 1, 900.0, charging=False), number=2)
    crowd.wait(5)

    assert nats(crowd, 2) == 0


@pytest.mark.parametrize("said", ["status", "session"])
def test_power_cut_at_a_site_without_mains_counts_nothing(said: str) -> None:
    """One vehicle, but its charger says that the mains are gone."""
    crowd = at_the_chargers(1)
    crowd.say(EventType.POWER_CUT, 1)
    if said == "status":
        status(crowd, PortState.UNAVAILABLE, mains_v=0.0)
    else:
        stop(crowd, StopReason.MAINS_LOST)
    crowd.wait(2)

    crowd.say(EventType.TILT, 1)
    crowd.wait(2)

    assert [change.reasons[0].code for change in crowd.areas] == ["site_power_loss"]
    assert crowd.of_vehicles(1) == []


@pytest.mark.parametrize("flag", [Flag.LATE, Flag.FUTURE, Flag.RETAINED, Flag.REQUEUED])
def test_a_word_of_before_says_nothing_of_now(flag: Flag) -> None:
    """Back-filled, retained or run again: neither a dark site nor a pulled plug of now."""
    crowd = at_the_chargers(1)
    stopped = ChargerSession(
        t_ms=at_ms(crowd.now_s),
        kind=SessionKind.STOP,
        session="S-1",
        port=1,
        stop=StopReason.MAINS_LOST,
        flags=flag,
    )
    crowd.hear(stopped, device=CHARGER)
    crowd.say(EventType.POWER_CUT, 1)
    crowd.wait(2)

    assert crowd.areas == []


def test_charging_survives_a_restart() -> None:
    """Open ports and pending plugs stand in the checkpoint."""
    crowd = at_the_chargers()
    stop(crowd, StopReason.UNPLUGGED)
    crowd.restart()

    charge_lost(crowd)
    crowd.wait(2)

    assert nats(crowd) == 3


def test_nearest_working_cameras_are_named() -> None:
    """Three at most, a broken one is passed over; a pointer for people, no weight."""
    crowd = at_the_chargers()
    ears = Ears()
    ears.broken = {60}
    crowd.engine.around.hearing = ears
    crowd.say(EventType.VIBRATION, 1)
    crowd.move(60, lambda k, s: (5.0 * s, 0.0) if k == 1 else (0.0, 0.0))

    reason = next(reason for reason in crowd.alert.reasons if reason.code == "cameras")

    assert reason.nats == 0
    assert [
        name for name in ("cam-0", "cam-1", "cam-2", "cam-3", "cam-4") if name in reason.text_en
    ] == [
        "cam-1",
        "cam-2",
        "cam-3",
    ]


def test_camera_that_was_retired_is_not_named() -> None:
    """It saw nothing."""
    crowd = at_the_chargers()
    crowd.engine.around.hearing = Ears()
    retired = [msgspec.structs.replace(camera, site_id=None) for camera in CAMERAS]
    crowd.engine.around.devices(retired)
    crowd.say(EventType.VIBRATION, 1)

    crowd.move(60, lambda k, s: (5.0 * s, 0.0) if k == 1 else (0.0, 0.0))

    assert "cameras" not in {reason.code for reason in crowd.alert.reasons}

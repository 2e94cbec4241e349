"""What adds nothing becomes no row: a parked vehicle's fixes, a status said again."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.admitted import Record
from devices.model import DeviceClass
from devices.readings import (
    AnyReading,
    CameraChannel,
    CameraHeartbeat,
    ChargerSession,
    ChargerStatus,
    CoinKind,
    CoinReport,
    CommandAck,
    DeviceInfo,
    DeviceState,
    EventType,
    Fix,
    Port,
    PortState,
    SessionKind,
    StateReport,
)
from devices.thinning import Thinned, Thinner, ThinningPolicy
from support.factories import a_device, a_fix, a_record, an_event, at_ms
from support.parking import Noise

DAY_S = 86_400


def kept(*readings: AnyReading, policy: ThinningPolicy | None = None) -> list[AnyReading]:
    """Readings of one device that become rows."""
    thinner = Thinner(policy or ThinningPolicy())
    return [reading for reading in readings if thinner.keeps(a_record(reading))]


def again(reading: AnyReading, at_s: float, **changes: object) -> AnyReading:
    """The same, said later."""
    return msgspec.structs.replace(reading, t_ms=at_ms(at_s), **changes)


# -- fixes ----------------------------------------------------------------------------------


def test_parked_vehicle_is_one_row_in_five_minutes() -> None:
    """A day of parked noise at 10 s: about 288 of 8,640 rows."""
    noise = Noise(1, seed=1, sd_m=(3, 3))
    errors = [np.concatenate(noise.after(10)) for _ in range(8_640)]

    rows = kept(*(a_fix(10 * k, *map(float, error)) for k, error in enumerate(errors)))

    assert 288 <= len(rows) <= 400


@pytest.mark.parametrize("every_s", [10, 60, 180, 299])
def test_vehicle_that_stands_quite_still_is_never_more(every_s: int) -> None:
    """However often it reports, 288 rows a day at most."""
    rows = kept(*(a_fix(at_s) for at_s in range(0, DAY_S, every_s)))

    assert len(rows) <= DAY_S / 300


def test_vehicle_without_a_position_is_one_row_in_five_minutes() -> None:
    """In a cellar, with the last place before it and another one after it."""
    cellar = [a_fix(at_s, lat_deg=None, lon_deg=None) for at_s in range(10, 900, 10)]

    rows = kept(a_fix(0), *cellar, a_fix(900, 5), a_fix(910, 5))

    assert [row.t_ms for row in rows] == [at_ms(at_s) for at_s in (0, 300, 600, 900)]
    assert kept(*cellar[:3], a_fix(50)) == [cellar[0], a_fix(50)]


def test_ride_keeps_every_fix() -> None:
    """A track is not thinned."""
    ride = [a_fix(10 * k, 50 * k, speed_mps=5.0, ignition=True) for k in range(100)]

    assert kept(*ride) == ride


@pytest.mark.parametrize(
    "changed",
    [
        a_fix(20, ignition=True),
        a_fix(20, ext_power=False),
        a_fix(20, motion=True),
        a_fix(20, speed_mps=1.5),
        a_fix(20, 26),
        a_fix(20, 0, -26),
        a_fix(300),
        a_fix(-10),
    ],
)
def test_what_adds_something_is_kept(changed: Fix) -> None:
    """A state that changed, motion, another place, five minutes, or an older moment."""
    assert kept(a_fix(0), a_fix(10), changed) == [a_fix(0), changed]


@pytest.mark.parametrize("order", [1, -1])
def test_buffered_upload_of_a_parked_night_is_thinned(order: int) -> None:
    """Oldest or newest first, while newer fixes come in between; a move in it is kept."""
    night = [a_fix(at_s) for at_s in range(-3_600, 0, 10)][::order]
    moved = a_fix(-1_795, 80)
    readings = [a_fix(0), *night[:180], a_fix(10), moved, *night[180:], a_fix(20)]

    rows = kept(*readings)

    assert moved in rows
    assert len(rows) <= 12 + 3
    assert rows[0] == a_fix(0)


# -- what is said again ---------------------------------------------------------------------

FREE = Port(n=2, state=PortState.AVAILABLE)
STATION = ChargerStatus(
    t_ms=at_ms(0),
    boot="b1",
    ports=(Port(n=1, state=PortState.CHARGING, w=142.0, session="S-1"), FREE),
    temp_c=34.0,
    mains_v=229.6,
    coins_total=7,
    door_open=False,
    energy_total_wh=9_120,
)
CAMERA = CameraHeartbeat(
    t_ms=at_ms(0),
    channels=(CameraChannel(n=1, online=True, fps=24.6, frames=100, recording=True),),
    clock_off_ms=120.0,
    temp_c=48.0,
    up_s=1_000.0,
    fw="5.7.3",
)
STATE = StateReport(t_ms=at_ms(0), state=DeviceState.ONLINE, reason="power_on")
INFO = DeviceInfo(t_ms=at_ms(0), model="GT06N", fw="1", caps=("a",))
SAID: dict[str, AnyReading] = {"charger": STATION, "camera": CAMERA, "state": STATE, "info": INFO}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_again_is_one_row_in_five_minutes(name: str) -> None:
    """A station, a camera, a state, a description."""
    said = SAID[name]
    hour = [
        again(said, at_s, **({"up_s": 1_000.0 + at_s} if name == "camera" else {}))
        for at_s in range(0, 3_600, 60)
    ]

    assert len(kept(*hour)) == 12


def test_measures_inside_their_noise_are_as_before() -> None:
    """What only a counter, a fluctuation or five watts tell can wait."""
    ports = (Port(n=1, state=PortState.CHARGING, w=147.0, session="S-1"), FREE)
    channels = (CameraChannel(n=1, online=True, fps=23.9, frames=1_600, recording=True),)
    station = again(
        STATION, 60, ports=ports, temp_c=36.0, mains_v=228.0, rssi_dbm=-70.0, energy_total_wh=9_122
    )
    camera = again(CAMERA, 60, channels=channels, temp_c=50.0, up_s=1_060.0, clock_off_ms=400.0)

    assert kept(STATION, station) == [STATION]
    assert kept(CAMERA, camera) == [CAMERA]


CHANGED = [
    (STATION, {"ports": (Port(n=1, state=PortState.FINISHING, w=142.0, session="S-1"), FREE)}),
    (STATION, {"ports": (Port(n=1, state=PortState.CHARGING, w=142.0, session="S-2"), FREE)}),
    (STATION, {"ports": (Port(n=1, state=PortState.CHARGING, w=91.0, session="S-1"), FREE)}),
    (STATION, {"coins_total": 8}),
    (STATION, {"door_open": True}),
    (STATION, {"smoke": True}),
    (STATION, {"mains_v": 197.0}),
    (STATION, {"temp_c": None}),
    (STATION, {"boot": "b2"}),
    (CAMERA, {"channels": ()}),
    (CAMERA, {"channels": (CameraChannel(n=1, online=False, fps=24.6, recording=True),)}),
    (CAMERA, {"channels": (CameraChannel(n=1, online=True, fps=12.0, recording=True),)}),
    (CAMERA, {"disk_ok": False}),
    (CAMERA, {"clock_off_ms": 5_120.0}),
    (CAMERA, {"up_s": 10.0}),
    (STATE, {"state": DeviceState.SLEEPING}),
    (STATE, {"reason": "low"}),
    (INFO, {"fw": "2"}),
]


@pytest.mark.parametrize(("said", "changes"), CHANGED)
def test_status_that_says_something_new_is_kept(
    said: AnyReading, changes: dict[str, object]
) -> None:
    """A word, a measure beyond its noise, one that is unknown now, a power-on."""
    later = {"up_s": 1_060.0} if said is CAMERA else {}
    changed = again(said, 60, **(later | changes))

    assert kept(said, changed) == [said, changed]


def test_states_of_two_devices_are_their_own() -> None:
    """What one said, the other one has not."""
    thinner = Thinner(ThinningPolicy())
    cameras = [a_device(k, cls=DeviceClass.CAMERA, id=f"cam-{k}") for k in (1, 2)]

    assert [thinner.keeps(a_record(CAMERA, device=camera)) for camera in cameras] == [True, True]


@pytest.mark.parametrize(
    "reading",
    [
        an_event(EventType.TILT, 1),
        ChargerSession(t_ms=at_ms(1), kind=SessionKind.UPDATE, session="S-1"),
        CoinReport(t_ms=at_ms(1), kind=CoinKind.INSERT, n=1),
        CommandAck(t_ms=at_ms(1), cmd_id="c-1"),
    ],
)
def test_events_money_and_answers_are_never_thinned(reading: AnyReading) -> None:
    """However often they come."""
    assert kept(*[reading] * 3) == [reading] * 3


def test_nothing_is_thinned_when_the_policy_says_so() -> None:
    """Not even two reports of one millisecond, as a device makes them that catches up."""
    policy = ThinningPolicy(row_s=0.0, status_row_s=0.0)
    readings: list[AnyReading] = [a_fix(0, seq=1), a_fix(0, seq=2)]
    readings += [said for said in SAID.values() for _ in "ab"]

    assert kept(*readings, policy=policy) == readings


def test_what_was_said_long_ago_is_forgotten() -> None:
    """A million devices that said one word take no memory for ever."""
    thinner = Thinner(ThinningPolicy())
    for slot in range(1, 101):
        device = a_device(slot, id=f"trk-{slot}")
        for reading in (STATE, a_fix(0), a_fix(-900)):
            thinner.keeps(a_record(reading, device=device, at_s=0))
    for at_s in (700, 1_400):
        thinner.keeps(a_record(again(STATE, at_s), at_s=at_s))

    left = thinner.dump()

    assert [len(turn) for turn in left.said] == [1, 1]
    assert [len(turn) for turn in left.late] == [0, 0]
    assert len(left.live) == 100


# -- restarts -------------------------------------------------------------------------------


def _readings(at_s: int, east_m: float) -> AnyReading:
    """Fixes, some of them without a place, and statuses."""
    if at_s % 7 == 0:
        return again(STATION, at_s, coins_total=at_s // 1_000)
    if at_s % 5 == 0:
        return a_fix(at_s, lat_deg=None, lon_deg=None)
    return a_fix(at_s, east_m)


@given(
    track=st.lists(st.tuples(st.integers(-100, 4_000), st.floats(-60, 60)), max_size=50),
    cut=st.integers(0, 50),
)
def test_thinning_goes_on_after_a_restart(track: list[tuple[int, float]], cut: int) -> None:
    """The same rows with a checkpoint in the middle."""
    records: list[Record] = [a_record(_readings(at_s, east_m)) for at_s, east_m in track]
    whole, thinner = Thinner(ThinningPolicy()), Thinner(ThinningPolicy())
    decisions = []
    for k, record in enumerate(records):
        if k == cut:
            blob = msgspec.msgpack.encode(thinner.dump())
            thinner = Thinner(ThinningPolicy())
            thinner.load(msgspec.msgpack.decode(blob, type=Thinned))
        decisions.append(thinner.keeps(record))

    assert decisions == [whole.keeps(record) for record in records]

"""Presence, condition and last believed state from accepted records."""

from collections.abc import Iterable

import msgspec
import pytest

from devices.admitted import Record
from devices.entry import RETAIN
from devices.health import Health, HealthState
from devices.model import AdminState, Device, DeviceClass
from devices.presence import Cause, Presence, PresencePolicy, causes_of
from devices.readings import (
    SOURCE_CODE,
    AnyReading,
    CameraChannel,
    CameraHeartbeat,
    ChargerStatus,
    DeviceInfo,
    DeviceState,
    Fix,
    FixSource,
    Flag,
    Port,
    PortState,
    StateReport,
)
from support.factories import a_device, a_fix, a_record, a_tick, at_ms, place
from support.fakes import LatestColumns

CHARGER = a_device(2, id="chg-000002", cls=DeviceClass.CHARGER, vehicle_id=None)
CAMERA = a_device(3, id="cam-000003", cls=DeviceClass.CAMERA, vehicle_id=None)


class Ward:
    """A tracker, a charger and a camera, and a clock that ticks every second."""

    def __init__(self) -> None:
        self.columns = LatestColumns()
        self.health = Health(self.columns, PresencePolicy())
        self.now_s = 0.0
        for device in (a_device(), CHARGER, CAMERA):
            self.health.register(device)
        self.tick(1)

    def tick(self, seconds: int, *, connected: bool = True) -> None:
        """Let so many ticks pass."""
        for _ in range(seconds):
            self.now_s += 1
            self.health.tick(a_tick(self.now_s), connected=connected)

    def hear(self, reading: AnyReading, device: Device | None = None, *, flags: int = 0) -> None:
        """One accepted record, received now."""
        self.health.records([a_record(reading, device=device, at_s=self.now_s, flags=flags)])

    def presence(self, slot: int = 1) -> Presence:
        """As the API sees it."""
        return Presence(int(self.columns.rows["presence"][slot]))

    def causes(self, slot: int = 1) -> list[Cause]:
        """As the API sees them."""
        return causes_of(int(self.columns.rows["causes"][slot]))


def test_device_goes_late_offline_and_comes_back() -> None:
    """By its promise of 10 s; one message heals it."""
    ward = Ward()

    seen = [ward.presence()]
    for silence in (0, 45, 16):
        if silence == 0:
            ward.hear(a_fix(ward.now_s))
        ward.tick(max(silence, 1))
        seen.append(ward.presence())
    ward.hear(a_fix(ward.now_s))
    ward.tick(1)
    seen.append(ward.presence())

    assert seen == [
        Presence.UNKNOWN,
        Presence.ONLINE,
        Presence.LATE,
        Presence.OFFLINE,
        Presence.ONLINE,
    ]
    assert ward.causes() == []


def test_our_own_outage_is_nobodys_silence() -> None:
    """Ten minutes without a broker, then ten minutes without us: nobody is late."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    ward.tick(600, connected=False)
    ward.now_s += 600
    ward.tick(2)

    assert ward.presence() is Presence.ONLINE


def test_dead_device_goes_offline_after_our_outage() -> None:
    """Time counts again as soon as we listen (A-22)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    ward.tick(600, connected=False)
    ward.tick(62)

    assert ward.presence() is Presence.OFFLINE


@pytest.mark.parametrize("step_s", [7_200, -7_200])
def test_stepped_wall_clock_makes_no_outage(step_s: int) -> None:
    """Age is counted on the steady clock (A-22)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    for k in range(1, 5):
        tick = a_tick(ward.now_s + k)
        ward.health.tick(tick._replace(recv_ms=tick.recv_ms + step_s * 1000), connected=True)

    assert ward.presence() is Presence.ONLINE


@pytest.mark.parametrize("clock_off_s", [-1_020, 720])
def test_clock_of_the_device_decides_no_presence(clock_off_s: float) -> None:
    """17 min behind or 12 min ahead: online while it speaks, offline in time (A-18)."""
    ward = Ward()

    ward.hear(a_fix(ward.now_s + clock_off_s, flags=Flag.FUTURE if clock_off_s > 0 else 0))
    ward.tick(1)
    heard = ward.presence()
    ward.tick(62)

    assert (heard, ward.presence()) == (Presence.ONLINE, Presence.OFFLINE)


def test_will_makes_late_and_newer_life_wins() -> None:
    """Lost at once, offline after 30 s (3 E), online with the next message (A-17)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))
    will = StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1)

    ward.hear(will)
    ward.tick(1)
    lost = ward.presence(), ward.causes()
    ward.tick(30)
    gone = ward.presence()
    ward.hear(a_fix(ward.now_s))
    ward.tick(1)

    assert lost == (Presence.LATE, [Cause.CONNECTION_LOST])
    assert gone is Presence.OFFLINE
    assert ward.presence() is Presence.ONLINE


def test_retained_will_does_not_beat_live_messages() -> None:
    """A word of unknown age proves nothing (A-17)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    ward.hear(StateReport(t_ms=at_ms(0), state=DeviceState.LOST, key=1), flags=RETAIN)
    ward.tick(1)

    assert (ward.presence(), ward.causes()) == (Presence.ONLINE, [])


def test_retained_status_is_no_life() -> None:
    """The broker gives the last status of a dead charger to every new subscriber."""
    ward = Ward()
    status = ChargerStatus(t_ms=at_ms(-86_400), boot="a", seq=1, smoke=True)

    ward.hear(status, CHARGER, flags=RETAIN)
    ward.tick(1)

    assert ward.presence(2) is Presence.UNKNOWN
    assert Cause.SMOKE in ward.causes(2)
    assert ward.columns.rows["recv_ms"][2] == 0


def test_sleeper_keeps_its_promise() -> None:
    """Sleeping for an hour is not silence."""
    ward = Ward()
    ward.hear(
        StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.SLEEPING, next_s=3_600.0, key=1)
    )

    ward.tick(900)

    assert ward.presence() is Presence.SLEEPING


def test_retired_device_is_forgotten() -> None:
    """It neither alarms nor counts."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))
    ward.health.register(a_device(1, admin=AdminState.RETIRED))

    ward.tick(1)

    assert ward.presence() is Presence.UNKNOWN
    assert ward.causes() == []
    assert ward.health.counts()["unknown"] == 2


def test_latest_position_is_the_newest_by_fix_time() -> None:
    """An older fix that comes later does not move the vehicle back (A-06)."""
    ward = Ward()
    ward.now_s = 100

    ward.health.records(
        [
            a_record(a_fix(at_s, east_m, speed_mps=3.0, course_deg=90.0), at_s=100)
            for at_s, east_m in [(90, 900), (70, 700), (80, 800)]
        ]
    )
    ward.hear(a_fix(60, 600))

    row = ward.columns.rows[1]
    assert (row["fix_t_ms"], row["lat_deg"], row["lon_deg"]) == (at_ms(90), *place(900))
    assert (row["speed_mps"], row["course_deg"]) == (3, 90)
    assert row["source"] == SOURCE_CODE[FixSource.GNSS]


@pytest.mark.parametrize(
    "unplaced",
    [
        a_fix(50, lat_deg=None, lon_deg=None, flags=Flag.NULL_ISLAND),
        a_fix(10**6, 5_000, flags=Flag.FUTURE),
    ],
)
def test_position_stays_when_a_message_has_none_to_believe(unplaced: Fix) -> None:
    """0/0 and a clock in the future move nothing; the message is still life (A-01, A-04)."""
    ward = Ward()
    ward.now_s = 40
    ward.hear(a_fix(40, 7))
    ward.now_s = 50

    ward.hear(unplaced)
    later = a_fix(60, 9)
    ward.hear(later)

    row = ward.columns.rows[1]
    assert row["lon_deg"] == later.lon_deg
    assert row["recv_ms"] == at_ms(50)


def test_seqlock_is_even_after_every_write() -> None:
    """A reader that sees an even, unchanged version read a whole row."""
    ward = Ward()

    for _ in range(5):
        ward.hear(a_fix(ward.now_s))
        ward.tick(1)

    versions = ward.columns.rows["version"]
    assert versions[1] > 0
    assert (versions % 2 == 0).all()


def _camera(at_s: float = 0.0, /, flags: int = 0, **changes: object) -> CameraHeartbeat:
    channel = CameraChannel(n=1, online=True, fps=25, fps_expected=25, frames=100, recording=True)
    channels = (msgspec.structs.replace(channel, **changes),)
    return CameraHeartbeat(t_ms=at_ms(at_s), channels=channels, flags=flags)


def _charger(*ports: Port, mains_v: float | None = 230, smoke: bool = False) -> ChargerStatus:
    return ChargerStatus(t_ms=at_ms(0), ports=ports, mains_v=mains_v, smoke=smoke)


def _ports(faulted: int, of: int) -> Iterable[Port]:
    for n in range(of):
        yield Port(n=n, state=PortState.FAULTED if n < faulted else PortState.AVAILABLE)


@pytest.mark.parametrize(
    ("device", "reading", "causes"),
    [
        (a_device(), a_fix(1, battery_pct=20.0), []),
        (a_device(), a_fix(1, battery_pct=19.9), [Cause.BATTERY_LOW]),
        (a_device(), a_fix(1, battery_pct=9.9), [Cause.BATTERY_CRITICAL]),
        (a_device(), a_fix(1, rssi_dbm=-110.0), []),
        (a_device(), a_fix(1, rssi_dbm=-111.0), [Cause.SIGNAL_WEAK]),
        (a_device(), a_fix(1, ext_power=False, ignition=True), [Cause.NO_EXTERNAL_POWER]),
        (a_device(), a_fix(1, ext_power=False, ignition=False), []),
        (a_device(), a_fix(62), [Cause.CLOCK_OFF]),
        (a_device(), a_fix(61), []),
        (CHARGER, _charger(*_ports(0, 10)), []),
        (CHARGER, _charger(*_ports(2, 10)), [Cause.PORT_FAULT]),
        (CHARGER, _charger(*_ports(3, 10)), [Cause.PORT_FAULT, Cause.STATION_FAULT]),
        (CHARGER, _charger(mains_v=198), []),
        (CHARGER, _charger(mains_v=197.9), [Cause.MAINS_OUT_OF_RANGE]),
        (CHARGER, _charger(mains_v=242.1), [Cause.MAINS_OUT_OF_RANGE]),
        (CHARGER, _charger(Port(n=1, state=PortState.CHARGING, temp_c=65)), []),
        (
            CHARGER,
            _charger(Port(n=1, state=PortState.CHARGING, temp_c=65.1)),
            [Cause.OVERHEATED],
        ),
        (CHARGER, _charger(smoke=True), [Cause.SMOKE]),
        (CAMERA, _camera(), []),
        (CAMERA, _camera(fps=15), []),
        (CAMERA, _camera(fps=14.9), [Cause.LOW_FRAME_RATE]),
        (CAMERA, _camera(fps=2.4), [Cause.NO_VIDEO]),
        (CAMERA, _camera(fps=0, fps_expected=0), []),
        (CAMERA, _camera(online=False), [Cause.NO_VIDEO]),
        (CAMERA, _camera(video_loss=True), [Cause.NO_VIDEO]),
        (CAMERA, _camera(recording=False), [Cause.NOT_RECORDING]),
        (CAMERA, _camera(occluded=True), [Cause.OCCLUDED]),
        (CAMERA, _camera(tampered=True), [Cause.TAMPERED]),
        (
            CAMERA,
            CameraHeartbeat(t_ms=at_ms(0), disk_total_gb=100, disk_used_gb=90.1),
            [Cause.DISK_FULL],
        ),
        (CAMERA, CameraHeartbeat(t_ms=at_ms(0), disk_total_gb=100, disk_used_gb=90), []),
        (CAMERA, CameraHeartbeat(t_ms=at_ms(0), clock_off_ms=-60_001), [Cause.CLOCK_OFF]),
    ],
)
def test_condition_by_the_newest_word(
    device: Device, reading: AnyReading, causes: list[Cause]
) -> None:
    """The bounds of health.md, one by one."""
    ward = Ward()

    ward.hear(reading, device)
    ward.tick(1)

    assert ward.presence(device.slot) is Presence.ONLINE
    assert ward.causes(device.slot) == causes


@pytest.mark.parametrize(
    ("every_s", "after", "expected"),
    [
        (10, 2, []),  # twice the same is too early
        (10, 3, [Cause.FROZEN]),  # three heartbeats that repeat the number
        (30, 2, [Cause.FROZEN]),  # 60 s
        (60, 1, [Cause.FROZEN]),
    ],
)
@pytest.mark.parametrize("changes", [{"frames": 48_211}, {"frames": None, "last_frame_t": 7_000}])
def test_frozen_after_a_minute_or_three_heartbeats(
    every_s: int, after: int, expected: list[Cause], changes: dict[str, object]
) -> None:
    """The frame counter or the last-frame time stands, though the rate looks fine (A-29)."""
    ward = Ward()

    ward.hear(_camera(ward.now_s, 0, **changes), CAMERA)
    for _ in range(after):
        ward.tick(every_s)
        ward.hear(_camera(ward.now_s, 0, **changes), CAMERA)
    ward.tick(1)
    frozen = ward.causes(3)
    ward.hear(_camera(ward.now_s, frames=48_212), CAMERA)
    ward.tick(1)

    assert (frozen, ward.causes(3)) == (expected, [])


def test_one_frozen_channel_among_good_ones_counts() -> None:
    """The sum of the counters goes on; the second picture stands (A-29)."""
    ward = Ward()

    for k in range(5):
        channels = (
            CameraChannel(n=1, online=True, fps=25, frames=100 + 250 * k),
            CameraChannel(n=2, online=True, fps=8, frames=48_211),
        )
        ward.hear(CameraHeartbeat(t_ms=at_ms(ward.now_s), channels=channels), CAMERA)
        ward.tick(10)

    assert ward.causes(3) == [Cause.FROZEN]


@pytest.mark.parametrize(("fps", "expected"), [(0.01, []), (8.0, [Cause.FROZEN])])
def test_slow_picture_is_not_frozen(fps: float, expected: list[Cause]) -> None:
    """A picture every 100 s cannot move a counter in a minute."""
    ward = Ward()

    for _ in range(4):
        ward.hear(_camera(ward.now_s, fps=fps, fps_expected=None), CAMERA)
        ward.tick(20)

    assert ward.causes(3) == expected


@pytest.mark.parametrize("off_s", [-1_020, 720])
def test_clock_of_a_camera_is_its_own_figure(off_s: int) -> None:
    """17 min behind or 12 min ahead: online, degraded, signed, and offline in time (A-18)."""
    ward = Ward()
    flags = int(Flag.FUTURE if off_s > 0 else Flag.LATE)

    for _ in range(4):
        heartbeat = _camera(ward.now_s + off_s, frames=int(ward.now_s), flags=flags)
        ward.hear(msgspec.structs.replace(heartbeat, next_s=30.0), CAMERA)
        ward.tick(30)
    alive = [ward.presence(3), ward.causes(3), float(ward.columns.rows["clock_off_ms"][3])]
    ward.tick(91)

    assert alive == [Presence.ONLINE, [Cause.CLOCK_OFF], off_s * 1000]
    assert ward.presence(3) is Presence.OFFLINE


def test_tracker_whose_clock_is_behind_differs_from_a_buffer() -> None:
    """A delay that stays the same is a clock; delays that differ are a buffer being emptied."""
    ward = Ward()
    for _ in range(3):
        ward.hear(a_fix(ward.now_s - 1_020, flags=int(Flag.LATE)))
        ward.tick(10)
    behind = [ward.causes(), float(ward.columns.rows["clock_off_ms"][1])]
    buffered = Ward()
    for k in range(6):
        buffered.hear(a_fix(-2_000 + 60 * k, flags=int(Flag.LATE), battery_pct=5.0))
        buffered.tick(1)

    assert behind == [[Cause.CLOCK_OFF], -1_020_000]
    assert buffered.causes() == []


@pytest.mark.parametrize("flag", [Flag.TIME_LEARNT, Flag.WEEK_ROLLOVER])
def test_clock_that_we_corrected_is_still_off(flag: Flag) -> None:
    """Its times are right because we mend them; staff should mend the device (A-05)."""
    ward = Ward()

    ward.hear(a_fix(ward.now_s, flags=int(flag)))
    ward.tick(1)

    assert ward.causes() == [Cause.CLOCK_OFF]


def test_buffered_promise_is_no_promise() -> None:
    """A back-filled fix of a sleeping night does not stretch the interval of today."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    ward.hear(a_fix(-9_000, flags=int(Flag.BACKFILL | Flag.LATE), next_s=3_600.0))
    ward.tick(61)

    assert ward.presence() is Presence.OFFLINE


def test_position_of_the_last_known_place_has_its_own_time() -> None:
    """``src: last`` repeats an old place: the newer one stays (wire.md)."""
    ward = Ward()
    ward.now_s = 100
    ward.hear(a_fix(90, 7))

    old = a_fix(100, 5_000, source=FixSource.LAST)
    ward.hear(msgspec.structs.replace(old, pos=msgspec.structs.replace(old.pos, fix_t=at_ms(50))))

    assert ward.columns.rows["fix_t_ms"][1] == at_ms(90)


def _fleet(size: int) -> tuple[Ward, list[Device]]:
    ward = Ward()
    devices = [a_device(k) for k in range(10, 10 + size)]
    for device in devices:
        ward.health.register(device)
        ward.hear(a_fix(ward.now_s), device)
    ward.tick(1)
    return ward, devices


@pytest.mark.parametrize("before_s", [0, 1, 4])
def test_wills_of_a_stopping_broker_are_nobodys(before_s: int) -> None:
    """It says farewell for everybody, then it is gone: 35 trackers, none of them late."""
    ward, devices = _fleet(35)
    for device in devices:
        ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1), device)

    ward.tick(before_s)
    ward.tick(20, connected=False)
    ward.tick(29)

    assert {ward.presence(device.slot) for device in devices} == {Presence.ONLINE}


@pytest.mark.parametrize("back_s", [0, 1, 4])
def test_wills_that_a_starting_broker_hands_over_are_nobodys(back_s: int) -> None:
    """They were queued for us while it stopped; or come before we know that it is back."""
    ward, devices = _fleet(35)

    ward.tick(20, connected=False)
    ward.tick(back_s)
    for device in devices:
        ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1), device)
    ward.tick(33)

    assert {ward.presence(device.slot) for device in devices} == {Presence.ONLINE}


def test_wills_that_come_first_after_our_own_outage_are_nobodys() -> None:
    """The journal stood still for a minute; they stand before its first tick."""
    ward, devices = _fleet(35)

    ward.now_s += 60
    for device in devices:
        ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1), device)
    ward.tick(33)

    assert {ward.presence(device.slot) for device in devices} == {Presence.ONLINE}


def test_will_long_before_or_after_an_outage_counts() -> None:
    """A device that died by itself is late, whatever the broker does later."""
    ward, (early, late) = _fleet(2)
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
    ward.hear(_camera(ward.now_s), CAMERA)
    ward.tick(211)
    ward.now_s += 7_200
    ward.tick(1)

    ward.hear(_camera(ward.now_s, frames=200), CAMERA)
    ward.tick(121)

    assert ward.presence(3) is Presence.LATE


def test_retained_farewell_of_a_device_that_speaks_is_a_note() -> None:
    """Online, and the broker's word is called stale until the device says its own (A-17)."""
    ward = Ward()
    lost = StateReport(t_ms=at_ms(-9_000), state=DeviceState.LOST, key=1)
    seen = []

    ward.hear(lost, CAMERA, flags=RETAIN)
    ward.tick(1)
    seen.append((ward.presence(3), ward.causes(3)))
    ward.hear(_camera(ward.now_s), CAMERA)
    ward.tick(1)
    seen.append((ward.presence(3), ward.causes(3)))
    ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.ONLINE, key=2), CAMERA)
    ward.tick(1)
    seen.append((ward.presence(3), ward.causes(3)))

    assert seen == [
        (Presence.UNKNOWN, [Cause.NEVER_HEARD]),
        (Presence.ONLINE, [Cause.STATUS_STALE]),
        (Presence.ONLINE, []),
    ]


def test_numbers_that_contradict_are_told_for_an_hour() -> None:
    """A clone goes on; a counter that restarted once is forgotten."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s, flags=int(Flag.SEQ_BACK)))
    ward.tick(1)
    told = ward.causes()

    for _ in range(360):
        ward.tick(10)
        ward.hear(a_fix(ward.now_s))
    ward.tick(1)

    assert (told, ward.causes()) == ([Cause.NUMBERS_CONFLICT], [])


def test_note_of_another_part_is_a_cause_until_it_ends() -> None:
    """Ports and units are judged elsewhere; other causes stay as they are."""
    ward = Ward()
    ward.hear(_charger(smoke=True), CHARGER)
    mask = int(Cause.PORT_BLOCKED | Cause.MONEY_SUSPECT)

    ward.health.note(2, int(Cause.PORT_BLOCKED), mask)
    ward.tick(1)
    noted = ward.causes(2)
    ward.health.note(2, 0, mask)
    ward.tick(1)

    assert noted == [Cause.SMOKE, Cause.PORT_BLOCKED]
    assert ward.causes(2) == [Cause.SMOKE]


def test_interval_in_info_is_an_expectation() -> None:
    """A device that promises nothing else is late by what it said it would do."""
    ward = Ward()

    ward.hear(DeviceInfo(t_ms=at_ms(ward.now_s), key=1, interval_s=20.0))
    ward.tick(91)

    assert ward.presence() is Presence.OFFLINE


def test_checkpoint_goes_on_with_the_same_health() -> None:
    """Ages, promises, conditions, notes and what is remembered survive a restart."""
    ward = Ward()
    for _ in range(3):
        ward.hear(_camera(ward.now_s), CAMERA)
        ward.tick(20)
    ward.health.note(1, int(Cause.UNIT_SUSPECT), int(Cause.UNIT_SUSPECT))
    ward.hear(a_fix(ward.now_s, battery_pct=5.0))
    blob = msgspec.msgpack.encode(ward.health.dump())

    restarted = Ward()
    restarted.columns = ward.columns
    restarted.health = Health(ward.columns, PresencePolicy())
    restarted.health.load(msgspec.msgpack.decode(blob, type=HealthState))
    restarted.now_s = ward.now_s
    restarted.tick(46)

    assert restarted.presence() is Presence.LATE
    assert restarted.causes() == [Cause.SILENT, Cause.BATTERY_CRITICAL, Cause.UNIT_SUSPECT]
    restarted.hear(_camera(restarted.now_s), CAMERA)
    restarted.tick(1)
    assert restarted.causes(3) == [Cause.FROZEN]


def test_empty_checkpoint_loads() -> None:
    """A service that stopped before its first device starts again."""
    blob = msgspec.msgpack.encode(Health(LatestColumns(), PresencePolicy()).dump())

    health = Health(LatestColumns(), PresencePolicy())
    health.load(msgspec.msgpack.decode(blob, type=HealthState))
    health.register(a_device())
    health.records([a_record(a_fix(1))])
    health.tick(a_tick(2), connected=True)

    assert health.counts()["online"] == 1


def test_records_of_one_batch_are_taken_in_order() -> None:
    """The last word of a device in a batch is its newest."""
    ward = Ward()
    records: list[Record] = [
        a_record(StateReport(t_ms=at_ms(1), state=DeviceState.LOST, key=1), at_s=1),
        a_record(a_fix(1), at_s=1),
    ]

    ward.health.records(records)
    ward.tick(1)

    assert ward.presence() is Presence.ONLINE

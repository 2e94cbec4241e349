"""What is wrong with a device, by its newest word: causes and when they end."""

import msgspec
import pytest

from devices.causes import Cause
from devices.model import Device
from devices.presence import Presence
from devices.readings import (
    AnyReading,
    CameraChannel,
    CameraHeartbeat,
    Flag,
    Port,
    PortState,
)
from support.factories import a_device, a_fix, at_ms
from support.ward import CAMERA, CHARGER, Ward, a_heartbeat, a_station, ports_of


@pytest.mark.parametrize(
    ("device", "reading", "causes"),
    [
        (a_device(), a_fix(1, battery_pct=20.0), []),
        (a_device(), a_fix(1, battery_pct=19.9), [Cause.BATTERY_LOW]),
        (a_device(), a_fix(1, battery_pct=9.9), [Cause.BATTERY_CRITICAL]),
        (a_device(), a_fix(1, rssi_dbm=-110.0), []),
        (a_device(), a_fix(1, rssi_dbm=-111.0), []),  # not at once
        (a_device(), a_fix(1, ext_power=False, ignition=True), []),
        (a_device(), a_fix(62), [Cause.CLOCK_OFF]),
        (a_device(), a_fix(61), []),
        (CHARGER, a_station(*ports_of(0, 10)), []),
        (CHARGER, a_station(*ports_of(2, 10)), [Cause.PORT_FAULT]),
        (CHARGER, a_station(*ports_of(3, 10)), [Cause.PORT_FAULT, Cause.STATION_FAULT]),
        (CHARGER, a_station(mains_v=198), []),
        (CHARGER, a_station(mains_v=197.9), [Cause.MAINS_OUT_OF_RANGE]),
        (CHARGER, a_station(mains_v=242.1), [Cause.MAINS_OUT_OF_RANGE]),
        (CHARGER, a_station(Port(n=1, state=PortState.CHARGING, temp_c=65)), []),
        (
            CHARGER,
            a_station(Port(n=1, state=PortState.CHARGING, temp_c=65.1)),
            [Cause.OVERHEATED],
        ),
        (CHARGER, a_station(smoke=True), [Cause.SMOKE]),
        (CAMERA, a_heartbeat(), []),
        (CAMERA, a_heartbeat(fps=15), []),
        (CAMERA, a_heartbeat(fps=2.4), [Cause.NO_VIDEO]),
        (CAMERA, a_heartbeat(fps=0, fps_expected=0), []),
        (CAMERA, a_heartbeat(online=False), [Cause.NO_VIDEO]),
        (CAMERA, a_heartbeat(video_loss=True), [Cause.NO_VIDEO]),
        (CAMERA, a_heartbeat(recording=False), [Cause.NOT_RECORDING]),
        (
            CAMERA,
            CameraHeartbeat(t_ms=at_ms(0), disk_total_gb=100, disk_used_gb=90.1),
            [Cause.DISK_FULL],
        ),
        (CAMERA, CameraHeartbeat(t_ms=at_ms(0), disk_total_gb=100, disk_used_gb=90), []),
        (CAMERA, CameraHeartbeat(t_ms=at_ms(0), clock_off_ms=-5_001), [Cause.CLOCK_OFF]),
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

    ward.hear(a_heartbeat(ward.now_s, 0, **changes), CAMERA)
    for _ in range(after):
        ward.tick(every_s)
        ward.hear(a_heartbeat(ward.now_s, 0, **changes), CAMERA)
    ward.tick(1)
    frozen = ward.causes(3)
    ward.hear(a_heartbeat(ward.now_s, frames=48_212), CAMERA)
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
        ward.hear(a_heartbeat(ward.now_s, fps=fps, fps_expected=None), CAMERA)
        ward.tick(20)

    assert ward.causes(3) == expected


@pytest.mark.parametrize("off_s", [-1_020, 720])
def test_clock_of_a_camera_is_its_own_figure(off_s: int) -> None:
    """17 min behind or 12 min ahead: online, degraded, signed, and offline in time (A-18)."""
    ward = Ward()
    flags = int(Flag.FUTURE if off_s > 0 else Flag.LATE)

    for _ in range(4):
        heartbeat = a_heartbeat(ward.now_s + off_s, frames=int(ward.now_s), flags=flags)
        ward.hear(msgspec.structs.replace(heartbeat, next_s=30.0), CAMERA)
        ward.tick(30)
    alive = [ward.presence(3), ward.causes(3), float(ward.columns.rows["clock_off_ms"][3])]
    ward.tick(91)

    causes = [Cause.CLOCK_OFF, Cause.CLOCK_UNUSABLE]
    assert alive == [Presence.ONLINE, causes, off_s * 1000]
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

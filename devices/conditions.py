"""What is wrong with a device, by its newest word: ``Cause`` bits. Bounds are health.md's."""

import msgspec

from devices.causes import Cause
from devices.readings import CameraHeartbeat, ChargerStatus, Fix, Flag, PortState

CLOCK_OFF_MS = 60_000
"""A clock off by more is said. Source: health.md, Tracker and Camera."""
BATTERY_LOW_PCT, BATTERY_CRITICAL_PCT = 20, 10
"""A battery below is low, critical; per cent. Source: health.md, Tracker."""
WEAK_DBM = -110
"""A mobile signal below is weak, dBm. Source: health.md, Tracker."""
STATION_FAULT_SHARE = 0.3
"""So many of its ports faulted is the station's own fault. Source: health.md, Charger."""
MAINS_V = (198, 242)
"""Mains outside is told, volts. Source: health.md, Charger."""
HOT_C = 65
"""A port hotter is overheated, degrees Celsius. Source: health.md, Charger."""
NO_VIDEO_SHARE, LOW_RATE_SHARE = 0.1, 0.6
"""Below this share of the expected frame rate there is no picture, a poor one. Source: health.md,
Camera."""
DISK_FULL_SHARE = 0.9
"""A recorder's disk used beyond is full. Source: health.md, Camera."""
FROZEN_MS = 60_000
"""A picture whose counter stands for this long is frozen ... Source: health.md, Camera."""
FROZEN_HEARTBEATS = 3
"""... or for so many heartbeats that repeat it. Source: field case A-29."""

NO_CLOCK = int(Flag.BACKFILL | Flag.NO_TIME | Flag.RETAINED | Flag.REQUEUED)
"""Records whose time against the receive time says nothing of the device's clock."""
_WRONG_CLOCK = int(Flag.TIME_LEARNT | Flag.WEEK_ROLLOVER)

Still = tuple[int | None, int, int]
"""A number that should move: its value, the steady clock when it came, how often it came again."""
Pictures = dict[int, tuple[Still, Still]]
"""Of each channel of one camera: its frame counter and the time of its last frame."""


def clock_condition(off_ms: int, flags: int) -> int:
    """Whether the clock is off, or was until we corrected it.

    Args:
        off_ms: The record's time minus its receive time; sign as it is.
        flags: The record's flags; none of ``NO_CLOCK``.
    """
    wrong = abs(off_ms) > CLOCK_OFF_MS or flags & _WRONG_CLOCK
    return int(Cause.CLOCK_OFF) if wrong else 0


def tracker_condition(fix: Fix, recv_ms: int) -> int:
    """Battery, power, signal and clock."""
    bits = 0 if fix.flags & NO_CLOCK else clock_condition(fix.t_ms - recv_ms, fix.flags)
    battery_pct, rssi_dbm = fix.bat.pct, fix.net.rssi_dbm
    if battery_pct is not None:
        if battery_pct < BATTERY_CRITICAL_PCT:
            bits |= Cause.BATTERY_CRITICAL
        elif battery_pct < BATTERY_LOW_PCT:
            bits |= Cause.BATTERY_LOW
    if fix.st.ext_power is False and fix.st.ign:
        bits |= Cause.NO_EXTERNAL_POWER
    if rssi_dbm is not None and rssi_dbm < WEAK_DBM:
        bits |= Cause.SIGNAL_WEAK
    return int(bits)


def charger_condition(status: ChargerStatus) -> int:
    """Faulted ports, mains, heat and smoke."""
    bits = 0
    faulted = sum(port.state is PortState.FAULTED for port in status.ports)
    if faulted:
        bits |= Cause.PORT_FAULT
        if faulted >= STATION_FAULT_SHARE * len(status.ports):
            bits |= Cause.STATION_FAULT
    if status.mains_v is not None and not MAINS_V[0] <= status.mains_v <= MAINS_V[1]:
        bits |= Cause.MAINS_OUT_OF_RANGE
    if any(port.temp_c is not None and port.temp_c > HOT_C for port in status.ports):
        bits |= Cause.OVERHEATED
    if status.smoke:
        bits |= Cause.SMOKE
    return int(bits)


def camera_condition(
    heartbeat: CameraHeartbeat, before: Pictures, elapsed_ms: int
) -> tuple[int, Pictures]:
    """Pictures, view, recording, disk and its own word of its clock.

    One frozen channel among good ones counts. A channel that says its picture comes (``online``,
    a fair rate) must show a frame counter and a last-frame time that move, as far as it tells.

    Args:
        heartbeat: The newest one.
        before: What the heartbeat before it gave; empty at first.
        elapsed_ms: The steady clock at which it was received.

    Returns:
        ``Cause`` bits, and what to give with the next heartbeat.
    """
    bits = 0
    pictures: Pictures = {}
    for channel in heartbeat.channels:
        expected, fps = channel.fps_expected or 0.0, channel.fps
        share = fps / expected if fps is not None and expected > 0 else 1.0
        frames, last_frame = before.get(channel.n, (None, None))
        stills = (
            _still(frames, channel.frames, elapsed_ms),
            _still(last_frame, channel.last_frame_t, elapsed_ms),
        )
        pictures[channel.n] = stills
        if channel.online is False or channel.video_loss or share < NO_VIDEO_SHARE:
            bits |= Cause.NO_VIDEO
        elif any(_is_frozen(still, elapsed_ms, fps) for still in stills):
            bits |= Cause.FROZEN
        elif share < LOW_RATE_SHARE:
            bits |= Cause.LOW_FRAME_RATE
        bits |= Cause.NOT_RECORDING if channel.recording is False else 0
        bits |= Cause.OCCLUDED if channel.occluded else 0
        bits |= Cause.TAMPERED if channel.tampered else 0
    total, used = heartbeat.disk_total_gb, heartbeat.disk_used_gb
    if total and used is not None and used > DISK_FULL_SHARE * total:
        bits |= Cause.DISK_FULL
    if heartbeat.clock_off_ms is not None and abs(heartbeat.clock_off_ms) > CLOCK_OFF_MS:
        bits |= Cause.CLOCK_OFF
    return int(bits), pictures


def _still(before: Still | None, value: int | None, elapsed_ms: int) -> Still:
    if before is not None and value is not None and before[0] == value:
        return value, before[1], before[2] + 1
    return value, elapsed_ms, 0


def _is_frozen(still: Still, elapsed_ms: int, fps: float | None) -> bool:
    """Whether a number stands that a picture of ``fps`` (unknown: 1) would have moved."""
    _, since_ms, repeats = still
    stood_ms = elapsed_ms - since_ms
    if not repeats or stood_ms / 1000 * (1.0 if fps is None else fps) < 1:
        return False
    return repeats >= FROZEN_HEARTBEATS or stood_ms >= FROZEN_MS


class ConditionState(msgspec.Struct):
    """For checkpoints: what conditions remember between messages.

    Attributes:
        pictures: By slot of a camera.
        lags: By slot of a tracker whose newest fix was late: the delay, and the steady clock of the
            first one with it.
        conflicts: By slot: steady clock of the newest contradiction of numbers.
        farewells: Slots whose retained state says they are gone.
    """

    pictures: dict[int, Pictures] = {}
    lags: dict[int, tuple[int, int]] = {}
    conflicts: dict[int, int] = {}
    farewells: set[int] = set()

    def forget(self, slot: int) -> None:
        """A device is gone for good."""
        for memory in (self.pictures, self.lags, self.conflicts):
            memory.pop(slot, None)
        self.farewells.discard(slot)

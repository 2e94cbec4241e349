"""The last word of a tracker about its battery, ignition, speed and course."""

from devices.readings import AnyReading, Fix
from devices.words import NOT_LEFT_OUT, Flag

_FUTURE = int(Flag.FUTURE)


def said_at_ms(reading: AnyReading, recv_ms: int) -> int:
    """When it was said, for the order of words: a time ahead of us orders nothing."""
    return recv_ms if reading.flags & _FUTURE else reading.t_ms


class TrackerWords:
    """By fix time: a measure that is left out keeps its last value, an unreadable one does not."""

    __slots__ = ("battery_pct", "course_deg", "ignition", "speed_kmh", "t_ms")

    def __init__(self) -> None:
        """Nothing was said."""
        self.t_ms = -1
        self.battery_pct: float | None = None
        self.ignition: bool | None = None
        self.speed_kmh: float | None = None
        self.course_deg: float | None = None

    def take(self, fix: Fix, recv_ms: int) -> None:
        """Take one accepted fix; only the newest one speaks."""
        flags = fix.flags
        at_ms = recv_ms if flags & _FUTURE else fix.t_ms
        if at_ms < self.t_ms:
            return
        self.t_ms = at_ms
        unreadable = flags & NOT_LEFT_OUT
        battery_pct, ignition = fix.bat.pct, fix.st.ign
        if battery_pct is not None or unreadable:
            self.battery_pct = battery_pct
        if ignition is not None or unreadable:
            self.ignition = ignition
        if flags & _FUTURE:
            return
        speed_kmh, course_deg = fix.pos.spd_kmh, fix.pos.cog
        if speed_kmh is not None or unreadable:
            self.speed_kmh = speed_kmh
        if course_deg is not None or unreadable:
            self.course_deg = course_deg

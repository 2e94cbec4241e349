"""The last word of a tracker about its battery, ignition, speed and course."""

from devices.readings import AnyReading, Fix
from devices.words import Flag

_UNREADABLE = int(Flag.UNREADABLE | Flag.IMPLAUSIBLE)
"""With one of these a measure that is missing was not left out: it is unknown now."""
_FUTURE = int(Flag.FUTURE)


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

    def take(self, fix: AnyReading) -> None:
        """Take one accepted reading; only the newest fix speaks."""
        if not isinstance(fix, Fix) or fix.t_ms < self.t_ms:
            return
        flags = fix.flags
        if flags & _FUTURE:
            return
        self.t_ms = fix.t_ms
        pos, unreadable = fix.pos, flags & _UNREADABLE
        battery_pct, ignition = fix.bat.pct, fix.st.ign
        if battery_pct is not None or unreadable:
            self.battery_pct = battery_pct
        if ignition is not None or unreadable:
            self.ignition = ignition
        if pos.spd_kmh is not None or unreadable:
            self.speed_kmh = pos.spd_kmh
        if pos.cog is not None or unreadable:
            self.course_deg = pos.cog

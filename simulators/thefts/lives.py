"""What truly befalls one vehicle, and how its tracker hears and says it. Times in seconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulators.scripts import Switch
from simulators.tracks import Path

Hears = Literal["none", "last", "cell", "wifi", "frozen", "silent"]
"""Instead of satellites: no fix, the last position again, towers, networks indoors, static hold
(the error is exactly that of the spell's begin), or nothing is sent at all."""
Mapped = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Something the tracker notices and tells as an event; None = only switches change."""

    at_s: float
    event: str | None = None
    level: int = 2
    lasts_s: float = 3.0
    switches: Mapping[Switch, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time in which it hears no satellites.

    Attributes:
        off_m: Least and largest error of cell and Wi-Fi fixes, metres.
    """

    from_s: float
    to_s: float
    hears: Hears
    off_m: tuple[float, float] = (300.0, 1_500.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A false position: the offset rises and falls within ``edge_s``; Doppler reads zero.

    Attributes:
        acc_m: What the receiver believes of its error; it does not know of a slip.
    """

    from_s: float
    to_s: float
    east_m: float
    north_m: float
    edge_s: float = 8.0
    hdop: float = 2.5
    sat: int = 6
    acc_m: float = 12.0


def exact(_at_s: float) -> float:
    """A clock that is right."""
    return 0.0


def at_once(at_s: float) -> float:
    """A message that nothing holds up."""
    return at_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One tracker's part.

    Attributes:
        path: Where it truly is.
        until_s: Its last report.
        every_s: Reporting interval.
        from_s: Its first report, give or take one interval.
        noise: Name of its receiver's noise (``receivers``).
        clock_s: How far its own clock is ahead, by true time.
        arrives_s: When what was sent at a time reaches us: held by the broker, or by itself.
        buffered: It has no network between these: fixes come as batches at the end, events too.
        twice: Every packet is sent twice.
        late_share: So many packets come 10-60 s late, out of order.
    """

    path: Path
    until_s: float
    every_s: float = 10.0
    from_s: float = 0.0
    noise: str = "measured"
    signs: tuple[Sign, ...] = ()
    spells: tuple[Spell, ...] = ()
    slips: tuple[Slip, ...] = ()
    clock_s: Mapped = exact
    arrives_s: Mapped = at_once
    buffered: tuple[float, float] | None = None
    twice: bool = False
    late_share: float = 0.0

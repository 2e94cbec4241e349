"""What false-alarm rate a threshold gives, per site class: measured curves and their lookup.

The operator sets a rate per vehicle-day; a curve gives the nats. Between measured points the
logarithm of the rate is straight; below the lowest measured rate it goes on with the curve's own
slope, and is called extrapolated.
"""

import math
from enum import StrEnum
from itertools import pairwise
from typing import Literal

import msgspec
import numpy as np

from alerts.policy import DetectionPolicy
from devices.model import SiteClass

STEEPEST_PER_NAT = 1.0
"""No curve falls faster: noise reaches a log-likelihood ratio of h at most with e^-h (Wald)."""


_SHAPE_NOTHING = ("owner_rate", "police_rate", "shadow", "ask", "late", "tamper", "evidence")
"""Beginnings of the names of detection settings on which no curve depends."""


def shaping(policy: DetectionPolicy) -> dict[str, float]:
    """Settings that shape the statistic and are not the default: a curve holds for these alone."""
    plain = DetectionPolicy()
    return {
        name: getattr(policy, name)
        for name in plain.__dataclass_fields__
        if not name.startswith(_SHAPE_NOTHING) and getattr(policy, name) != getattr(plain, name)
    }


class AlarmLevel(StrEnum):
    """Which threshold of the statistic."""

    OWNER = "owner"
    POLICE = "police"


class Point(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One measured threshold.

    Attributes:
        nats: The threshold.
        per_day: False alarms per vehicle-day above it, of the worst noise family.
        alarms: How many alarms that was counted from.
    """

    nats: float
    per_day: float
    alarms: int


class Curve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """False alarms of the position statistic against its threshold, of one site class.

    Attributes:
        points: Ascending in nats, falling in rate; the range it was measured in.
        per_nat: Beyond the last point the rate falls by e to the minus this, per nat.
        other_per_day: Alarms per vehicle-day of rules without a threshold (slow, kept), of the
            family with most of them. No threshold makes up for these: they are said beside it.
        vehicle_days: Behind the points, all noise families together.
        fitted_on: Date, ``YYYY-MM-DD``.
        data: What it was measured on.
        seed: Of the noise; None = real data.
        command: That made it.
        settings: Detection settings that shape the statistic and were not the default then.
    """

    site_class: SiteClass
    level: AlarmLevel
    points: tuple[Point, ...]
    per_nat: float
    other_per_day: float = 0.0
    vehicle_days: float
    fitted_on: str
    data: str
    seed: int | None = None
    command: str
    settings: dict[str, float] = {}

    def __post_init__(self) -> None:
        """Refuse a curve that cannot be looked up.

        Raises:
            ValueError: Says which curve and why.
        """
        nats = [point.nats for point in self.points]
        per_day = [point.per_day for point in self.points]
        numbers = [*nats, *per_day, self.per_nat, self.other_per_day, self.vehicle_days]
        name = f"{self.site_class} {self.level}"
        if not self.points:
            raise ValueError(f"{name}: it has no points")
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"{name}: a number is not finite")
        if min(nats) < 0 or any(b <= a for a, b in pairwise(nats)):
            raise ValueError(f"{name}: nats do not rise from 0 or more")
        if min(per_day) <= 0 or any(b >= a for a, b in pairwise(per_day)):
            raise ValueError(f"{name}: rates do not fall, or one is not above 0")
        if not 0 < self.per_nat <= STEEPEST_PER_NAT:
            raise ValueError(f"{name}: per_nat is above 0 and at most {STEEPEST_PER_NAT:g}")
        if self.other_per_day < 0 or self.vehicle_days <= 0:
            raise ValueError(f"{name}: other_per_day or vehicle_days is negative")

    @property
    def lowest_per_day(self) -> float:
        """The lowest rate of the threshold that was measured."""
        return self.points[-1].per_day

    def nats_of(self, rate: float) -> float:
        """The threshold that keeps a rate per vehicle-day, (0, 1]; other rules come on top."""
        last = self.points[-1]
        if rate < last.per_day:
            return last.nats + math.log(last.per_day / rate) / self.per_nat
        logs = [-math.log(point.per_day) for point in self.points]
        return float(np.interp(-math.log(rate), logs, [point.nats for point in self.points]))

    def is_measured(self, rate: float) -> bool:
        """Whether that lookup stays within what was measured."""
        return rate >= self.lowest_per_day

    def per_day_at(self, nats: float) -> float:
        """All false alarms per vehicle-day at a threshold, rules without one included."""
        last = self.points[-1]
        if nats > last.nats:
            log = math.log(last.per_day) - self.per_nat * (nats - last.nats)
        else:
            logs = [math.log(point.per_day) for point in self.points]
            log = float(np.interp(nats, [point.nats for point in self.points], logs))
        return math.exp(log) + self.other_per_day


class Rates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Curves as a file holds them; the packaged one has every class and level."""

    v: Literal[1] = 1
    curves: tuple[Curve, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two curves of one class and level.

        Raises:
            ValueError: Names them.
        """
        names = [f"{curve.site_class} {curve.level}" for curve in self.curves]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: there twice")

    def find(self, site_class: SiteClass, level: AlarmLevel) -> Curve | None:
        """The curve of a class and level, None when there is none."""
        fits = (c for c in self.curves if c.site_class is site_class and c.level is level)
        return next(fits, None)

    def under(self, own: "Rates") -> "Rates":
        """These curves, and for each that ``own`` has that one instead."""
        kept = [c for c in self.curves if own.find(c.site_class, c.level) is None]
        return Rates(curves=(*kept, *own.curves))

    def missing(self) -> list[str]:
        """Classes and levels without a curve."""
        pairs = [(site_class, level) for site_class in SiteClass for level in AlarmLevel]
        return [f"{site} {level}" for site, level in pairs if self.find(site, level) is None]

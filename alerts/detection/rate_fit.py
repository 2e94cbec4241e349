"""A curve from what was counted: peaks of the statistic over parked vehicle-days.

One peak is the highest S of an episode in which the shape of an alarm held (alarms 300 s apart
are one episode), so that the alarms at any threshold are the peaks above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.detection.rates import STEEPEST_PER_NAT, AlarmLevel, Curve, Point, shaping
from alerts.intervals import poisson_95
from alerts.policy import DetectionPolicy
from devices.model import SiteClass

F8 = NDArray[np.float64]

EPISODE_S = 300.0
"""Alarms of one vehicle nearer than this are one. Source: detection.md, Protocol 3."""
LEAST_ALARMS = 10
"""A rate from fewer alarms is not called measured: ten are known to a factor of two (Poisson)."""
LEAST_DAYS = 1_000.0
"""Fewer vehicle-days of a kind without ten alarms say nothing that packaged curves do not."""
GENTLEST_PER_NAT = 0.2
"""Slope where nothing tells one: the flattest seen on 2026-11-28 (canyon, before excursions were
learnt). Gentler than true means a threshold that is too high, never too low."""
STEP_NATS = 1.0
"""Between the thresholds of a curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """What one noise family, or one city's journal, gave at one level.

    Attributes:
        peaks: Highest S of each episode, nats, any order.
        others: Episodes of rules without a threshold (slow, kept).
        vehicle_days: Time under watch.
    """

    name: str
    peaks: F8
    others: int
    vehicle_days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How the data of a curve came about; see ``Curve``."""

    policy: DetectionPolicy

    fitted_on: str
    data: str
    seed: int | None
    command: str


class TooFewAlarmsError(Exception):
    """Too little was seen to say anything; says what there was and what would do."""


def fit(kinds: Sequence[Parked], *, site_class: SiteClass, level: AlarmLevel, made: Made) -> Curve:
    """The curve of the worst of ``kinds`` at each threshold.

    Where none gave ten alarms even at 0 nats, the curve is one point there: the largest upper
    bound of a rate (Poisson, 95 %).

    Raises:
        TooFewAlarmsError: So few alarms, and in so few vehicle-days that they bound nothing.
    """
    points: list[Point] = []
    last = max(kinds, key=lambda one: one.vehicle_days)
    top = max((float(one.peaks.max()) for one in kinds if len(one.peaks)), default=0.0)
    for nats in np.arange(0.0, top + STEP_NATS, STEP_NATS).tolist():
        kind, worst = _worst(kinds, nats)
        if worst.alarms < LEAST_ALARMS:
            break
        last = kind
        if points and worst.per_day == points[-1].per_day:
            points.pop()  # the higher threshold is the safe one of two with the same rate
        points.append(worst)
    if not points:
        points = [_bound(kinds, site_class, level)]
    return Curve(
        site_class=site_class,
        level=level,
        points=tuple(points),
        per_nat=round(_slope(last, points[-1].nats), 4),
        other_per_day=float(f"{max(one.others / one.vehicle_days for one in kinds):.3g}"),
        vehicle_days=round(sum(one.vehicle_days for one in kinds), 1),
        fitted_on=made.fitted_on,
        data=made.data,
        seed=made.seed,
        command=made.command,
        settings=shaping(made.policy),
    )


def _worst(kinds: Sequence[Parked], nats: float) -> tuple[Parked, Point]:
    """The kind with the most alarms per vehicle-day at a threshold."""
    points = [(one, _point(one, nats)) for one in kinds]
    return max(points, key=lambda pair: pair[1].per_day)


def _bound(kinds: Sequence[Parked], site_class: SiteClass, level: AlarmLevel) -> Point:
    """At 0 nats the largest upper bound of a kind."""
    days = min(one.vehicle_days for one in kinds)
    bounds = [(poisson_95(len(one.peaks))[1] / one.vehicle_days, len(one.peaks)) for one in kinds]
    highest, alarms = max(bounds)
    if days < LEAST_DAYS:
        raise TooFewAlarmsError(
            f"{site_class} {level}: {alarms} alarms in {days:,.0f} vehicle-days; {LEAST_ALARMS} of "
            f"one kind are needed, or {LEAST_DAYS:,.0f} vehicle-days"
        )
    return Point(0.0, float(f"{highest:.4g}"), alarms)


def _point(one: Parked, nats: float) -> Point:
    alarms = int((one.peaks > nats).sum())
    return Point(nats, float(f"{alarms / one.vehicle_days:.4g}"), alarms)


def _slope(one: Parked, nats: float) -> float:
    """How fast peaks thin out beyond the last point, per nat: an exponential's likeliest."""
    beyond = one.peaks[one.peaks > nats] - nats
    if len(beyond) < LEAST_ALARMS:
        return GENTLEST_PER_NAT
    return min(1.0 / max(float(beyond.mean()), 1e-9), STEEPEST_PER_NAT)

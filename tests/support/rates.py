"""Curves: those of the package for engines that tests build by hand, and made up ones."""

import numpy as np
from numpy.typing import NDArray

from alerts.detection.rates import AlarmLevel, Curve, Point
from alerts.detection.thresholds import Thresholds
from alerts.policy import DetectionPolicy
from devices.model import SiteClass
from parkguard.detection_rates import packaged_rates

_RATES = packaged_rates()


def thresholds(policy: DetectionPolicy | None = None) -> Thresholds:
    """What the rates of a policy need at every site class."""
    return Thresholds.looked_up(_RATES, policy or DetectionPolicy())


def a_curve(
    *,
    site_class: SiteClass = SiteClass.OPEN,
    level: AlarmLevel = AlarmLevel.OWNER,
    points: tuple[tuple[float, float], ...] = ((0.0, 0.1), (4.0, 0.01), (8.0, 0.0001)),
    other_per_day: float = 0.0,
) -> Curve:
    """Measured down to 1e-4 per vehicle-day at 8 nats; half as steep as e beyond."""
    return Curve(
        site_class=site_class,
        level=level,
        points=tuple(Point(nats, per_day, 10) for nats, per_day in points),
        per_nat=0.5,
        other_per_day=other_per_day,
        vehicle_days=1_000.0,
        fitted_on="2026-11-28",
        data="made up",
        seed=1,
        command="none",
    )


def exponential_peaks(number: int, *, per_nat: float, seed: int) -> NDArray[np.float64]:
    """Peaks of episodes, nats."""
    return np.random.default_rng(seed).exponential(1.0 / per_nat, number)

"""Nats of the owner's and the police level by site class, looked up from the rates that are set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.detection.rates import AlarmLevel, Rates
from alerts.policy import DetectionPolicy
from devices.model import SiteClass

CODE_OF = {site_class: code for code, site_class in enumerate(SiteClass)}
"""Index of a site class in every array here."""
CLASS_OF = tuple(SiteClass)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Nats of statistic plus evidence; arrays indexed by ``CODE_OF``."""

    owner: NDArray[np.float64]
    police: NDArray[np.float64]

    @classmethod
    def looked_up(cls, rates: Rates, policy: DetectionPolicy) -> "Thresholds":
        """What the rates of the policy need at every site class.

        The police level is above all evidence together, so that sensors alone never reach it.

        Raises:
            KeyError: A class has no curve.
        """
        asked = {AlarmLevel.OWNER: policy.owner_rate, AlarmLevel.POLICE: policy.police_rate}
        found: dict[AlarmLevel, list[float]] = {level: [] for level in AlarmLevel}
        for level, rate in asked.items():
            for site_class in CLASS_OF:
                curve = rates.find(site_class, level)
                if curve is None:
                    raise KeyError(f"{site_class} {level}: no curve")
                found[level].append(curve.nats_of(rate))
        police = np.maximum(found[AlarmLevel.POLICE], policy.evidence_max)
        return cls(np.array(found[AlarmLevel.OWNER]), police)

    @classmethod
    def flat(cls, *, owner: float, police: float) -> "Thresholds":
        """The same nats everywhere: for tests and benchmarks that know what they want."""
        size = len(CLASS_OF)
        return cls(np.full(size, owner), np.full(size, police))

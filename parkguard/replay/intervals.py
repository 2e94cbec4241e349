"""95 % intervals of rates and shares: exact Poisson and Wilson (detection.md, Numbers)."""

from alerts.intervals import poisson_95, wilson_95

__all__ = ["poisson_95", "wilson_95"]

"""95 % intervals of what the benchmarks count, a zero included: exact Poisson."""

from alerts.intervals import poisson_95


def poisson(events: int, exposure: float) -> tuple[float, float]:
    """Exact 95 % interval of a rate: ``events`` in ``exposure`` (Garwood)."""
    low, high = poisson_95(events)
    return low / exposure, high / exposure

"""Exact Poisson and Wilson 95 % intervals: what a count says, a zero included."""

import math

Z_95 = 1.959963984540054
"""Two-sided 95 % of a normal distribution."""


def poisson(events: int, exposure: float) -> tuple[float, float]:
    """Exact 95 % interval of a rate: ``events`` in ``exposure`` (Garwood)."""
    low = 0.0 if events == 0 else _mean_where(events - 1, 0.975)
    return low / exposure, _mean_where(events, 0.025) / exposure


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share; (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = hits / of, Z_95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def _mean_where(events: int, chance: float) -> float:
    """The Poisson mean under which at most ``events`` have that chance."""
    low, high = 0.0, 10.0 + 3.0 * events
    for _ in range(80):
        middle = (low + high) / 2
        if _at_most(events, middle) > chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(events: int, mean: float) -> float:
    if mean == 0:
        return 1.0
    return math.fsum(
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(events + 1)
    )

"""95 % intervals of shares (Wilson) and rates (exact Poisson): what a few cases really say."""

import math
from collections.abc import Callable

Z_95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""
_TAIL = 0.025
_HALVINGS = 200


def wilson_95(hits: int, tries: int) -> tuple[float, float]:
    """Bounds of the share that gave ``hits`` of ``tries``; (0, 1) without a try."""
    if tries == 0:
        return 0.0, 1.0
    share, z2 = hits / tries, Z_95 * Z_95
    middle = share + z2 / (2 * tries)
    half = Z_95 * math.sqrt(share * (1 - share) / tries + z2 / (4 * tries * tries))
    scale = 1 + z2 / tries
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def poisson_95(count: int) -> tuple[float, float]:
    """Exact (Garwood) bounds of the mean that gave ``count`` events."""
    high = count + 10 * math.sqrt(count + 1) + 10
    lower = (
        0.0
        if count == 0
        else _falling_root(lambda mean: _at_most(count - 1, mean) - (1 - _TAIL), high)
    )
    return lower, _falling_root(lambda mean: _at_most(count, mean) - _TAIL, high)


def _at_most(count: int, mean: float) -> float:
    """Probability of at most ``count`` events."""
    if mean <= 0:
        return 1.0
    log_mean = math.log(mean)
    return math.fsum(math.exp(k * log_mean - mean - math.lgamma(k + 1)) for k in range(count + 1))


def _falling_root(function: Callable[[float], float], high: float) -> float:
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2

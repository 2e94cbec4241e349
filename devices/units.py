"""Units that devices use become SI here, and times become milliseconds UTC."""

from devices.errors import WireError, WireReason

KMH_PER_MPS = 3.6

_MIN_S = 946_684_800  # 2000-01-01
_MAX_S = 4_102_444_800  # 2100-01-01
_MS_PER_S = 1000
_PER_SECOND = (1, 1000, 1_000_000, 1_000_000_000)


def time_ms(value: int) -> tuple[int, bool]:
    """Read an epoch time whose unit is told by its magnitude (decisions.md 12).

    Returns:
        Milliseconds UTC, and whether it was not milliseconds.

    Raises:
        WireError: ``time`` when no unit gives a year from 2000 to 2099.
    """
    for per_s in _PER_SECOND:
        if _MIN_S * per_s <= value < _MAX_S * per_s:
            return value * _MS_PER_S // per_s, per_s != _MS_PER_S
    raise WireError(WireReason.TIME, "no unit of this number gives a year from 2000 to 2099")

"""Units that devices use become SI here, and times become milliseconds UTC."""

from devices.errors import WireError, WireReason

KMH_PER_MPS = 3.6

_MIN_S = 315_964_800  # 1980-01-06, the GPS epoch: weeks that rolled over may point back so far
_MAX_S = 4_102_444_800  # 2100-01-01
_MS_PER_S = 1000
_MIN_MS, _MAX_MS = _MIN_S * _MS_PER_S, _MAX_S * _MS_PER_S
_PER_SECOND = (1, 1000, 1_000_000, 1_000_000_000)


def time_ms(value: int) -> tuple[int, bool]:
    """Read an epoch time whose unit is told by its magnitude (decisions.md 12).

    Returns:
        Milliseconds UTC, and whether it was not milliseconds.

    Raises:
        WireError: ``time`` when no unit gives a year from 1980 to 2099.
    """
    if _MIN_MS <= value < _MAX_MS:  # as it should be
        return value, False
    for per_s in _PER_SECOND:
        if _MIN_S * per_s <= value < _MAX_S * per_s:
            return value * _MS_PER_S // per_s, per_s != _MS_PER_S
    raise WireError(WireReason.TIME, "no unit of this number gives a year from 1980 to 2099")

"""Fewer points of several curves over one time axis, so that each keeps its extremes. Pure."""

from collections.abc import Iterable, Sequence

Curve = Sequence[float | None]
"""One value a point; None = there is none."""


def thinned(
    curves: Sequence[Curve], count: int, most: int, *, keep: Iterable[int] = ()
) -> list[int]:
    """Which of ``count`` points to draw, ascending: at most about ``most``.

    The points are cut into buckets of equal number; of each the least and the greatest of every
    curve stay, and so do the first, the last, and ``keep``.
    """
    if count <= most:
        return list(range(count))
    buckets = max((most - 2) // (2 * max(len(curves), 1)), 1)
    kept = {0, count - 1, *keep}
    for number in range(buckets):
        inside = range(number * count // buckets, (number + 1) * count // buckets)
        for curve in curves:
            known = [(value, k) for k in inside if (value := curve[k]) is not None]
            if known:
                kept |= {min(known)[1], max(known)[1]}
    return sorted(kept)

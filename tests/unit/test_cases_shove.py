"""Field case A-03: a shove that is kept is told to the owner, and noise is not."""

import numpy as np
import pytest

from alerts.detection.shapes import KEPT_AGREE_SIGMAS
from support.parking import Floats, Lot, Noise

SIZE = 200


def _scatter(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The car park of the case: 12 m each way, fix after fix anew."""
    east, north = rng.uniform(-12.2, 12.2, (2, SIZE))
    return east, north


@pytest.mark.parametrize("every_s", [30, 29.3, 60])
def test_shove_of_60_m_kept_for_three_fixes_is_found(every_s: float) -> None:
    """By its third fix, under the same scatter as before it; at most one in twenty is missed."""
    rng, lot = np.random.default_rng(3), Lot(SIZE)
    for _ in range(40):
        assert not lot.step(*_scatter(rng), after_s=every_s).kept.any()
    told = []

    for _ in range(3):
        east, north = _scatter(rng)
        told.append(int(lot.step(east, north + 60, after_s=every_s).kept.sum()))

    assert told[:2] == [0, 0]
    assert told[2] >= 0.95 * SIZE


@pytest.mark.parametrize(
    ("name", "away_m"),
    [
        ("two fixes", [60, 60, 0, 60, 60, 0]),
        ("an excursion that wanders", [60, 120, 60, 120, 60]),
        ("a push to the next rack", [25] * 20),
    ],
)
def test_what_is_no_kept_shove_tells_nobody(name: str, away_m: list[float]) -> None:
    """Exactly placed fixes, 30 s apart, after an hour of standing."""
    lot = Lot(1)
    for _ in range(120):
        lot.step(np.zeros(1), np.zeros(1), after_s=30)

    kept = [lot.step(np.zeros(1), np.array([m]), after_s=30).kept[0] for m in away_m]

    assert not any(kept), name
    assert KEPT_AGREE_SIGMAS * 6 < 60, "120 m is elsewhere"


@pytest.mark.parametrize("every_s", [15, 30])
def test_parked_noise_is_hardly_ever_kept_elsewhere(every_s: float) -> None:
    """64 vehicle-days, correlated and heavy-tailed: a leap that lasts is what a shove is."""
    lot, noise = Lot(64), Noise(64, seed=20_251_126)

    told = np.zeros(64, bool)
    for _ in range(round(86_400 / every_s)):
        told |= lot.step(*noise.after(every_s), after_s=every_s).kept

    assert told.sum() <= 2, "0.02 a vehicle-day was measured over 640"

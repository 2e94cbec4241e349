"""When a coin box will be full."""

import numpy as np
import pytest

from devices.box_forecast import forecast_full
from devices.charger_now import BoxNow
from devices.collection import due_of


def test_forecast_of_an_even_station() -> None:
    """20 coins a day, 360 to go: 18 days, and an interval around it."""
    full = forecast_full(400, 800, [20] * 28)

    assert full is not None
    assert (full.coins_per_day, full.days, full.of_days) == (20.0, 18.0, 28)
    assert full.high_days is not None
    assert 16.0 < full.low_days < 18.0 < full.high_days < 20.5


@pytest.mark.parametrize(("spread", "seed"), [(1.0, 1), (4.0, 2)])
def test_nine_in_ten_boxes_are_full_within_their_interval(spread: float, seed: int) -> None:
    """Of 400 stations with chance alone, and with rushes: between 83 and 97 in 100."""
    rng, hits, stations = np.random.default_rng(seed), 0, 400
    for _ in range(stations):
        mean = float(rng.uniform(4.0, 40.0))
        days = (
            rng.poisson(mean, 400)
            if spread == 1.0
            else rng.negative_binomial(mean / (spread - 1.0), 1.0 / spread, 400)
        )
        full = forecast_full(0, 400, days[:14].tolist())
        assert full is not None
        assert full.high_days is not None
        took = int(np.searchsorted(np.cumsum(days[14:]), 380)) + 0.5
        hits += full.low_days - 0.5 <= took <= full.high_days + 0.5

    assert 0.83 <= hits / stations <= 0.97


@pytest.mark.parametrize(
    ("coins", "cap", "days", "urgency"),
    [
        (770, 800, [10] * 9, "full"),
        (700, 800, [10] * 9, "nearly_full"),
        (600, 800, [60] * 9, "soon"),
        (100, 800, [10] * 9, "later"),
        (100, 800, [], "later"),
        (None, 800, [10] * 9, "unknown"),
        (100, None, [10] * 9, "unknown"),
    ],
)
def test_urgency(coins: int | None, cap: int | None, days: list[int], urgency: str) -> None:
    """By how full a box is, and then by how soon it may be."""
    box = BoxNow(coins, cap, None, False, None, None, "", None)  # noqa: FBT003 - a row's value

    assert due_of(box, days).urgency == urgency


def test_box_into_which_nothing_falls_is_perhaps_never_full() -> None:
    """A low bound alone, by the rule of three."""
    full = forecast_full(100, 800, [0] * 30)

    assert full is not None
    assert (full.days, full.high_days) == (None, None)
    assert full.low_days == pytest.approx(660 * 28 / 3)

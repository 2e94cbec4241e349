"""A city counts its own false alarms: what strayed and came back, not what was moved."""

import numpy as np
import pytest

from alerts.detection.rates import AlarmLevel
from alerts.rate_watch import RateWatch
from devices.model import SYNTHETIC_ID, SiteClass
from parkguard.detection_fit import curves_of, watched_run
from parkguard.replay.reading import read_lines
from parkguard.settings import Settings
from support.replay_files import Line, encoded, fix, in_order, stray, theft

OUT_M = (40.0, 80.0, 120.0, 160.0, 200.0, 240.0)
"""An excursion as a walk: farther with every fix, then back at once."""


def _watch(lines: list[Line]) -> RateWatch:
    run, watch = watched_run(Settings(), "-")
    run.feed(read_lines(encoded(lines), "-"))
    run.finish()
    return watch


def _parked(
    from_s: float, to_s: float, *, who: str = "trk/trk-1", every_s: float = 10
) -> list[Line]:
    return [fix(from_s + every_s * k, who=who) for k in range(round((to_s - from_s) / every_s))]


def _excursion(at_s: float, *, scale: float = 1.0) -> list[Line]:
    return [fix(at_s + 10 * k, east_m=scale * east_m) for k, east_m in enumerate(OUT_M)]


def _seen(watch: RateWatch, level: AlarmLevel = AlarmLevel.OWNER) -> int:
    seen = watch.parked(SiteClass.OPEN, level)
    return len(seen.peaks) + seen.others


def test_excursions_that_come_back_are_counted() -> None:
    """Two of them an hour apart are two, with their strength; the time between is under watch."""
    lines = [*theft()[:1], *_parked(0, 300), *_excursion(300), *_parked(360, 3_600, every_s=60)]
    lines += [*_excursion(3_600), *_parked(3_660, 4_000)]

    watch = _watch(lines)

    owner = watch.parked(SiteClass.OPEN, AlarmLevel.OWNER)
    assert _seen(watch) == 2
    assert (owner.peaks > 5).all()
    assert owner.vehicle_days == pytest.approx((4_000 - 60) / 86_400, rel=0.03)
    assert _seen(watch, AlarmLevel.POLICE) == 2
    assert watch.moved_away == 0
    assert watch.parked(SiteClass.CANYON, AlarmLevel.OWNER).vehicle_days == 0


def test_excursions_close_to_each_other_are_one() -> None:
    """Alarms within five minutes on one vehicle."""
    lines = [*theft()[:1], *_parked(0, 300), *_excursion(300), *_parked(360, 420)]
    lines += [*_excursion(420), *_parked(480, 900)]

    assert _seen(_watch(lines)) == 1


@pytest.mark.parametrize(
    "lines",
    [
        [*theft(), *[fix(320 + 10 * k, east_m=600.0) for k in range(30)]],
        [*theft()[:1], *_parked(0, 300), *_excursion(300, scale=7), *_parked(360, 600)],
        [
            *theft()[:1],
            *_parked(0, 300),
            *_excursion(300),
            *[fix(360 + 10 * k, east_m=240.0 + 60 * (k % 2)) for k in range(200)],
            *_parked(2_360, 2_500),
        ],
    ],
    ids=["stolen", "too far", "too long"],
)
def test_what_was_moved_is_left_out(lines: list[Line]) -> None:
    """It settled elsewhere, went too far for noise, or came back too late."""
    watch = _watch(lines)

    assert _seen(watch) == 0


def test_synthetic_theft_is_nobodys_noise() -> None:
    """The vehicle that is stolen for a test is not part of the city."""
    device: Line = {"kind": "device", "class": "trk", "id": SYNTHETIC_ID, "vehicle": SYNTHETIC_ID}
    lines = [device, *_parked(0, 600, who=f"trk/{SYNTHETIC_ID}")]

    assert _watch(lines).parked(SiteClass.OPEN, AlarmLevel.OWNER).vehicle_days == 0


def test_own_curves_are_fitted_where_enough_was_seen() -> None:
    """Twelve vehicles that stray once are enough at open sites; who made it stands in it."""
    lines = in_order(line for k in range(12) for line in stray(k, scale=0.7 + 0.05 * k))

    fitted = curves_of(
        _watch(lines), policy=Settings().detection, now_ms=1_764_300_000_000, data="d", command="c"
    )

    assert [(c.site_class, c.level) for c in fitted.curves][:1] == [
        (SiteClass.OPEN, AlarmLevel.OWNER)
    ]
    curve = fitted.curves[0]
    assert (curve.fitted_on, curve.data, curve.command, curve.seed) == (
        "2025-11-28",
        "d",
        "c",
        None,
    )
    assert curve.points[0].alarms == 12
    assert np.isfinite([point.per_day for point in curve.points]).all()

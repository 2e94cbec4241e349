"""What ``benchmarks.detection`` measures: parked vehicle-days, thefts, pushes, real rides."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alerts.detection.thresholds import CODE_OF, Thresholds
from alerts.intervals import wilson_95
from alerts.policy import DetectionPolicy
from benchmarks.detection_baselines import all_of
from benchmarks.detection_parked import Floats, Peaks, above, chunks, parked
from benchmarks.detection_rides import REPORTING_FOLDER, RealWays, rides_of
from benchmarks.detection_thefts import (
    H_GRID,
    PACES,
    Chased,
    Level,
    chased,
    follow,
    pushed,
)
from benchmarks.intervals import poisson
from devices.model import SiteClass
from parkguard.detection_rates import packaged_rates
from simulators.noise_families import FAMILIES, REPORTING

Row = dict[str, Any]
Step = Callable[[str], None]
H_TRIED = (6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 20.0)
"""Thresholds of the curves, nats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is run.

    Attributes:
        parked: Families and reporting intervals of parked vehicle-days, and how many of each.
        thefts: Families; with every pace and interval, so many each.
    """

    parked: tuple[tuple[str, float], ...]
    vehicle_days: int
    theft_families: tuple[str, ...]
    theft_every_s: tuple[float, ...]
    thefts: int
    ride_copies: int
    baselines_days: int


QUICK = Size(
    parked=(("open", 15.0), ("open-harsh", 15.0), ("street-b", 15.0), ("stuck-b", 15.0)),
    vehicle_days=100,
    theft_families=("open",),
    theft_every_s=(10.0, 15.0),
    thefts=100,
    ride_copies=2,
    baselines_days=60,
)
WHOLE = Size(
    parked=(
        *((name, 15.0) for name in REPORTING),
        *(
            (name, every_s)
            for name in ("open", "open-harsh", "stuck-b")
            for every_s in (10.0, 60.0)
        ),
    ),
    vehicle_days=2_000,
    theft_families=("open", "open-harsh", "street-b", "canyon-b", "stuck-b"),
    theft_every_s=(5.0, 10.0, 15.0, 30.0, 60.0),
    thefts=400,
    ride_copies=20,
    baselines_days=500,
)


def nats_of(policy: DetectionPolicy) -> Callable[[str], tuple[float, float]]:
    """Owner's and police nats of a family's site, as the engine looks them up."""
    thresholds = Thresholds.looked_up(packaged_rates(), policy)

    def nats(family: str) -> tuple[float, float]:
        code = CODE_OF[SiteClass(FAMILIES[family].site)]
        return float(thresholds.owner[code]), float(thresholds.police[code])

    return nats


def rate_row(events: int, vehicle_days: float) -> Row:
    """A count as a rate with its exact interval."""
    low, high = poisson(events, vehicle_days)
    return {"n": events, "per_day": events / vehicle_days, "low": low, "high": high}


def parked_rows(size: Size, policy: DetectionPolicy, number: int, step: Step) -> Iterator[Row]:
    """Per family and interval: false alarms of each level, and the whole curve."""
    nats = nats_of(policy)
    for family, every_s in size.parked:
        step(f"parked {family} {every_s:.0f} s")
        peaks = Peaks(vehicle_days=0.0)
        for k, vehicles in enumerate(chunks(size.vehicle_days)):
            peaks += parked(
                family,
                vehicles=vehicles,
                hours=24.0,
                every_s=every_s,
                number=number + k,
                policy=policy,
            )
        yield parked_row(family, every_s, peaks, nats(family))


def parked_row(family: str, every_s: float, peaks: Peaks, nats: tuple[float, float]) -> Row:
    """One family's false alarms."""
    owner_h, police_h = nats
    days = peaks.vehicle_days
    sure = above(peaks.owner, 1e9)
    return {
        "family": family,
        "site": FAMILIES[family].site,
        "built_for": FAMILIES[family].built_for,
        "every_s": every_s,
        "vehicle_days": days,
        "owner_nats": owner_h,
        "police_nats": police_h,
        "owner": rate_row(above(peaks.sensed, owner_h), days),
        "owner_by_position": rate_row(peaks.owner_n(owner_h), days),
        "of_it_kept_or_slow": rate_row(sure, days),
        "police_statistic": rate_row(peaks.police_n(police_h), days),
        "police_ready": rate_row(above(peaks.ready, police_h), days),
        "curve": {
            str(h): [(peaks.owner_n(h) - sure) / days, peaks.police_n(h) / days] for h in H_TRIED
        },
    }


def baseline_rows(size: Size, policy: DetectionPolicy, number: int, step: Step) -> Iterator[Row]:
    """Baselines on parked vehicle-days and on rides away, open site, 10 s."""
    vehicles = size.baselines_days
    step("baselines")
    still = parked(
        "open-harsh",
        vehicles=vehicles,
        hours=24.0,
        every_s=10.0,
        number=number,
        policy=policy,
        also=all_of(vehicles),
    )
    chase = chased_with_baselines(size.thefts, policy, number)
    owner_h, police_h = nats_of(policy)("open-harsh")
    ours = [
        ("ParkGuard, owner", above(still.owner, owner_h), chase.owner, owner_h),
        ("ParkGuard, police (position)", above(still.police, police_h), chase.police, police_h),
    ]
    theirs = [(name, still.others[name], chase.others[name], 2.0) for name in still.others]
    for name, alarms, level, threshold in [*ours, *theirs]:
        yield {
            "detector": name,
            "false": rate_row(alarms, still.vehicle_days),
            **level_row(level, 10.0, threshold),
        }


def chased_with_baselines(thefts: int, policy: DetectionPolicy, number: int) -> Chased:
    """Rides away under the harsh open family, watched by everyone."""
    return chased(
        "open-harsh",
        "ride",
        thefts=thefts,
        every_s=10.0,
        number=number,
        policy=policy,
        also=all_of(thefts),
    )


def level_row(level: Level, every_s: float, threshold: float) -> Row:
    """How often in time, how often at all, and when."""
    k = _k(threshold)
    in_time, found, after_s = level.in_time(every_s)[k], level.found()[k], level.after_s[k]
    low, high = wilson_95(int(in_time.sum()), len(in_time))
    found_low, found_high = wilson_95(int(found.sum()), len(found))
    return {
        "n": len(found),
        "in_time": float(in_time.mean()),
        "low": low,
        "high": high,
        "found": float(found.mean()),
        "found_low": found_low,
        "found_high": found_high,
        "p50_s": quantile(after_s, 0.5),
        "p95_s": quantile(after_s, 0.95),
        "p50_m": quantile(level.away_m[k], 0.5),
        "curve": {str(h): quantile(level.after_s[_k(h)], 0.5) for h in H_TRIED},
    }


def _k(h: float) -> int:
    """The grid's next threshold above: delays there are never better than at ``h`` itself."""
    if h > H_GRID[-1]:
        raise ValueError(f"{h:g} nats are above the grid: append to detection_thefts.H_GRID")
    return int(np.searchsorted(H_GRID, h))


def quantile(values: Floats, share: float) -> float | None:
    """A quantile with the missed counted as never; None = it lies among them."""
    value = float(np.quantile(values, share, method="higher"))
    return round(value, 1) if np.isfinite(value) else None


def theft_rows(size: Size, policy: DetectionPolicy, number: int, step: Step) -> Iterator[Row]:
    """Per family, pace and interval, both levels."""
    nats = nats_of(policy)
    for family in size.theft_families:
        for pace in PACES:
            for every_s in size.theft_every_s:
                step(f"{pace} {family} {every_s:.0f} s")
                chase = chased(
                    family,
                    pace,
                    thefts=size.thefts,
                    every_s=every_s,
                    number=number,
                    policy=policy,
                )
                yield {"family": family, "pace": pace, **both(chase, nats(family))}


def both(chase: Chased, nats: tuple[float, float]) -> Row:
    """Both levels of some thefts, by position alone and with a sensor."""
    return {
        "every_s": chase.every_s,
        "owner": level_row(chase.owner, chase.every_s, nats[0]),
        "police": level_row(chase.police, chase.every_s, nats[1]),
        "owner_sensed": level_row(chase.owner_sensed, chase.every_s, nats[0]),
        "police_sensed": level_row(chase.police_sensed, chase.every_s, nats[1]),
    }


def push_rows(size: Size, policy: DetectionPolicy, number: int, step: Step) -> Iterator[Row]:
    """Pushes of 30 m: nobody should be told."""
    nats = nats_of(policy)
    for family in size.theft_families:
        step(f"push {family}")
        chase = pushed(
            family, metres=30.0, pushes=size.thefts, every_s=10.0, number=number, policy=policy
        )
        yield {"family": family, **both(chase, nats(family))}


def ride_rows(
    folder: Path, size: Size, policy: DetectionPolicy, number: int, step: Step
) -> Iterator[Row]:
    """The reporting side of the real rides, on parked noise; nothing when they are not there."""
    rides = rides_of(folder, REPORTING_FOLDER)
    if not rides:
        return
    for family in ("open", "open-harsh"):
        for every_s in (10.0, 15.0):
            step(f"rides {family} {every_s:.0f} s")
            ways = RealWays(rides, copies=size.ride_copies, every_s=every_s, seed=number)
            chase = follow(family, ways, every_s=every_s, number=number, policy=policy)
            figures = both(chase, nats_of(policy)(family))
            yield {"family": family, "rides": ways.rides, **figures}

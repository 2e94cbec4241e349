"""Fits the packaged curves of false alarms against thresholds, on simulated parked vehicle-days.

    python -m benchmarks.fit_rates [--vehicle-days 20000] [--only open,street] [--json]

It needs the simulators, so it stands here and not behind ``parkguard``; ``parkguard detection fit``
does the same on a city's own journal. Tuning families only (``simulators.noise_families``): what
the curves promise is then measured on the others by ``python -m benchmarks.detection``.
"""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from rich.progress import Progress, TaskID

from alerts.detection.rate_fit import Made, Parked, TooFewAlarmsError, fit
from alerts.detection.rates import AlarmLevel, Curve, Rates
from alerts.policy import DetectionPolicy
from benchmarks.detection_parked import Peaks, chunks, parked
from devices.model import SiteClass
from parkguard.cli_progress import long_work
from parkguard.clock import wall_ms
from parkguard.detection_rates import as_text
from simulators.noise_families import TUNING

PACKAGED = Path(__file__).resolve().parents[1] / "alerts" / "detection" / "rates.json"
STANDS_FOR = {SiteClass.INDOOR: SiteClass.GARAGE}
"""No family is measured for it alone: indoors is as a garage (cold starts, far excursions)."""
HOURS = 24.0
EVERY_S = (10.0, 15.0, 60.0)
"""Reporting intervals: the protocol's 10 and 15 s, and the heartbeat of a tracker that saves."""


def families_of(site_class: SiteClass) -> list[str]:
    """The tuning families whose worst one counts at a site class."""
    site = STANDS_FOR.get(site_class, site_class)
    return [name for name, family in TUNING.items() if family.site == site]


def run(
    name: str, every_s: float, vehicle_days: int, number: int, tell: Callable[[float], None]
) -> Peaks:
    """Every false alarm of one family at one interval; ``number`` is the first seed of its side."""
    together = Peaks(vehicle_days=0.0)
    for k, vehicles in enumerate(chunks(vehicle_days)):
        done = together.vehicle_days

        def share(part: float, done: float = done, vehicles: int = vehicles) -> None:
            tell(done + part * vehicles)

        together += parked(
            name,
            vehicles=vehicles,
            hours=HOURS,
            every_s=every_s,
            number=number + k,
            policy=DetectionPolicy(),
            tell=share,
        )
    return together


def seen_at(level: AlarmLevel, peaks: Peaks, name: str) -> Parked:
    """One level's episodes; those of the rules without a threshold are infinitely strong."""
    strengths = np.array(peaks.owner if level is AlarmLevel.OWNER else peaks.police)
    finite = np.isfinite(strengths)
    return Parked(
        name=name,
        peaks=strengths[finite],
        others=int(len(strengths) - finite.sum()),
        vehicle_days=peaks.vehicle_days,
    )


def _show(progress: Progress, task: TaskID, done: float) -> None:
    progress.update(task, completed=done)


def measure(options: argparse.Namespace) -> list[Curve]:
    """The curves of the classes asked for."""
    wanted = [SiteClass(name) for name in options.only.split(",")] if options.only else SiteClass
    every_s = [float(text) for text in options.every_s.split(",")]
    runs = sorted({(name, at) for site in wanted for name in families_of(site) for at in every_s})
    seen: dict[tuple[str, float], Peaks] = {}
    share = max(options.vehicle_days // len(every_s), 1)
    with long_work() as progress:
        for name, at in runs:
            task = progress.add_task(f"{name} {at:g} s", total=share)
            seen[name, at] = run(
                name,
                at,
                share,
                options.number,
                partial(_show, progress, task),
            )
            progress.remove_task(task)
    curves = []
    for site_class in wanted:
        names = families_of(site_class)
        made = Made(
            policy=DetectionPolicy(),
            fitted_on=datetime.fromtimestamp(wall_ms() / 1000, UTC).date().isoformat(),
            data=f"simulated parked noise ({', '.join(names)}; {options.every_s} s), "
            "the worst at each threshold",
            seed=options.number,
            command=f"python -m benchmarks.fit_rates --vehicle-days {options.vehicle_days} "
            f"--every-s {options.every_s} --number {options.number} --only {site_class}",
        )
        for level in AlarmLevel:
            group = [seen_at(level, seen[name, at], name) for name in names for at in every_s]
            try:
                curves.append(fit(group, site_class=site_class, level=level, made=made))
            except TooFewAlarmsError as exc:
                print(f"not fitted, the old curve stays: {exc}")
    return curves


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--vehicle-days", type=int, default=20_000, help="of each family, over all intervals"
    )
    parser.add_argument(
        "--every-s",
        default=",".join(f"{at:g}" for at in EVERY_S),
        help="reporting intervals, with commas; the worst counts",
    )
    parser.add_argument("--number", type=int, default=0, help="first seed of the tuning side")
    parser.add_argument("--only", default="", help="site classes, with commas; default: all")
    parser.add_argument("--out", type=Path, default=PACKAGED, help="file; what it has stays")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    new = Rates(curves=tuple(measure(options)))
    old = Rates()
    if options.out.exists():
        old = msgspec.json.decode(options.out.read_bytes(), type=Rates)
    options.out.write_text(as_text(old.under(new)))
    for curve in new.curves:
        last = curve.points[-1]
        row = {
            "site_class": curve.site_class.value,
            "level": curve.level.value,
            "vehicle_days": curve.vehicle_days,
            "points": len(curve.points),
            "measured_to_per_day": last.per_day,
            "at_nats": last.nats,
            "per_nat": curve.per_nat,
            "other_per_day": curve.other_per_day,
            "nats": {f"{rate:g}": round(curve.nats_of(rate), 2) for rate in (1 / 300, 1e-5)},
        }
        print(json.dumps(row) if options.json else " ".join(f"{k}={v}" for k, v in row.items()))


if __name__ == "__main__":
    main()

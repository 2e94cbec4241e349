"""What the packaged curves promise against what noise they were not fitted on gives.

    python -m benchmarks.rates_kept [--vehicle-days 2000] [--only open,canyon] [--json]

For every reporting family (``simulators.noise_families``) the thresholds of its site class at
several rates, and the false alarms counted there with exact Poisson 95 % intervals. "kept" means
that the rate set is inside or above the interval.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from alerts.detection.rates import AlarmLevel, Rates
from alerts.intervals import poisson_95
from benchmarks.detection_parked import Peaks
from benchmarks.fit_rates import EVERY_S, run, seen_at
from devices.model import SiteClass
from parkguard.cli_progress import long_work
from parkguard.detection_rates import packaged_rates
from simulators.noise_families import REPORTING

RATES = (1e-1, 1e-2, 3e-3, 1e-3, 1e-4)
"""What is set, per vehicle-day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One family at one rate; per vehicle-day, ``low`` and ``high`` bound ``per_day``."""

    site_class: str
    family: str
    level: str
    rate: float
    nats: float
    is_measured: bool
    alarms: int
    vehicle_days: float
    per_day: float
    low: float
    high: float

    @property
    def is_kept(self) -> bool:
        """Whether the rate that was set may be the true one, or more."""
        return self.rate >= self.low


def rows_of(name: str, peaks: Peaks, rates: Rates) -> Iterator[Row]:
    """One row per level and rate of one family."""
    site_class = SiteClass(REPORTING[name].site)
    for level in AlarmLevel:
        curve = rates.find(site_class, level)
        if curve is None:
            continue
        seen = seen_at(level, peaks, name)
        for rate in RATES:
            nats = curve.nats_of(rate)
            alarms = int((seen.peaks > nats).sum())
            low, high = (bound / peaks.vehicle_days for bound in poisson_95(alarms))
            yield Row(
                site_class=site_class.value,
                family=name,
                level=level.value,
                rate=rate,
                nats=round(nats, 1),
                is_measured=curve.is_measured(rate),
                alarms=alarms,
                vehicle_days=peaks.vehicle_days,
                per_day=alarms / peaks.vehicle_days,
                low=low,
                high=high,
            )


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--vehicle-days", type=int, default=2_000, help="of each family, over all intervals"
    )
    parser.add_argument("--number", type=int, default=900, help="first seed of the reporting side")
    parser.add_argument("--only", default="", help="site classes, with commas; default: all")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else [site.value for site in SiteClass]
    names = [name for name, family in REPORTING.items() if family.site in wanted]
    rates, rows = packaged_rates(), list[Row]()
    share = max(options.vehicle_days // len(EVERY_S), 1)
    with long_work() as progress:
        task = progress.add_task("reporting families", total=len(names))
        for name in names:
            peaks = Peaks(vehicle_days=0.0)
            for every_s in EVERY_S:
                peaks += run(name, every_s, share, options.number, lambda _done: None)
            rows += rows_of(name, peaks, rates)
            progress.advance(task)
    if options.json:
        print(json.dumps([asdict(row) | {"is_kept": row.is_kept} for row in rows]))
        return
    table = Table(title="false alarms per vehicle-day at the thresholds of a rate, 95 % intervals")
    for column in ("site", "family", "level", "set", "nats", "given", "interval", "kept"):
        table.add_column(column)
    for row in rows:
        table.add_row(
            row.site_class,
            row.family,
            row.level,
            f"{row.rate:g}",
            f"{'' if row.is_measured else '~'}{row.nats}",
            f"{row.per_day:.2g}" if row.alarms else f"<{row.high:.2g}",
            f"{row.low:.2g}-{row.high:.2g}",
            "yes" if row.is_kept else f"no, {row.per_day / row.rate:.1f} times",
        )
    Console().print(table)


if __name__ == "__main__":
    main()

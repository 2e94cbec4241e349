"""Days with planted faults through the live code: hits, misses, inventions, and how soon.

    python -m benchmarks.planted [--seeds 10] [--first 1] [--full] [--jobs 2] [--json]

Every day is a replay file made from a seed (``parkguard-sim faults --seed N``): about 280 devices
for 24 h, twelve faults, each once, among ordinary noise. ``--full``: devices report as often as in
life (cameras and stations every 60 s, wired trackers every 180 s), else about a quarter of it. A
delay is from the planting until the last of its devices shows it. Exit 1: a miss or an invention.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.table import Table

from benchmarks.planted_run import Ran, run_day
from benchmarks.rig import machine
from simulators.cli_options import progress_bar
from simulators.faults.town import DayPlan, full_day


def run_all(seeds: Sequence[int], *, full: bool, jobs: int) -> Iterator[Ran]:
    """Every day as it is done, in order of seeds."""
    plans = [full_day(seed) if full else DayPlan(seed=seed) for seed in seeds]
    if jobs <= 1:
        yield from map(run_day, plans)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run_day, plans)


def figures_of(runs: Sequence[Ran]) -> dict[str, object]:
    """Plain figures over all days."""
    faults = sorted({fault for ran in runs for fault in ran.delays_s})
    delays = {f: sorted(ran.delays_s[f] for ran in runs if f in ran.delays_s) for f in faults}
    return {
        "machine": machine(),
        "days": len(runs),
        "seeds": [ran.seed for ran in runs],
        "hits": sum(len(ran.hits) for ran in runs),
        "missed": [f"seed {ran.seed}: {miss}" for ran in runs for miss in ran.missed],
        "invented": [f"seed {ran.seed}: {one}" for ran in runs for one in ran.invented],
        "delay_s": {
            fault: {"n": len(of), "p50": round(of[len(of) // 2]), "max": round(of[-1])}
            for fault, of in delays.items()
        },
        "messages": sum(ran.messages for ran in runs),
        "cpu_s": round(sum(ran.cpu_s for ran in runs), 1),
    }


def table_of(runs: Sequence[Ran]) -> Table:
    """For people."""
    table = Table(title=f"{len(runs)} days with twelve planted faults each")
    for name in ("fault", "seen", "delay p50 s", "max s"):
        table.add_column(name, justify="left" if name == "fault" else "right")
    for fault in sorted({fault for ran in runs for fault in ran.delays_s}):
        delays = sorted(ran.delays_s[fault] for ran in runs if fault in ran.delays_s)
        row = f"{len(delays)}/{len(runs)}", f"{delays[len(delays) // 2]:.0f}", f"{delays[-1]:.0f}"
        table.add_row(fault, *row)
    return table


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="how many days")
    parser.add_argument("--first", type=int, default=1, help="seed of the first")
    parser.add_argument("--full", action="store_true", help="report as often as in life")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.seeds < 1:
        parser.error("--seeds from 1")
    runs: list[Ran] = []
    with progress_bar(total=asked.seeds, as_json=asked.json) as bar:
        seeds = range(asked.first, asked.first + asked.seeds)
        for ran in run_all(seeds, full=asked.full, jobs=asked.jobs):
            runs.append(ran)
            bar.show(len(runs), f"seed {ran.seed}: {len(ran.hits)} of 12")
    figures = figures_of(runs)
    if asked.json:
        print(json.dumps(figures))
    else:
        console = Console()
        console.print(table_of(runs))
        for ran in runs:
            for line in (*ran.missed, *(f"invented: {one}" for one in ran.invented)):
                console.print(f"seed {ran.seed}: {line}")
    sys.exit(int(any(ran.missed or ran.invented for ran in runs)))


if __name__ == "__main__":
    main()

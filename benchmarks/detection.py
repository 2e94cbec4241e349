"""How often detection is wrong and how soon it is right: ours and every baseline, same fixes.

    python -m benchmarks.detection [--quick] [--rides DIR] [--full FILE] [--curves SVG] [--json]

Reporting families, seeds and rides only (``simulators.noise_families``): nothing was tuned on
them. Thresholds are those of the packaged rates. Every rate has its exact Poisson interval, every
share its Wilson interval (95 %). ``--full`` adds what ``benchmarks.detection_full`` ran so far.
"""

import argparse
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alerts.policy import DetectionPolicy
from benchmarks import detection_full, detection_measure
from benchmarks.detection_cost import costs
from benchmarks.detection_curves import draw_curves
from benchmarks.detection_report import as_text
from benchmarks.rig import machine
from parkguard.cli_progress import long_work
from parkguard.clock import wall_ms

RIDES = Path("../shared/data/ebike-dublin")


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every figure by name."""
    began = time.process_time()
    size = detection_measure.QUICK if arguments.quick else detection_measure.WHOLE
    if arguments.vehicle_days:
        size = replace(size, vehicle_days=arguments.vehicle_days)
    policy, number = DetectionPolicy(), arguments.seed
    with long_work() as progress:
        task = progress.add_task("detection", total=None)

        def step(what: str) -> None:
            progress.update(task, description=what)

        args = (size, policy, number, step)
        figures: dict[str, Any] = {
            "machine": machine(),
            "date": datetime.fromtimestamp(wall_ms() / 1000, UTC).date().isoformat(),
            "seed": number,
            "owner_rate": policy.owner_rate,
            "police_rate": policy.police_rate,
            "parked": list(detection_measure.parked_rows(*args)),
            "thefts": list(detection_measure.theft_rows(*args)),
            "pushes": list(detection_measure.push_rows(*args)),
            "rides": list(detection_measure.ride_rows(arguments.rides, *args)),
            "baselines": list(detection_measure.baseline_rows(*args)),
        }
        step("cost")
        figures["cost_us"] = costs()
    figures["full"] = full_rows(arguments.full) if arguments.full else []
    figures["cpu_s"] = round(time.process_time() - began, 1)
    return figures


def full_rows(path: Path) -> list[dict[str, Any]]:
    """What the long run reached so far, by family and together."""
    chunks, rows = detection_full.read(path), []
    nats = detection_measure.nats_of(DetectionPolicy())
    for family in (*detection_full.FAMILIES, None):
        of_it = [chunk for chunk in chunks if family in {chunk.family, None}]
        if of_it:
            peaks, named = detection_full.as_peaks(of_it), family or "open"
            row = detection_measure.parked_row(named, 15.0, peaks, nats(named))
            rows.append({**row, "family": family or "both"})
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="under a minute, wide intervals")
    parser.add_argument("--rides", type=Path, default=RIDES, help="folder of real rides")
    parser.add_argument("--full", type=Path, help="file of benchmarks.detection_full")
    parser.add_argument("--vehicle-days", type=int, help="of each family and interval")
    parser.add_argument("--seed", type=int, default=0, help="number of the reporting seeds")
    parser.add_argument("--curves", type=Path, help="draw false alarms against delay (SVG)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments)
    if arguments.curves:
        arguments.curves.write_text(draw_curves(figures), encoding="utf-8")
    print(json.dumps(figures) if arguments.json else as_text(figures))


if __name__ == "__main__":
    main()

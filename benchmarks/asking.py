"""The tracker is asked: time and metres to owner and police-ready with and without; its price.

    python -m benchmarks.asking [--quick] [--json] [--vehicles 40] [--seeds 2] [--deaf 0.1]
        [--vehicle-days 1000] [--hours 12] [--only thefts|parked]

Thefts run through the live pipeline on a simulated clock, trackers answer after the radio's delay
(``asking_loop``); parked vehicles through the real statistic, many at once (``asking_parked``).
"""

import argparse
import json
import time
from collections import Counter
from typing import Any

from benchmarks import asking_parked, asking_thefts
from benchmarks.asking_thefts import HEARTBEATS, THEFTS, Told
from benchmarks.rig import machine
from parkguard.cli_progress import long_work
from parkguard.detection_rates import thresholds_of
from parkguard.settings import Settings

FAMILIES = ("open", "open-harsh", "street-b")
"""Of ``simulators.noise_families``: the reporting ones of open sites and of streets."""
PARKED_S = (60.0, 300.0, 3_600.0)


def thefts(arguments: argparse.Namespace, settings: Settings) -> list[dict[str, Any]]:
    """One row per kind, heartbeat and side."""
    rows: list[dict[str, Any]] = []
    with long_work() as progress:
        task = progress.add_task("thefts", total=len(THEFTS) * len(HEARTBEATS) * 2)
        for name in THEFTS:
            for heartbeat in HEARTBEATS:
                for asks in (False, True):
                    told, deaf, commands = Told(), Told(), Counter[str]()
                    began = time.process_time()
                    for seed in range(arguments.seeds):
                        some = asking_thefts.play(
                            name,
                            heartbeat,
                            vehicles=arguments.vehicles,
                            seed=seed,
                            asks=asks,
                            deaf_share=arguments.deaf,
                            settings=settings,
                        )
                        _add(told, some[0])
                        _add(deaf, some[1])
                        commands += some[2]
                    row = {
                        "theft": name,
                        "heartbeat": heartbeat.name,
                        "asked": asks,
                        "answer": told.figures(),
                        "deaf": deaf.figures(),
                        "commands": dict(commands),
                        "cpu_s": round(time.process_time() - began, 1),
                    }
                    rows.append(row)
                    progress.console.log(row)
                    progress.advance(task)
    return rows


def _add(total: Told, some: Told) -> None:
    total.thefts += some.thefts
    total.unarmed += some.unarmed
    total.owner += some.owner
    total.moved += some.moved
    total.police += some.police


def parked(arguments: argparse.Namespace, settings: Settings) -> list[dict[str, Any]]:
    """One row per family, heartbeat and side."""
    rows: list[dict[str, Any]] = []
    thresholds = thresholds_of(settings)
    hours = arguments.hours
    vehicles = max(1, round(arguments.vehicle_days * 24 / hours))
    with long_work() as progress:
        task = progress.add_task("parked", total=len(FAMILIES) * len(PARKED_S) * 2)
        for family in FAMILIES:
            for heartbeat_s in PARKED_S:
                for asks in (False, True):
                    began = time.process_time()
                    quiet = asking_parked.parked(
                        family,
                        vehicles=vehicles,
                        hours=hours,
                        heartbeat_s=heartbeat_s,
                        asks=asks,
                        number=arguments.number,
                        policy=settings.detection,
                        thresholds=thresholds,
                    )
                    row = {"family": family, "heartbeat_s": heartbeat_s, "asked": asks}
                    cpu_s = round(time.process_time() - began, 1)
                    rows.append(row | quiet.figures() | {"cpu_s": cpu_s})
                    progress.console.log(rows[-1])
                    progress.advance(task)
    return rows


def show(figures: dict[str, Any]) -> None:
    """Tables for people."""
    head = f"{'theft':16s} {'heartbeat':15s} {'asked':6s} {'n':>4s}"
    levels = ("owner", "movement", "police")
    print(head + "".join(f" | {level + ' told, p50 p95 s, p50 p95 m':38s}" for level in levels))
    for row in figures.get("thefts", []):
        found = row["answer"]
        cells = []
        for level in levels:
            one = found[level]
            values = [one[key] for key in ("p50_s", "p95_s", "p50_m", "p95_m")]
            shown = " ".join("    never" if v is None else f"{v:9.0f}" for v in values)
            cells.append(f"{one['told']:3d} {shown}".ljust(38))
        asked = "yes" if row["asked"] else "no"
        start = f"{row['theft']:16s} {row['heartbeat']:15s} {asked:6s} {found['thefts']:4d}"
        print(start + "".join(f" | {cell}" for cell in cells))
    for row in figures.get("parked", []):
        print("  ".join(f"{name} {value}" for name, value in row.items()))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="about a minute: few of everything")
    parser.add_argument("--vehicles", type=int, default=40, help="thefts of a kind and seed")
    parser.add_argument("--seeds", type=int, default=2, help="noise seeds")
    parser.add_argument("--deaf", type=float, default=0.1, help="share that does not answer")
    parser.add_argument("--vehicle-days", type=float, default=1_000.0, help="parked, of each row")
    parser.add_argument("--hours", type=float, default=12.0, help="each of them stands so long")
    parser.add_argument("--number", type=int, default=0, help="seed of the parked ones")
    parser.add_argument("--only", choices=("thefts", "parked"))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.vehicles, arguments.seeds = 8, 1
        arguments.vehicle_days, arguments.hours = 20.0, 6.0
    settings = Settings()
    figures: dict[str, Any] = {"machine": machine(), "arguments": vars(arguments)}
    if arguments.only != "parked":
        figures["thefts"] = thefts(arguments, settings)
    if arguments.only != "thefts":
        figures["parked"] = parked(arguments, settings)
    if arguments.json:
        print(json.dumps(figures))
    else:
        show(figures)


if __name__ == "__main__":
    main()

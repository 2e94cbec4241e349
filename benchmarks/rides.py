"""Real rides as thefts over a real broker, in real time: all stored, none lost, what was detected.

    python -m benchmarks.rides ../shared/data/ebike-dublin [--every-s 10] [--json]

Each ride begins after simulated parking. Prints a row a ride and the summary: when (after the
first true displacement over 10 m) and how far from its place the owner would be told, and when
police-ready. Takes as long as the longest ride.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from benchmarks.rig import Rig, machine, platform, wait_for
from parkguard.demo_story import book_totals

STEPS = {"raised": "owner", "police_ready": "police"}


def ride_all(rig: Rig, arguments: argparse.Namespace) -> dict[str, Any]:
    """Publish every ride; the sender's summary."""
    limit = ("--seconds", str(arguments.seconds)) if arguments.seconds else ()
    done = subprocess.run(  # noqa: S603 - our own command
        [
            *(sys.executable, "-m", "simulators", "rides", str(arguments.folder), "--json"),
            *("--every-s", str(arguments.every_s), "--parked-s", str(arguments.parked_s)),
            *("--port", str(rig.broker_port), "--credentials", str(rig.credentials)),
            *("--truth", str(rig.folder / "truth.jsonl"), *limit),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return summary


def steps_of(rig: Rig) -> dict[str, dict[str, tuple[int, float]]]:
    """By vehicle: when (receive time, ms) and how far away each level was reached first."""
    found: dict[str, dict[str, tuple[int, float]]] = {}
    with httpx.Client(**rig.client()) as client:
        cursor = None
        while True:
            page = client.get(
                "/v1/alerts", params={"limit": 500, **({"cursor": cursor} if cursor else {})}
            )
            body = page.json()
            for alert in body["alerts"]:
                timeline = client.get(f"/v1/alerts/{alert['id']}").json()["timeline"]
                for step in timeline:
                    name = STEPS.get(step["what"])
                    if name is not None:
                        steps = found.setdefault(alert["vehicle_id"], {})
                        at = (int(step["at_ms"]), float(step["moved_m"]))
                        steps[name] = min(steps.get(name, at), at)
            cursor = body["next"]
            if not cursor:
                return found


def summary_of(values: list[float]) -> dict[str, float | int | None]:
    """Count, median, 95th percentile and largest."""
    ordered = sorted(values)
    if not ordered:
        return {"n": 0, "p50": None, "p95": None, "max": None}
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "max": round(ordered[-1], 1),
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """One run; every figure by name."""
    with platform(("rides", str(arguments.folder))) as rig:
        sent = ride_all(rig, arguments)

        def stored() -> bool:
            totals = book_totals(rig.books())
            done = totals["projected"] + totals["thinned"]
            return totals["received"] >= sent["made"] and done == totals["accepted"]

        wait_for(stored, within_s=60, what="everything projected")
        totals, found = book_totals(rig.books()), steps_of(rig)
        quarantined = [line for line in rig.books() if line["name"] == "quarantined"]
        truths = [
            json.loads(line) for line in (rig.folder / "truth.jsonl").read_text().splitlines()
        ]
    rows = []
    for truth in truths:
        steps, onset = found.get(truth["vehicle"], {}), truth["onset_ms"]
        row: dict[str, Any] = {"vehicle": truth["vehicle"]}
        for name in STEPS.values():
            if name in steps and onset is not None:
                row[f"{name}_s"] = round((steps[name][0] - onset) / 1000, 1)
                row[f"{name}_m"] = round(steps[name][1])
        rows.append(row)
    return {
        "machine": machine(),
        "rides": len(truths),
        "made": sent["made"],
        "books": totals,
        "quarantined": {line["reason"]: line["count"] for line in quarantined},
        "lost": sent["made"] - totals["received"] + totals["duplicate"],
        **{
            f"{name}_{unit}": summary_of(
                [row[f"{name}_{unit}"] for row in rows if f"{name}_{unit}" in row]
            )
            for name in STEPS.values()
            for unit in ("s", "m")
        },
        "rows": rows,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of trip_*.csv")
    parser.add_argument("--every-s", type=float, default=10.0)
    parser.add_argument("--parked-s", type=float, default=120.0)
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after; 0 = to the end")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments)
    if arguments.json:
        print(json.dumps(figures))
        return
    for row in figures.pop("rows"):
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    for name, value in figures.items():
        print(f"{name:12s} {value}")


if __name__ == "__main__":
    main()

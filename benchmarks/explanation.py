"""What it costs to explain one alert in a city: CPU, wall clock and memory of the process.

    python -m benchmarks.explanation [--devices 100000] [--minutes 90] [--plain] [--json]

A journal and records are made (``benchmarks.explanation_city``), then the process of
``GET /v1/alerts/{alert_id}/explanation`` explains the theft in them, several times; medians. Closed
segments are archives, as they are in a city; ``--plain`` leaves them as they were written.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from api.explain_schemas import ExplanationOut
from benchmarks.explanation_city import Size, make
from parkguard.cli_progress import long_work
from parkguard.clock import monotonic_s
from parkguard.explain.order import Order
from parkguard.wiring.explain import CHILD
from parkguard.wiring.shared import Places

PATIENCE_S = 600.0
"""No deadline: what it costs is to be known whatever it is."""


def made(folder: Path, size: Size, *, archived: bool) -> tuple[Order, dict[str, float]]:
    """A city, and how large it became."""
    with long_work() as progress:
        task = progress.add_task(f"{size.trackers} trackers", total=None)
        order = make(
            folder,
            size,
            archived=archived,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    journal = Places(folder).journal
    files = [path for path in journal.iterdir() if path.is_file()]
    return order, {
        "trackers": size.trackers,
        "journal_minutes": size.minutes,
        "segments": sum(path.name.endswith((".db", ".zst")) for path in files),
        "journal_mb": sum(path.stat().st_size for path in files) / 1e6,
    }


def explained(order: Order) -> tuple[dict[str, float], ExplanationOut]:
    """Run the process once."""
    began_s = time.perf_counter()
    patient = replace(order, ends_s=monotonic_s() + PATIENCE_S)
    with subprocess.Popen(CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603 - ours
        assert child.stdin is not None  # noqa: S101 - tells the type
        assert child.stdout is not None  # noqa: S101
        child.stdin.write(msgspec.json.encode(patient))
        child.stdin.close()
        said = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"it ended with {child.returncode}: {said.decode()}")
    figures = {
        "wall_s": time.perf_counter() - began_s,
        "cpu_s": used.ru_utime + used.ru_stime,
        "rss_mb": used.ru_maxrss / 1024,
    }
    return figures, ExplanationOut.model_validate_json(said)


def measure(folder: Path, size: Size, *, rounds: int, archived: bool) -> dict[str, float]:
    """Figures of one city by name, of the runs their medians."""
    order, figures = made(folder, size, archived=archived)
    with long_work() as progress:
        turns = progress.track(range(rounds), description="explaining")
        runs, answers = zip(*(explained(order) for _ in turns), strict=True)
    answer = answers[-1]
    if not answer.alerts:
        raise SystemExit("the theft was not found: what was measured is no explanation")
    figures |= {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return figures | {"neighbours": answer.neighbours, "fixes": answer.fixes_total}


def main() -> None:
    """Measure and print a line for each city."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--devices", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--minutes", type=int, default=90, help="so long a journal")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help="closed segments are no archives")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    for trackers in asked.devices:
        size = Size(trackers=trackers, minutes=asked.minutes)
        with tempfile.TemporaryDirectory(prefix="parkguard-explanation-") as name:
            figures = measure(Path(name), size, rounds=asked.rounds, archived=not asked.plain)
        rounded = {key: round(value, 2) for key, value in figures.items()}
        print(json.dumps(rounded) if asked.json else _line(rounded), flush=True)


def _line(figures: dict[str, float]) -> str:
    return "  ".join(f"{key} {value:,g}" for key, value in figures.items())


if __name__ == "__main__":
    main()

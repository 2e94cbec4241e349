"""The 44 scenarios through the live code: as expected or not, and how soon a theft was told.

    python -m benchmarks.scenarios [--seeds 50] [--only 14,17] [--share 1] [--jobs 2]
        [--minutes 30] [--keep FILE.jsonl] [--json | --markdown]

Every run is a replay file made from a seed (``parkguard-sim scenario N``), run in this process on
the replay's own classes with the city's policy of dispatching without a human switched on. Times
and true metres count from a theft's onset. With ``--keep`` every run stands in a file as soon as it
is done, and what stands there is not run again. Exit 1: a scenario that should hold did not.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from alerts.intervals import poisson_95, wilson_95
from benchmarks.rig import machine
from benchmarks.scenario_kept import Kept
from benchmarks.scenario_run import Ran, run_scenario
from simulators.cli_options import progress_bar
from simulators.thefts.expected import Bound
from simulators.thefts.table import SCENARIOS, Scenario

SHOWN = 3
"""Kinds of misses that the table shows of a scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One scenario over all its runs.

    Attributes:
        good: Runs that went as expected.
        bound: What the bound of owners' notices says; "" = it has none, or it is kept.
        misses: How often each thing went wrong, most frequent first.
    """

    scenario: Scenario
    runs: Sequence[Ran]
    good: int
    bound: str
    misses: Sequence[tuple[str, int]]

    @property
    def holds(self) -> bool:
        """Whether every run went as expected and the bound is kept."""
        return self.good == len(self.runs) and not self.bound


def verdict_of(scenario: Scenario, runs: Sequence[Ran]) -> Verdict:
    """Judge all runs of a scenario."""
    counted: dict[str, int] = {}
    for ran in runs:
        for miss in {_kind_of(miss) for miss in ran.misses}:
            counted[miss] = counted.get(miss, 0) + 1
    return Verdict(
        scenario=scenario,
        runs=runs,
        good=sum(not ran.misses for ran in runs),
        bound=_bound_fault(scenario.bound, runs) if scenario.bound else "",
        misses=sorted(counted.items(), key=lambda one: -one[1]),
    )


def _kind_of(miss: str) -> str:
    """A miss without its figures and its vehicle: what can be counted."""
    words = miss.split(": ", 1)[1] if miss.startswith("v-") else miss
    return " ".join("N" if _is_figure(word) else word for word in words.split())


def _is_figure(word: str) -> bool:
    """Seconds, metres and counts; levels have one digit."""
    digits = word.strip("(),")
    return digits.isdigit() and len(digits) > 1


def _bound_fault(bound: Bound, runs: Sequence[Ran]) -> str:
    """A bound is broken when even the lower end of the interval is above it."""
    notices = sum(ran.notices for ran in runs)
    if bound.per_run is not None:
        told = sum(ran.notices > 0 for ran in runs)
        low, high = wilson_95(told, len(runs))
        share = f"owner told in {told} of {len(runs)} runs ({low:.1%}-{high:.1%})"
        return f"{share}, {bound.per_run:.0%} are right" if low > bound.per_run else ""
    days = sum(ran.vehicle_days for ran in runs)
    low, high = (limit / days for limit in poisson_95(notices))
    rate = f"{notices} owner notices in {days:.1f} vehicle-days ({low:.2g}-{high:.2g} a day)"
    return f"{rate}, {bound.per_day} are right" if low > (bound.per_day or 0.0) else ""


def run_all(
    wanted: Sequence[tuple[int, int]], *, share: float, jobs: int
) -> Generator[tuple[int, Ran]]:
    """Every run as it is done, in this order of numbers and seeds."""
    if jobs <= 1:
        for number, seed in wanted:
            yield number, run_scenario(SCENARIOS[number], seed, share=share)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(_run, number, seed, share): number for number, seed in wanted}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _run(number: int, seed: int, share: float) -> Ran:
    return run_scenario(SCENARIOS[number], seed, share=share)


def figures_of(verdict: Verdict) -> dict[str, Any]:
    """One scenario as plain figures."""
    row, runs = verdict.scenario, verdict.runs
    return {
        "scenario": row.number,
        "name": row.name,
        "expected": row.right,
        "runs": len(runs),
        "as_expected": verdict.good,
        "holds": verdict.holds,
        "known": row.why,
        "bound": verdict.bound,
        "misses": dict(verdict.misses),
        "notices": sum(ran.notices for ran in runs) if row.bound else None,
        "vehicle_days": round(sum(ran.vehicle_days for ran in runs), 2),
        "thefts": sum(ran.thefts for ran in runs),
        **{name: _spread([v for ran in runs for v in getattr(ran, name)]) for name in _MEASURES},
        "messages": sum(ran.messages for ran in runs),
        "cpu_s": round(sum(ran.cpu_s for ran in runs), 1),
    }


_MEASURES = ("owner_s", "owner_m", "police_s", "police_m")


def _spread(values: list[float]) -> dict[str, float | int | None]:
    """Number, median and 95th percentile (nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        return {"n": 0, "p50": None, "p95": None}
    at = [ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in (0.5, 0.95)]
    return {"n": len(ordered), "p50": round(at[0], 1), "p95": round(at[1], 1)}


def table_of(verdicts: Sequence[Verdict]) -> Table:
    """For people."""
    table = Table(title="44 scenarios; p50/p95 from a theft's onset, true metres")
    for name in (
        "#",
        "scenario",
        "expected",
        "as expected",
        "owner s",
        "owner m",
        "police s",
        "police m",
    ):
        table.add_column(name, justify="right" if name[-2:] in {" s", " m", "ed"} else "left")
    table.add_column("what else", overflow="fold")
    for verdict in verdicts:
        figures = figures_of(verdict)
        spans = [_pair(figures[name]) for name in _MEASURES]
        said = [f"{number} x {what}" for what, number in verdict.misses[:SHOWN]]
        if verdict.bound:
            said.append(verdict.bound)
        if verdict.scenario.why:
            said.append(f"known: {verdict.scenario.why}")
        elif figures["notices"] is not None and not verdict.bound:
            said.append(f"{figures['notices']} notices, {figures['vehicle_days']} vehicle-days")
        good = f"{verdict.good}/{len(verdict.runs)}"
        style = "" if verdict.holds else ("yellow" if verdict.scenario.why else "red")
        table.add_row(
            str(verdict.scenario.number), verdict.scenario.name, verdict.scenario.right, good,
            *spans, "\n".join(said), style=style,
        )  # fmt: skip
    return table


def markdown_of(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The rows of docs/detection.md."""
    yield "| # | scenario | right | as expected | owner s / m | police-ready s / m | what else |"
    yield "|---|---|---|---|---|---|---|"
    for verdict in verdicts:
        row, figures = verdict.scenario, figures_of(verdict)
        owner_s, owner_m, police_s, police_m = (_pair(figures[name]) for name in _MEASURES)
        said = [verdict.bound] if verdict.bound else []
        if figures["notices"] is not None and not verdict.bound:
            said.append(f"{figures['notices']} notices in {figures['vehicle_days']} vehicle-days")
        said += [f"not yet: {row.why}"] if row.why else []
        if not verdict.holds and not row.why:
            said += [f"{number} x {what}" for what, number in verdict.misses[:1]]
        cells = (
            str(row.number),
            row.name,
            row.right,
            f"{verdict.good}/{len(verdict.runs)}",
            f"{owner_s} · {owner_m}" if owner_s else "",
            f"{police_s} · {police_m}" if police_s else "",
            "; ".join(said),
        )
        yield f"| {' | '.join(cells)} |"


def _pair(spread: dict[str, Any]) -> str:
    return f"{spread['p50']:.0f}/{spread['p95']:.0f}" if spread["n"] else ""


def play(numbers: Sequence[int], kept: Kept, asked: argparse.Namespace) -> None:
    """Run what is missing, seed by seed: who stops early has seen all scenarios alike."""
    pairs = [(number, seed) for seed in range(asked.seeds) for number in numbers]
    wanted = [pair for pair in pairs if not kept.has(*pair)]
    runs = run_all(wanted, share=asked.share, jobs=asked.jobs)
    end_s = time.monotonic() + 60.0 * asked.minutes
    with progress_bar(total=len(wanted), as_json=asked.json) as bar, closing(runs):
        for done, (number, ran) in enumerate(runs, start=1):
            kept.add(number, ran)
            bar.show(done, f"scenario {number}")
            if time.monotonic() > end_s:
                break


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--only", default="", help="numbers, such as 14,17")
    parser.add_argument("--share", type=float, default=1.0, help="of long quiet times, (0, 1]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after; all if unset")
    parser.add_argument("--keep", type=Path, help="file of runs: go on where it ends")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="the table of docs/detection.md")
    asked = parser.parse_args()
    numbers = [int(word) for word in asked.only.split(",") if word] or list(SCENARIOS)
    unknown = [number for number in numbers if number not in SCENARIOS]
    if unknown or not 0.0 < asked.share <= 1.0 or asked.seeds < 1:
        parser.error(f"scenarios are 1-{max(SCENARIOS)}, --share in (0, 1], --seeds from 1")
    try:
        kept = Kept(asked.keep, share=asked.share)
    except ValueError as exc:
        parser.error(str(exc))
    play(numbers, kept, asked)
    verdicts = [verdict_of(SCENARIOS[number], kept.of(number)) for number in numbers]
    verdicts = [verdict for verdict in verdicts if verdict.runs]
    if asked.json:
        rows = [figures_of(verdict) for verdict in verdicts]
        print(json.dumps({"machine": machine(), "share": asked.share, "scenarios": rows}))
    elif asked.markdown:
        print("\n".join(markdown_of(verdicts)))
    else:
        Console(width=max(160, Console().width)).print(table_of(verdicts))
    sys.exit(int(any(v.scenario.holds and not v.holds for v in verdicts)))


if __name__ == "__main__":
    main()

"""``parkguard-sim faults``: a day with planted faults as a replay file, and its answer key."""

from pathlib import Path
from typing import Annotated

import typer

from simulators.cli_options import Seed
from simulators.faults.answer import answer_json
from simulators.faults.day import build_day
from simulators.faults.town import DayPlan, full_day


def faults(
    *,
    out: Annotated[Path, typer.Option(help="Write the day there (JSON lines for replay).")],
    full: Annotated[
        bool, typer.Option(help="Report as often as in life; else about a quarter of it.")
    ] = False,
    seed: Seed = 1,
) -> None:
    """Write a day of a small city with twelve faults, each once, among ordinary noise.

    Standard output is the answer key, one JSON object: what was planted, where, since when, and
    which causes and events staff must see. The file itself does not say.

    Examples:
      parkguard-sim faults --seed 3 --out day.jsonl > key.json

      parkguard-sim faults --out day.jsonl && parkguard replay day.jsonl --state state.jsonl
    """
    plan = full_day(seed) if full else DayPlan(seed=seed)
    day = build_day(plan)
    out.write_bytes(b"\n".join(day.lines) + b"\n")
    typer.echo(answer_json(day.planted, seed=seed).decode())

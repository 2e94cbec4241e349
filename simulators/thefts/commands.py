"""``parkguard-sim scenarios`` and ``scenario``: list them, and write one as a replay file."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from simulators.cli_options import AsJson, Seed, end_with
from simulators.scenarios import describe
from simulators.thefts.table import ROWS, SCENARIOS, story


def scenarios(*, as_json: AsJson = False) -> None:
    """List the stories that `city` can play, and the 44 scenarios that `scenario` writes.

    Examples:
      parkguard-sim scenarios

      parkguard-sim scenarios --json
    """
    stories = {name.value: text for name, text in describe().items()}
    if as_json:
        rows = [
            {"number": row.number, "name": row.name, "right": row.right, "known_fault": row.why}
            for row in ROWS
        ]
        typer.echo(msgspec.json.encode({"stories": stories, "scenarios": rows}).decode())
        return
    for name, text in stories.items():
        typer.echo(f"{name:<8} {text}")
    for row in ROWS:
        known = f"  (known: {row.why})" if row.why else ""
        typer.echo(f"{row.number:>2}  {row.name:<48} {row.right}{known}")


def scenario(
    number: Annotated[int, typer.Argument(help="1-44; see `scenarios`.")],
    *,
    share: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Shorten long quiet times to this share.")
    ] = 1.0,
    out: Annotated[Path | None, typer.Option(help="Write there instead of to stdout.")] = None,
    seed: Seed = 1,
) -> None:
    """Write one scenario as a replay file: JSON lines for `parkguard replay`.

    Its `truth` lines are for --score; its `expect` lines say what is right, as far as they can
    (`python -m benchmarks.scenarios` checks the rest).

    Examples:
      parkguard-sim scenario 14 --seed 3 > x.jsonl

      parkguard-sim scenario 14 --seed 3 | parkguard replay - --score

      parkguard-sim scenario 27 --share 0.2 --out rider.jsonl
    """
    if number not in SCENARIOS:
        end_with(
            f"there is no scenario {number}: 1 to {max(SCENARIOS)}, see parkguard-sim scenarios"
        )
    text = b"\n".join(story(number, seed, share=share).lines) + b"\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_bytes(text)

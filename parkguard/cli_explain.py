"""``parkguard explain``: its options. ``cli_explain_run`` does it, and is loaded only then."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from parkguard.cli_shared import Json, refuse, settings_of

EXAMPLES = (
    "Examples: parkguard explain v-1 --at 21:30 · parkguard explain v-1 --at 2026-11-28T21:30 "
    "--for 30m --out why.png --lang zh · parkguard explain v-1 ride.jsonl --at 1764032620000 --json"
)


class Lang(StrEnum):
    """Languages of words and picture."""

    EN = "en"
    ZH = "zh"


def explain(
    ctx: typer.Context,
    vehicle: Annotated[str, typer.Argument(metavar="VEHICLE", help="Id of the vehicle")],
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="A replay file (docs/replay.md); - = standard input"),
    ] = None,
    *,
    at: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="2026-11-28T21:30 or 21:30 in the city's zone, or ms UTC; middle of the period",
        ),
    ],
    length: Annotated[str, typer.Option("--for", help="Length of the period: 2h, 30m")] = "2h",
    out: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Draw the picture here: .png or .svg")
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of words and picture")] = Lang.EN,
    from_journal: Annotated[
        bool, typer.Option("--from-journal", help="Our own journal; so it is without FILE")
    ] = False,
    warm_up: Annotated[
        str, typer.Option(help="Journal: run so much before the period, to learn anchor and noise")
    ] = "3h",
    longest: Annotated[
        str, typer.Option(help="Journal: give up after so long: 10m, 2h (default: never)")
    ] = "",
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Journal: run all devices, not only those near it")
    ] = False,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Another setting, for this run"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say and draw what the detector saw of a vehicle, also when nothing was told. Personal data.

    Exit 0: said. 1: no such vehicle, or nothing of it at that time. 2: a wrong argument.
    """
    from parkguard.cli_explain_run import Asked, run_explain  # noqa: PLC0415 - loads the whole core

    if file and from_journal:
        refuse("name a file, or --from-journal (one of the two)")
    asked = Asked(
        vehicle_id=vehicle,
        file=file,
        at=at,
        length=length,
        warm_up=warm_up,
        longest=longest,
        everybody=everybody,
        out=out,
        lang=lang.value,
        as_json=as_json,
    )
    run_explain(settings_of(ctx), assignments or [], asked)

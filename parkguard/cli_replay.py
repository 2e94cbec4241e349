"""``parkguard replay``: its options. ``cli_replay_runs`` does it, and is loaded only then."""

from pathlib import Path
from typing import Annotated

import typer

from parkguard.cli_shared import Json, refuse, settings_of

EXAMPLES = (
    "Examples: parkguard replay ride.jsonl · parkguard replay city.jsonl --alerts alerts.jsonl "
    "--state state.jsonl · parkguard replay scenarios/*.jsonl --score --json · parkguard replay "
    "--from-journal --since 30d --set detection.police_rate=1e-6 --picture rate.svg"
)


def replay(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", help="JSON lines (docs/replay.md); - = standard input"),
    ] = None,
    *,
    alerts: Annotated[
        str | None, typer.Option(metavar="OUT", help="Write every change of an alert here (JSONL)")
    ] = None,
    state: Annotated[
        str | None, typer.Option(metavar="OUT", help="Write the state at the end here (JSONL)")
    ] = None,
    notices: Annotated[
        str | None,
        typer.Option(metavar="OUT", help="Write health notices and fires here (JSONL)"),
    ] = None,
    score: Annotated[
        bool, typer.Option("--score", help="Compare with the truth lines (or the outcomes)")
    ] = False,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Another setting, for this run"),
    ] = None,
    from_journal: Annotated[
        bool, typer.Option("--from-journal", help="Replay our own journal instead of files")
    ] = False,
    since: Annotated[
        str, typer.Option(help="With --from-journal: how far back, such as 30d, 12h, 90m")
    ] = "30d",
    stride: Annotated[
        float,
        typer.Option(
            help="With --from-journal: take its ticks in strides of so many seconds; 0 = each one",
            min=0,
            max=300,
        ),
    ] = 30.0,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="With --from-journal: draw the back-test (.png, .svg)"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run messages through the live code on a simulated clock: no broker, no real time.

    Exit 0: all that was expected was seen. 1: something was not, one line each. 2: a malformed
    line (with its number), or a wrong setting.
    """
    from parkguard.cli_replay_runs import Asked, run_replay  # noqa: PLC0415 - loads the whole core

    if bool(files) == from_journal:
        refuse("name the files to replay, or --from-journal (one of the two)")
    if picture is not None and not from_journal:
        refuse("--picture is of a back-test: add --from-journal")
    asked = Asked(
        files=files or [],
        since=since if from_journal else None,
        alerts=alerts,
        state=state,
        is_scored=score,
        as_json=as_json,
        picture=picture,
        stride_s=stride,
        notices=notices,
    )
    raise typer.Exit(run_replay(settings_of(ctx), assignments or [], asked))

"""``parkguard detection``: what false-alarm rate the thresholds give, and the city's own curves."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from parkguard.cli_shared import (
    CommandError,
    Json,
    ago_ms,
    complain,
    print_json,
    print_rows,
    refuse,
    settings_of,
)

detection_app = typer.Typer(
    no_args_is_help=True, help="False-alarm rates: what the settings give, and how it was measured."
)


@detection_app.command(
    epilog="Examples: parkguard detection rates · parkguard detection rates --json · "
    "PARKGUARD_DETECTION__POLICE_RATE=1e-6 parkguard detection rates"
)
def rates(
    ctx: typer.Context,
    *,
    picture: Annotated[bool, typer.Option(help="Draw the curves in text below the table")] = True,
    as_json: Json = False,
) -> None:
    """Show per site class what threshold a rate needs, and whether that was ever measured."""
    from alerts.detection.rates import AlarmLevel  # noqa: PLC0415
    from parkguard import detection_rates, detection_table  # noqa: PLC0415 - loads numpy

    settings = settings_of(ctx)
    rows = detection_table.in_effect(
        detection_rates.packaged_rates(), detection_rates.own_rates(settings), settings.detection
    )
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    for level in AlarmLevel:
        mine = [row for row in rows if row.curve.level is level]
        asked = f", {mine[0].rate:.2g} is set" if mine else ""
        title = f"{level} level: nats for a false-alarm rate per vehicle-day{asked}"
        print_rows([row.as_row() for row in mine], title=title)
        if picture:
            Console().print(detection_table.picture(mine, level), markup=False, highlight=False)
    print_rows([row.as_source_row() for row in rows], title="where the curves come from")
    complain(*detection_table.notes(rows, settings.detection))


@detection_app.command(
    epilog="Examples: parkguard detection fit --since 30d --dry-run · parkguard detection fit"
)
def fit(
    ctx: typer.Context,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A replay file instead of our journal")
    ] = None,
    *,
    since: Annotated[str, typer.Option(help="Of the journal: how far back: 30d, 12h")] = "30d",
    out: Annotated[
        Path | None, typer.Option(help="Write the curves here; default: rates.json in data_dir")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what was found; write nothing")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fit the city's own curves on its parked vehicles, by running the journal again.

    Only classes and levels with enough false alarms get a curve of their own; the others keep the
    packaged one. It takes effect when the processor starts next.
    """
    from parkguard.cli_detection_fit import Asked, run_fit  # noqa: PLC0415 - loads the whole core

    since_ms = ago_ms(since)
    if since_ms is None:
        refuse(f"--since {since}: write days, hours or minutes, such as 30d, 12h, 90m")
    asked = Asked(file=file, since=since, since_ms=since_ms, out=out, is_dry=dry_run)
    found = run_fit(settings_of(ctx), asked)
    if as_json:
        print_json(found.as_json())
    else:
        if found.rows:
            print_rows(found.rows, title=f"fitted on {found.data}")
        complain(*found.lines)
    if not found.rows:
        raise CommandError("nothing was fitted: the packaged curves stay in effect")

"""``parkguard places``: what is wrong with patrol grids and sites."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
import typer

from alerts.grid_check import check_grids
from parkguard.cli_shared import Json, complain, print_json, print_rows, records_of
from parkguard.clock import wall_ms
from stores.registry import Registry

FOUND_EXIT = 1
"""Exit code when there is something to mend."""

places_app = typer.Typer(no_args_is_help=True, help="Check patrol grids and sites.")


@places_app.callback()
def _places() -> None:
    """Have subcommands though there is but one."""


@places_app.command(epilog="Examples: parkguard places check · parkguard places check --json")
def check(
    ctx: typer.Context,
    *,
    limit: Annotated[int, typer.Option(help="Most rows of a table", min=1)] = 20,
    as_json: Json = False,
) -> None:
    """Find overlaps and gaps of patrol grids, and sites outside of every grid.

    Where two grids overlap, the smaller id has the place; in a gap it is the city desk's. Ends
    with 1 when there is something to mend.
    """
    with records_of(ctx) as engine:
        registry = Registry(engine, wall_ms, "cli")
        report = check_grids(registry.grids(), registry.sites())
    if as_json:
        print_json(report)
    else:
        _table(f"{len(report.overlaps)} overlaps", report.overlaps, limit)
        _table(f"{len(report.gaps)} gaps", report.gaps, limit)
        _table(f"{len(report.strays)} sites outside of every grid", report.strays, limit)
        unusable = [{"grid": name, "why": why} for name, why in report.unusable.items()]
        _table(f"{len(unusable)} grids that cannot be used", unusable, limit)
        if report.is_clean:
            complain(f"{report.grids} grids, {report.sites} sites: nothing to mend")
    if not report.is_clean:
        raise typer.Exit(FOUND_EXIT)


def _table(
    title: str, found: Sequence[msgspec.Struct] | Sequence[Mapping[str, object]], limit: int
) -> None:
    if not found:
        return
    rows: list[Mapping[str, object]] = []
    for one in found[:limit]:
        fields = msgspec.to_builtins(one)
        beside = fields.get("beside")
        rows.append(fields if beside is None else fields | {"beside": ", ".join(beside[:4])})
    print_rows(rows, title=title)
    if len(found) > limit:
        complain(f"{len(found) - limit} more: use --limit or --json")

"""``parkguard fences``: fences from and to GeoJSON."""

from pathlib import Path
from typing import Annotated

import msgspec
import sqlalchemy as sa
import typer

from alerts.fence_geojson import FenceRow, collection_of, feature_of, read_fences
from devices.crs import Crs
from devices.model import Fence
from parkguard.cli_shared import (
    CommandError,
    Json,
    audit_row,
    complain,
    print_json,
    print_rows,
    records_of,
)
from parkguard.clock import wall_ms
from stores.queries_actions import ActionWriter
from stores.queries_devices import VehicleQueries
from stores.registry import Registry

SHOWN = 20
"""Faults of a file that are shown; ``--json`` has all."""

fences_app = typer.Typer(no_args_is_help=True, help="Import, list, show and delete fences.")


@fences_app.command(
    "import",
    epilog="Examples: parkguard fences import yards.geojson --crs wgs84 --dry-run · "
    "parkguard fences import from-amap.geojson --crs gcj02",
)
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="GeoJSON: a FeatureCollection, or one Feature")],
    *,
    crs: Annotated[Crs, typer.Option(help="Coordinates of the file: maps of China have gcj02")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do")] = False,
    as_json: Json = False,
) -> None:
    """Add or replace the fences of a file: all of them, or none when one is refused.

    Properties: kind (watch, keep_in, keep_out), name, margin_m, dwell_s, vehicle_id; a circle is a
    Point with radius_m. An outline that crosses itself a little is mended, and that is said.
    """
    try:
        rows = read_fences(msgspec.json.decode(file.read_bytes()), crs)
    except (OSError, ValueError, RecursionError) as exc:
        raise CommandError(f"{file}: {exc}") from exc
    with records_of(ctx) as engine:
        rows = _with_vehicles(engine, rows)
        fences = [row.fence for row in rows if row.fence is not None]
        faults = [row for row in rows if row.fault]
        before = {fence.id for fence in Registry(engine, wall_ms, "cli").fences()}
        if fences and not faults and not dry_run:
            Registry(engine, wall_ms, "cli").save_fences(fences)
            _note(engine, "fence_saved", [fence.id for fence in fences])
    counts = {
        "saved": 0 if faults or dry_run else len(fences),
        "good": len(fences),
        "new": sum(fence.id not in before for fence in fences),
        "mended": sum(bool(row.note) for row in rows),
        "refused": len(faults),
    }
    if as_json:
        said = [_words(row) for row in rows if row.fault or row.note]
        print_json(counts | {"dry_run": dry_run, "rows": said})
    else:
        for row in [row for row in rows if row.note][:SHOWN]:
            complain(f"feature {row.number} ({row.fence_id}): {row.note}")
        for row in faults[:SHOWN]:
            complain(f"feature {row.number} ({row.fence_id or 'no id'}): {row.fault}")
        if len(faults) > SHOWN:
            complain(f"{len(faults) - SHOWN} more are refused: use --json")
        print_rows([counts], title="dry run: nothing was saved" if dry_run else "fences")
    if faults:
        raise CommandError(f"{file}: {len(faults)} of {len(rows)} are refused, nothing was saved")


@fences_app.command(
    "list",
    epilog="Examples: parkguard fences list --vehicle v-7 · "
    "parkguard fences list --geojson > fences.geojson",
)
def list_fences(
    ctx: typer.Context,
    *,
    vehicle: Annotated[str | None, typer.Option(help="Only those of this vehicle")] = None,
    limit: Annotated[int, typer.Option(help="Most rows of the table", min=1)] = 100,
    geojson: Annotated[bool, typer.Option("--geojson", help="Print a FeatureCollection")] = False,
    as_json: Json = False,
) -> None:
    """List fences. ``--geojson`` and ``--json`` give what ``import`` reads (WGS 84)."""
    with records_of(ctx) as engine:
        known = Registry(engine, wall_ms, "cli").fences()
    fences = [fence for fence in known if vehicle in {None, fence.vehicle_id}]
    if geojson or as_json:
        print_json(collection_of(fences))
        return
    if not fences:
        complain("no fences yet: see `parkguard fences import --help`")
        return
    print_rows([_row(fence) for fence in fences[:limit]], title=f"{len(fences)} fences")
    if len(fences) > limit:
        complain(f"{len(fences) - limit} more: use --limit or --geojson")


@fences_app.command(epilog="Example: parkguard fences show depot-3 --json")
def show(ctx: typer.Context, fence_id: str, *, as_json: Json = False) -> None:
    """Show one fence; ``--json`` as a GeoJSON Feature."""
    with records_of(ctx) as engine:
        fence = VehicleQueries(engine).fence(fence_id)
    if fence is None:
        raise _unknown(fence_id)
    if as_json:
        print_json(feature_of(fence))
        return
    print_rows(
        [_row(fence) | {"margin_m": fence.margin_m, "dwell_s": fence.dwell_s}], title="fence"
    )


@fences_app.command(epilog="Example: parkguard fences delete depot-3")
def delete(ctx: typer.Context, fence_id: str, *, as_json: Json = False) -> None:
    """Forget a fence; nobody is told of it any more."""
    with records_of(ctx) as engine:
        if Registry(engine, wall_ms, "cli").delete_fence(fence_id) is None:
            raise _unknown(fence_id)
        _note(engine, "fence_deleted", [fence_id])
    if as_json:
        print_json({"deleted": fence_id})
    else:
        complain(f"{fence_id} is deleted")


def _with_vehicles(engine: sa.Engine, rows: list[FenceRow]) -> list[FenceRow]:
    """The rows, those refused whose vehicle is not registered."""
    wanted = {row.fence.vehicle_id for row in rows if row.fence and row.fence.vehicle_id}
    known = VehicleQueries(engine).taken(wanted)
    return [
        msgspec.structs.replace(row, fence=None, fault=f"no such vehicle: {row.fence.vehicle_id}")
        if row.fence and row.fence.vehicle_id and row.fence.vehicle_id not in known
        else row
        for row in rows
    ]


def _words(row: FenceRow) -> dict[str, object]:
    return {"feature": row.number, "id": row.fence_id, "fault": row.fault, "note": row.note}


def _row(fence: Fence) -> dict[str, object]:
    form = "circle" if fence.geometry is None else str(fence.geometry.get("type"))
    size = f"{fence.radius_m:.0f} m" if fence.radius_m is not None else ""
    return {
        "id": fence.id,
        "name": fence.name,
        "kind": fence.kind.value,
        "form": f"{form} {size}".strip(),
        "vehicle": fence.vehicle_id or "every",
    }


def _note(engine: sa.Engine, action: str, fence_ids: list[str]) -> None:
    now_ms = wall_ms()
    rows = [audit_row(action, f"fence:{fence_id}", now_ms) for fence_id in fence_ids]
    ActionWriter(engine).note(rows)


def _unknown(fence_id: str) -> CommandError:
    return CommandError(f"there is no fence {fence_id}: see `parkguard fences list`")

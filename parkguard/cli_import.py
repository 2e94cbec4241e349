"""``parkguard import``: vehicles, owners, devices, models and places from CSV or GeoJSON."""

import csv
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import sqlalchemy as sa
import typer

from devices.crs import Crs
from parkguard.cli_progress import long_work
from parkguard.cli_shared import (
    CommandError,
    Json,
    complain,
    print_json,
    print_rows,
    records_of,
    refuse,
    system_user,
)
from parkguard.clock import wall_ms
from parkguard.importing.columns import template as template_of
from parkguard.importing.device_shelf import Devices
from parkguard.importing.fault_book import SHOWN_MAX, FaultBook
from parkguard.importing.fresh_secrets import FreshSecrets
from parkguard.importing.kinds import DEVICE_KINDS, ImportRefused, Kind
from parkguard.importing.reading import Source, open_source
from parkguard.importing.run import Counts, check, write
from parkguard.importing.shelf import Shelf, State
from parkguard.importing.shelves import Grids, Models, People, Sites, Vehicles
from stores.registry import Registry

_ALWAYS = ("rows", "new", "changed", "same", "refused", "written")
EXAMPLES = (
    "Examples: parkguard import --template vehicles > x.csv · "
    "parkguard import x.csv --kind vehicles --dry-run · "
    "parkguard import piles.csv --kind chargers --crs gcj02 --credentials piles.jsonl"
)


def import_(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="CSV (UTF-8, or GB18030), or GeoJSON of what has a place")
    ] = None,
    *,
    kind: Annotated[Kind | None, typer.Option(help="What the rows are")] = None,
    crs: Annotated[
        Crs | None,
        typer.Option(help="Coordinates of the file: maps of China have gcj02, Baidu bd09"),
    ] = None,
    template: Annotated[
        Kind | None, typer.Option(help="Print a header and one row, and end")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be new, changed, the same")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Write the good rows though others have a fault")
    ] = False,
    errors: Annotated[
        Path | None, typer.Option(help="Write every fault here (CSV); 1,000 are printed at most")
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(help="Append secrets of new devices here, a JSON object a line (0600)"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add or change what a file says; nothing is written while a row has a fault.

    A column that is not in the file leaves everything as it is; an empty cell means the default.
    The same file again changes nothing. The processor learns of it while it runs.
    """
    if template is not None:
        _print_template(template)
        return
    if file is None or kind is None:
        refuse("give FILE and --kind, or --template KIND")
    try:
        source = open_source(file, kind)
    except ImportRefused as exc:
        raise CommandError(str(exc)) from exc
    if source.needs_crs and crs is None:
        refuse(f"{file} has coordinates: say in which system, --crs wgs84, gcj02 or bd09")
    with (
        records_of(ctx) as engine,
        FaultBook(errors, source.headers) as book,
        FreshSecrets() as fresh,
    ):
        shelf = _shelf(engine, kind, crs or Crs.WGS84, fresh, credentials)
        counts = _look(source, shelf, book)
        if not dry_run and not source.faults and (skip_bad or not book.total):
            _check_credentials(kind, counts, credentials)
            _write(source, shelf, book, counts)
    _say(source, counts, book, dry_run=dry_run, as_json=as_json)
    if counts.secrets:
        complain(f"secrets of {counts.secrets} devices: {credentials}")
    if counts.left:
        complain(f"{counts.left} held messages are left: `parkguard quarantine adopt ID` runs them")
    if book.total and not skip_bad:
        raise CommandError(f"{file}: {book.total} faults, nothing was written")


def _look(source: Source, shelf: Shelf, book: FaultBook) -> Counts:
    with long_work() as progress:
        task = progress.add_task("looking", total=source.size)
        try:
            return check(source, shelf, book, lambda size: progress.advance(task, size))
        except ImportRefused as exc:
            raise CommandError(str(exc)) from exc


def _write(source: Source, shelf: Shelf, book: FaultBook, counts: Counts) -> None:
    with long_work() as progress:
        task = progress.add_task("writing", total=source.size)
        write(source, shelf, book.rows, counts, lambda size: progress.advance(task, size))


def _check_credentials(kind: Kind, counts: Counts, credentials: Path | None) -> None:
    """Refuse before anything is written: a secret that is kept nowhere is lost."""
    if credentials is None and kind in DEVICE_KINDS and counts.by_state[State.NEW]:
        raise CommandError("new devices get secrets: say where they go, --credentials FILE")


def _shelf(
    engine: sa.Engine, kind: Kind, crs: Crs, fresh: FreshSecrets, credentials: Path | None
) -> Shelf:
    registry = Registry(engine, wall_ms, system_user())
    match kind:
        case Kind.VEHICLES:
            return Vehicles(engine, registry)
        case Kind.OWNERS:
            return People(engine, registry)
        case Kind.MODELS:
            return Models(engine, registry)
        case Kind.SITES:
            return Sites(engine, registry, crs)
        case Kind.GRIDS:
            return Grids(engine, registry, crs)
        case _:
            keep = _keeper(credentials)
            return Devices(engine, registry, kind, crs, fresh=fresh, keep_secrets=keep)


def _keeper(path: Path | None) -> Callable[[Mapping[str, str]], None]:
    """What appends secrets to a file: on the disk before a device with one is registered."""

    def keep(secrets: Mapping[str, str]) -> None:
        if path is None:
            raise CommandError("new devices get secrets: say where they go, --credentials FILE")
        lines = b"".join(
            msgspec.json.encode({"id": name, "secret": secret}) + b"\n"
            for name, secret in secrets.items()
        )
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "ab") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    return keep


def _say(source: Source, counts: Counts, book: FaultBook, *, dry_run: bool, as_json: bool) -> None:
    row = {"kind": source.kind.value, "encoding": source.encoding} | counts.as_row()
    if as_json:
        faults = [msgspec.structs.asdict(fault) for fault in book.first]
        print_json(row | {"dry_run": dry_run, "fault_count": book.total, "faults": faults})
        return
    if source.encoding == "gb18030":
        complain(f"{source.path} is GB18030, not UTF-8: read as such")
    for fault in book.first:
        place = f"row {fault.row}" + (f", {fault.column}" if fault.column else "")
        complain(f"{place}: {fault.text}")
    if book.total > SHOWN_MAX:
        complain(f"{book.total - SHOWN_MAX} more faults: --errors FILE.csv has all")
    shown = {name: value for name, value in row.items() if value or name in _ALWAYS}
    del shown["encoding"]
    print_rows([shown], title="dry run: nothing was written" if dry_run else "import")


def _print_template(kind: Kind) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerows(template_of(kind))

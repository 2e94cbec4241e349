"""``parkguard migrate``: move the records of a pilot from SQLite to a PostgreSQL."""

import dataclasses
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import Progress

from parkguard.cli_shared import CommandError, Json, print_json, print_rows, settings_of, start_logs
from parkguard.locks import is_held
from parkguard.records import open_migrated, records_path
from parkguard.settings import Settings
from stores.records import migrate as migrate_schema
from stores.records import open_records
from stores.records_copy import CopiedTable, CopyRefused, copy_records

EXAMPLES = (
    "Examples: parkguard migrate --to postgresql+psycopg://parkguard@db.city:5432/parkguard · "
    "parkguard migrate --from sqlite:////var/lib/parkguard/records.db --to postgresql://... --json"
)


def migrate(
    ctx: typer.Context,
    *,
    source: Annotated[
        str, typer.Option("--from", help="sqlite:///FILE; default: records.db below data_dir")
    ] = "",
    target: Annotated[
        str, typer.Option("--to", help="postgresql+psycopg://...; default: records.url")
    ] = "",
    password_file: Annotated[
        str, typer.Option(help="File of the role's password; default: as records.password_file")
    ] = "",
    as_json: Json = False,
) -> None:
    """Move the records from SQLite to an empty PostgreSQL; stop `parkguard up` before."""
    settings = settings_of(ctx)
    start_logs(settings, "cli", as_json=as_json)
    if is_held(settings.data_dir / "run" / "up.lock"):
        raise CommandError("`parkguard up` runs on this data_dir: stop it, then migrate")
    source_engine = open_records(_source(settings, source))
    try:
        target_engine = open_migrated(_target(settings, target, password_file))
        try:
            migrate_schema(source_engine)
            copied = _copy(source_engine, target_engine)
        finally:
            target_engine.dispose()
    finally:
        source_engine.dispose()
    rows = [dataclasses.asdict(each) for each in copied]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title="copied, and counted on both")
        typer.echo("Set records.url to the new place and start `parkguard up`.")


def _source(settings: Settings, url: str) -> str:
    """The address of the SQLite file, which must be there."""
    url = url or f"sqlite:///{records_path(settings)}"
    path = url.removeprefix("sqlite:///")
    if path == url or not Path(path).is_file():
        raise CommandError(f"--from {url} names no SQLite file that is there; write sqlite:///FILE")
    return url


def _target(settings: Settings, url: str, password_file: str) -> Settings:
    """The settings with the records on the target."""
    records = settings.records
    try:
        records = dataclasses.replace(
            records,
            url=url or records.url,
            password_file=password_file or records.password_file,
        )
    except ValueError as exc:
        raise CommandError(f"--to: {exc}") from exc
    if not records.is_server:
        raise CommandError("--to names no PostgreSQL, and records.url is empty")
    return settings.model_copy(update={"records": records})


def _copy(source: sa.Engine, target: sa.Engine) -> list[CopiedTable]:
    """Copy with a bar while a terminal looks on."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("records", total=None)
        try:
            return copy_records(
                source,
                target,
                lambda table, done, total: progress.update(
                    task, description=table, completed=done, total=total
                ),
            )
        except CopyRefused as exc:
            raise CommandError(str(exc)) from exc

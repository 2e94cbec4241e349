"""What every command shares: settings, output, and errors as lines that say what to do."""

import os
import pwd
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from api.roles import Role
from devices.errors import JournalError, StoreError
from parkguard.children import ProgramMissing, ServerNotStarted
from parkguard.locks import AlreadyRunning
from parkguard.logs import set_up_logs
from parkguard.records import open_migrated
from parkguard.registration import RegistrationError
from parkguard.secret_files import REFUSED_EXIT, SecretRefused
from parkguard.settings import Settings, SettingsError
from parkguard.settings_file import read_settings
from stores.queries import AuditRow
from stores.records_faults import RecordsUnusable

SETTINGS_EXIT = 2
"""Exit code for wrong settings and wrong arguments."""

_AGO = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(d|h|m|min)", re.ASCII)
_AGO_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "min": 60_000}

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables and colours.")]


class CommandError(Exception):
    """A command cannot do what was asked; the message says why and what to do. Exit code 1."""


def exit_code_of(error: Exception) -> int | None:
    """Say a known error in lines on standard error; its exit code, None for a bug."""
    match error:
        case SettingsError():
            complain("wrong settings:", *error.faults)
            return SETTINGS_EXIT
        case SecretRefused():
            complain(f"refused: {error}")
            return REFUSED_EXIT
        case (
            AlreadyRunning()
            | CommandError()
            | JournalError()
            | ProgramMissing()
            | RecordsUnusable()
            | RegistrationError()
            | ServerNotStarted()
        ):
            complain(str(error))
            return 1
        case StoreError() if error.may_pass:
            complain(f"{error}: it is away, start again")
            return 1
        case _:
            return None


def complain(*lines: str) -> None:
    """Write lines to standard error."""
    for line in lines:
        sys.stderr.write(line + "\n")


def refuse(why: str) -> NoReturn:
    """End with the exit code of wrong arguments, saying why."""
    complain(why)
    raise typer.Exit(SETTINGS_EXIT)


def settings_of(ctx: typer.Context) -> Settings:
    """Read the settings, from ``--settings FILE`` when the supervisor gave one.

    Raises:
        SettingsError: With every fault.
    """
    path = ctx.find_root().obj
    return read_settings(path if isinstance(path, Path) else None)


def start_logs(settings: Settings, part: str, *, as_json: bool) -> None:
    """Set up this process's log."""
    log = settings.log.model_copy(update={"json_lines": True}) if as_json else settings.log
    set_up_logs(log, part=part, secrets_dir=settings.data_dir / "secrets")


def ago_ms(text: str) -> int | None:
    """Length of a time that ends now, ms: ``30d``, ``12h``, ``90m`` or ``90min``; None: no such."""
    found = _AGO.fullmatch(text.strip())
    return None if found is None else round(float(found[1]) * _AGO_MS[found[2]])


@contextmanager
def records_of(ctx: typer.Context) -> Iterator[sa.Engine]:
    """The records database of the settings, at the present schema; closed afterwards."""
    settings = settings_of(ctx)
    start_logs(settings, "cli", as_json=False)
    engine = open_migrated(settings)
    try:
        yield engine
    finally:
        engine.dispose()


def system_user() -> str:
    """Who runs this command, for the audit: ``cli:name``."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container's user without a name
        name = str(uid)
    return f"cli:{name}"[:64]


def audit_row(action: str, target: str, at_ms: int) -> AuditRow:
    """The audit row of something done on the command line, at a moment, ms UTC."""
    return (at_ms, "cli", Role.ADMIN.value, action, target, "")


def print_json(value: object) -> None:
    """Print one JSON line to standard output."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def print_rows(rows: Sequence[Mapping[str, object]], *, title: str) -> None:
    """Print rows as a table; the columns are the keys of the first."""
    table = Table(title=title)
    for name in rows[0] if rows else ():
        table.add_column(name, overflow="fold")  # a cut off secret is lost
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)

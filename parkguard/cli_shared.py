"""What every command shares: settings, output, and errors as lines that say what to do."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from parkguard.children import ProgramMissing
from parkguard.locks import AlreadyRunning
from parkguard.logs import set_up_logs
from parkguard.registration import RegistrationError
from parkguard.secret_files import REFUSED_EXIT, SecretRefused
from parkguard.settings import Settings, SettingsError
from parkguard.settings_file import read_settings

SETTINGS_EXIT = 2
"""Exit code for wrong settings and wrong arguments."""

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
        case AlreadyRunning() | CommandError() | ProgramMissing() | RegistrationError():
            complain(str(error))
            return 1
        case _:
            return None


def complain(*lines: str) -> None:
    """Write lines to standard error."""
    for line in lines:
        sys.stderr.write(line + "\n")


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

"""Options that the simulators' commands share, and how they read files and speak."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Host = Annotated[str, typer.Option(help="Address of the MQTT broker.")]
Port = Annotated[int, typer.Option(min=1, max=65_535, help="Port of the MQTT broker.")]
Root = Annotated[str, typer.Option(help="First levels of every topic.")]
Credentials = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help='JSON file {"device id": "secret"}; without it devices log in without name.',
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same devices and behaviour.")]
TruthFile = Annotated[
    Path | None, typer.Option(help="Write what truly happens here (JSON lines), for scoring.")
]
StatusFile = Annotated[
    Path | None, typer.Option(help="Rewrite this file with the sender's books every second (JSON).")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON line on stdout, nothing else.")]


class UsageError(Exception):
    """What the user can mend; the text says how. The program ends with 2."""


def read_credentials(path: Path | None) -> dict[str, str] | None:
    """Read the secrets of the devices; None = none needed.

    Raises:
        UsageError: The file is not ``{"device id": "secret"}``.
    """
    if path is None:
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except msgspec.DecodeError as exc:
        raise UsageError(f'{path} is not {{"device id": "secret"}}: {exc}') from exc


def speak_on_stderr() -> None:
    """Send log lines to stderr: stdout belongs to the result."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def end_with(message: str) -> NoReturn:
    """Say on stderr what is wrong and end with 2."""
    typer.echo(message, err=True)
    raise typer.Exit(2)


class Bar:
    """A progress bar on a terminal, nothing elsewhere."""

    def __init__(self, progress: Progress | None, total: float | None) -> None:
        """``total`` None = without end."""
        self._progress = progress
        self._task = None if progress is None else progress.add_task("", total=total)

    def show(self, done: float, text: str) -> None:
        """Move to ``done`` and say ``text``."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, description=text)


@contextmanager
def progress_bar(*, total: float | None, as_json: bool) -> Iterator[Bar]:
    """Give a bar on stderr if a person is looking."""
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield Bar(None, total)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        yield Bar(progress, total)

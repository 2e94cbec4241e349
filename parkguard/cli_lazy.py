"""Commands that are loaded when they are asked for: a part starts without the others' libraries.

``parkguard --help`` loads all of them; ``parkguard ingest`` none. Measured 2026-11-29: 1.6 s of CPU
a start when everything was loaded.
"""

from importlib import import_module
from keyword import iskeyword
from types import ModuleType

import typer
from typer._click.core import Command, Context  # typer brings its own click
from typer.core import TyperGroup
from typing_extensions import override

GROUPS = {
    "devices": "devices_app",
    "detection": "detection_app",
    "tokens": "tokens_app",
    "users": "users_app",
    "quarantine": "quarantine_app",
    "wire": "wire_app",
    "stores": "stores_app",
    "journal": "journal_app",
    "fences": "fences_app",
    "places": "places_app",
    "owners": "owners_app",
    "cameras": "cameras_app",
}
"""Command -> the Typer application in ``parkguard.cli_NAME`` that holds its subcommands."""
ALONE = (
    "health",
    "revenue",
    "collect",
    "import",
    "replay",
    "explain",
    "precision",
    "shadow",
    "migrate",
    "export",
    "openapi",
    "simulate",
)
"""Commands that are one function of their name in ``parkguard.cli_NAME``, with ``EXAMPLES``."""
PASSED_ON = frozenset({"simulate"})
"""Commands that hand what they do not know to another program."""


class LazyCommands(TyperGroup):
    """The commands of this file and, after them, those that are elsewhere."""

    @override
    def list_commands(self, ctx: Context) -> list[str]:
        """Names in the order of ``--help``."""
        return [*super().list_commands(ctx), *GROUPS, *ALONE]

    @override
    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Load a command; None when there is none of that name."""
        if cmd_name in GROUPS:
            group: typer.Typer = getattr(_module(cmd_name), GROUPS[cmd_name])
            command = typer.main.get_command(group)
            command.name = cmd_name
            return command
        if cmd_name in ALONE:
            return _alone(cmd_name)
        return super().get_command(ctx, cmd_name)


def _alone(name: str) -> Command:
    module, one = _module(name), typer.Typer(add_completion=False)
    passes = {"allow_extra_args": True, "ignore_unknown_options": True}
    settings = passes if name in PASSED_ON else None
    function = getattr(module, f"{name}_" if iskeyword(name) else name)  # import_
    one.command(name, epilog=module.EXAMPLES, context_settings=settings)(function)
    return typer.main.get_command(one)


def _module(name: str) -> ModuleType:
    return import_module(f"parkguard.cli_{name}")

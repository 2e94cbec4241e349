"""The table of parts that ``parkguard up`` runs, in the order they start."""

import sys
from dataclasses import dataclass
from pathlib import Path

from parkguard.broker import BrokerKind, choose_kind
from parkguard.settings import Settings

SYNTHETIC_PART = "synthetic"
"""The part that plays thefts, only when ``synthetic.on``."""
PART_NAMES = ("broker", "ingest", "process", "project", "dispatch", "api")
"""Start order: who is needed first. They stop in the opposite order, so that what is in flight
still finds its way: people first, the broker last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One supervised process.

    Attributes:
        name: Also the name of its status file and lock.
        command: Program and arguments.
        reports: It writes ``run/{name}.json``; one that does not is ready while it runs.
    """

    name: str
    command: tuple[str, ...]
    reports: bool = True


def part_names(settings: Settings) -> tuple[str, ...]:
    """Give the names of the parts that run with these settings, in start order.

    Raises:
        SettingsError: mosquitto is asked for and not installed.
    """
    external = choose_kind(settings.broker) is BrokerKind.EXTERNAL
    names = PART_NAMES[1:] if external else PART_NAMES
    return (*names, SYNTHETIC_PART) if settings.synthetic.on else names


def build_parts(settings: Settings, settings_file: Path) -> tuple[Part, ...]:
    """Give the parts of one machine; no broker when an external one is used.

    Args:
        settings: To know which broker is meant.
        settings_file: Effective settings as JSON, which every part reads.

    Raises:
        SettingsError: mosquitto is asked for and not installed.
    """
    return tuple(
        Part(
            name=name,
            command=(sys.executable, "-m", "parkguard", "--settings", str(settings_file), name),
        )
        for name in part_names(settings)
    )

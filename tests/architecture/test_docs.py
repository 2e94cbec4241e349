"""Every stable word stands in the docs: who meets it on a screen finds what it means."""

import ast
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from alerts.lifecycle import IncidentState, Outcome
from alerts.model import AlertKind, AlertState, Channel, NoticeKind
from alerts.outcomes import Dismissal
from devices.causes import Cause
from devices.errors import WireReason
from devices.health_events import HealthEventKind
from devices.model import AdminState, DeviceClass, FenceKind
from devices.presence import Presence
from devices.readings import DeviceState, EventType, FixSource, Flag, PortState
from devices.refused import StoreReason
from devices.topics import CHANNELS

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    word
    for page in sorted((ROOT / "docs").glob("*.md"))
    for word in re.findall(r"[A-Za-z0-9_]+", page.read_text())
}
ENUMS: tuple[type[Enum], ...] = (
    WireReason,
    StoreReason,
    EventType,
    FixSource,
    DeviceState,
    PortState,
    DeviceClass,
    AdminState,
    FenceKind,
    AlertKind,
    AlertState,
    NoticeKind,
    Channel,
    IncidentState,
    Outcome,
    Dismissal,
    HealthEventKind,
)


@pytest.mark.parametrize("enum", ENUMS)
def test_every_value_stands_in_the_docs(enum: type[Enum]) -> None:
    """Reasons, states, kinds and outcomes by their stored value."""
    assert {member.value for member in enum} - WORDS == set()


def test_every_cause_and_presence_stands_in_the_docs() -> None:
    """By the word the API uses."""
    causes = {cause.code for cause in Cause} | {presence.word for presence in Presence}

    assert causes - WORDS == set()


def test_every_flag_stands_in_the_docs() -> None:
    """Bits are stored: their names must be found."""
    assert {flag.name for flag in Flag} - WORDS == set()


def test_every_channel_stands_in_the_docs() -> None:
    """Topics of each class."""
    assert {channel for channels in CHANNELS.values() for channel in channels} - WORDS == set()


def test_every_step_of_an_alert_stands_in_the_docs() -> None:
    """The timeline's words are written in the source as ``what``."""
    steps = {
        word
        for path in sorted((ROOT / "alerts").glob("*.py"))
        for word in _steps(ast.parse(path.read_text()))
    }

    assert {"raised", "police_ready", "owner_told", "expired"} <= steps
    assert steps - WORDS == set()


def _steps(tree: ast.Module) -> set[str]:
    words: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = [keyword.value for keyword in node.keywords if keyword.arg == "what"]
            if isinstance(node.func, ast.Attribute) and node.func.attr in {"_change", "confirm"}:
                named += node.args[1:2]
            words |= {text for value in named for text in _texts(value)}
        elif isinstance(node, ast.Assign):
            words |= {text for name, value in _assigned(node) if name == "what" for text in value}
    return words


def _assigned(node: ast.Assign) -> Iterator[tuple[str, set[str]]]:
    """Names and the texts they may hold, of ``a = ...`` and ``a, b = ..., ...``."""
    pairs = [(target, node.value) for target in node.targets]
    target = node.targets[0]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(target.elts, node.value.elts, strict=True))
    for name, value in pairs:
        if isinstance(name, ast.Name):
            choices = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            yield name.id, {text for choice in choices for text in _texts(choice)}


def _texts(value: ast.expr) -> set[str]:
    constants = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)]
    return {constant for constant in constants if isinstance(constant, str)}

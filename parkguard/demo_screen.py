"""The demo's live picture in the terminal: rates, devices by presence, the timeline."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_PRESENCE = {
    "online": "green", "late": "yellow", "offline": "red", "sleeping": "blue", "unknown": "dim",
}  # fmt: skip
_LINE = {"theft": "bold red", "false": "bold magenta", "other": "yellow"}


def render(
    *,
    seconds: float,
    length_s: float | None,
    rate: float,
    totals: Mapping[str, int],
    presence: Mapping[str, int],
    parts: Mapping[str, str],
    timeline: Sequence[tuple[str, str]],
    docs_url: str,
    pages_url: str,
    logins: Sequence[tuple[str, str]],
    broker: str,
    stores: str,
) -> RenderableType:
    """One picture of this moment."""
    of = f" of {length_s:.0f}" if length_s else ""
    numbers = Table.grid(padding=(0, 2))
    for _ in range(7):
        numbers.add_column(no_wrap=True)
    numbers.add_row(
        Text(f"{seconds:.0f}{of} s", "bold"),
        f"{rate:.0f} records/s",
        f"received {totals.get('received', 0)}",
        f"stored {totals.get('projected', 0)}",
        f"thinned {totals.get('thinned', 0)}",
        Text(
            f"quarantined {totals.get('quarantined', 0)}",
            "red" if totals.get("quarantined") else "",
        ),
        Text(f"unstored {totals['unstored']}" if totals.get("unstored") else "", "red"),
    )
    devices = Text("devices  ")
    for word, colour in _PRESENCE.items():
        if presence.get(word):
            devices.append(f"{word} {presence[word]}  ", colour)
    health = Text("parts    ")
    for part, reason in parts.items():
        health.append(f"{part} ", "green" if not reason else "bold red")
    pages = Text(f"pages    {pages_url}  ", "bold")
    people = Table.grid(padding=(0, 2))
    people.add_row(Text("log in "), *(Text(f"{name}  {word}") for name, word in logins[:2]))
    people.add_row("", *(Text(f"{name}  {word}") for name, word in logins[2:]))
    head = Panel(
        Group(
            numbers,
            devices,
            health,
            pages,
            people,
            Text(f"broker   {broker}", "dim"),
            Text(f"stores   {stores}", "dim"),
        ),
        title="ParkGuard · a synthetic city",
        subtitle=f"API docs: {docs_url}",
        border_style="cyan",
    )
    lines: list[RenderableType] = [Text(text, _LINE[kind]) for kind, text in timeline]
    if not lines:
        lines = [Text("all quiet: vehicles are parked, charged and ridden by their owners", "dim")]
    story = Panel(
        Group(*lines),
        title="alerts: red = stolen, yellow = answered by the owner",
        border_style="white",
    )
    return Group(head, story)

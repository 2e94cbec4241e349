"""``parkguard health`` as text: what is wrong on one screen, read in ten seconds."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from devices.causes import Cause, causes_of
from devices.presence import Presence
from devices.severity import Severity
from parkguard.health_view import View, Wrong
from parkguard.health_words import Lang, lasted, said

COLOURS = {
    Severity.FIRE: "bold white on red",
    Severity.OUTAGE: "bold red",
    Severity.SECURITY: "bold magenta",
    Severity.OFFLINE: "red",
    Severity.FAILING: "yellow",
    Severity.DEGRADED: "yellow",
    Severity.LATE: "cyan",
    Severity.FINE: "green",
}
_COLUMNS = (
    Presence.ONLINE.word,
    Presence.SLEEPING.word,
    Presence.LATE.word,
    Presence.OFFLINE.word,
    Presence.UNKNOWN.word,
    "degraded",
    "maintenance",
)
_SHORT = {Presence.UNKNOWN.word: "never", "maintenance": "in_work"}
"""Headings that would not fit into 80 characters."""
_RED = frozenset({Presence.OFFLINE.word, Presence.UNKNOWN.word})
_NONE = "·"


def print_view(console: Console, view: View, *, now_ms: int, lang: Lang) -> None:
    """Print counts by class and presence, then the worst."""
    console.print()
    console.print(_counts(view, lang))
    console.print()
    if not view.wrong:
        console.print(Text(said("nothing_wrong", lang), style="green"))
        return
    title = f"{said('worst_first', lang)} · {len(view.wrong)} / {view.wrong_total}"
    if view.wrong_total > len(view.wrong):
        title += f" ({said('more', lang)})"
    table = Table(title=title, title_justify="left", expand=True, box=None, pad_edge=False)
    table.add_column(said("what", lang), no_wrap=True)
    table.add_column(said("since", lang), no_wrap=True, justify="right")
    table.add_column(said("device", lang), overflow="fold")
    table.add_column(said("where", lang), overflow="fold")
    table.add_column(said("why", lang), ratio=1)
    for one in view.wrong:
        seconds = None if one.since_ms is None else (now_ms - one.since_ms) / 1000
        table.add_row(
            Text(severity_word(one.severity, lang), style=COLOURS[one.severity]),
            lasted(seconds, lang),
            _who(one, lang),
            one.where[0] + (f" +{len(one.where) - 1}" if len(one.where) > 1 else ""),
            _why(one, lang),
        )
    console.print(table)


def severity_word(severity: Severity, lang: Lang) -> str:
    """How bad it is."""
    return severity.zh if lang is Lang.ZH else severity.en


def cause_words(cause: Cause, lang: Lang) -> str:
    """A cause in words."""
    return cause.zh if lang is Lang.ZH else cause.en


def why(causes: int, worst: Cause | None, lang: Lang) -> str:
    """The worst cause in words, and how many others there are."""
    if worst is None:
        return ""
    others = len(causes_of(causes)) - 1
    return cause_words(worst, lang) + (f" (+{others})" if others > 0 else "")


def _who(one: Wrong, lang: Lang) -> str:
    if one.severity is not Severity.OUTAGE:
        return one.devices[0]
    return f"{len(one.devices)} {said('devices', lang)}"


def _why(one: Wrong, lang: Lang) -> str:
    if one.severity is Severity.OUTAGE:
        classes = ", ".join(said(cls, lang) for cls in one.cls.split())
        return f"{said('together', lang)}: {classes}"
    return why(one.causes, one.worst, lang)


def _counts(view: View, lang: Lang) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(said("class", lang), no_wrap=True)
    table.add_column(said("all", lang), justify="right")
    for column in _COLUMNS:
        name = said(_SHORT.get(column, column), lang)
        table.add_column(name, justify="right", no_wrap=True)
    for cls, numbers in view.counts.items():
        table.add_row(said(cls, lang), *_numbers(numbers))
    if len(view.counts) > 1:
        sums: dict[str, int] = {}
        for numbers in view.counts.values():
            for name, number in numbers.items():
                sums[name] = sums.get(name, 0) + number
        table.add_row(said("all", lang), *_numbers(sums), style="bold")
    return table


def _numbers(numbers: dict[str, int]) -> Sequence[Text]:
    shown = [Text(f"{numbers['devices']:,}")]
    for column in _COLUMNS:
        number = numbers[column]
        style = "red" if number and column in _RED else ""
        shown.append(Text(f"{number:,}" if number else _NONE, style=style))
    return shown

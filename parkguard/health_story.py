"""``parkguard health DEVICE``: one device's story as text, with its days and its battery drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.believed import Believed
from api.device_trends import DAYS, FixDay, Trends
from devices.availability import Line, State
from devices.causes import causes_of
from devices.health_events import HealthChange
from devices.model import Device
from devices.presence import Presence
from devices.severity import severity_of, worst_cause
from devices.trends import DAY_MS, Trend
from parkguard.health_chart import CELLS, NOTHING, SIGNS, spark, strips
from parkguard.health_text import COLOURS, cause_words, severity_word, why
from parkguard.health_words import Lang, lasted, said

STRIP_DAYS = 7
SPARK_WIDTH = 28
"""Half a day each."""
SHOWN = 12
"""Newest changes in the table."""
_STATE_COLOURS = {
    State.ONLINE: "green",
    State.SLEEPING: "blue",
    State.LATE: "yellow",
    State.OFFLINE: "red",
    State.UNKNOWN: "red",
    State.MAINTENANCE: "cyan",
    State.RETIRED: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is told of one device.

    Attributes:
        changes: Newest first; the last one may be from before the period.
        line: How it spent ``days``.
        trends: None = ``trends_away`` says why.
    """

    device: Device
    state: Believed
    changes: Sequence[HealthChange]
    line: Line
    days: int
    trends: Trends | None
    trends_away: str
    now_ms: int


def print_story(console: Console, story: Story, zone: ZoneInfo, lang: Lang) -> None:
    """Print it."""
    console.print(_head(story, lang))
    console.print(_now(story, zone, lang))
    console.print(_share(story, lang))
    console.print()
    _print_strips(console, story, zone, lang)
    _print_trends(console, story, zone, lang)
    if not story.changes:
        console.print(said("no_log", lang))
        return
    table = Table(title=said("changes", lang), title_justify="left", box=None, pad_edge=False)
    for name in ("from", "for", "state"):
        table.add_column(said(name, lang), no_wrap=True)
    table.add_column(said("why", lang))
    until_ms = story.now_ms
    for k, change in enumerate(story.changes[:SHOWN]):
        length = lasted((until_ms - change.at_ms) / 1000, lang)
        table.add_row(
            _time(change.at_ms, zone),
            length if k else f"{length} {said('so_now', lang)}",
            _state_text(change, lang),
            "; ".join(cause_words(cause, lang) for cause in causes_of(change.causes)),
        )
        until_ms = change.at_ms
    console.print(table)


def _head(story: Story, lang: Lang) -> Text:
    device = story.device
    known = [said(device.cls.value, lang), device.site_id, device.area, device.vendor, device.model]
    text = Text(device.id, style="bold")
    if device.name:
        text.append(f" {device.name}")
    text.append("  " + " · ".join(one for one in known if one))
    text.append(f"  {said(device.admin.value, lang)}")
    return text


def _now(story: Story, zone: ZoneInfo, lang: Lang) -> Text:
    state, device = story.state, story.device
    severity = severity_of(state.presence, int(state.causes), device.admin)
    text = Text(said(state.presence.word, lang), style=COLOURS[severity])
    if state.since_ms:
        length = lasted((story.now_ms - state.since_ms) / 1000, lang)
        text.append(f"  {said('since_time', lang)} {_time(state.since_ms, zone)} ({length})")
    if state.causes:
        words = why(int(state.causes), worst_cause(int(state.causes), severity), lang)
        text.append(f"\n{severity_word(severity, lang)}: {words}")
    if state.recv_ms:
        text.append(f"\n{said('heard', lang)} {_time(state.recv_ms, zone)}")
        if state.due_ms:
            text.append(f" · {said('next', lang)} {_time(state.due_ms, zone)}")
    return text


def _share(story: Story, lang: Lang) -> str:
    line = story.line
    period = f"{story.days} {said('days', lang)}: "
    if line.available is None or line.degraded is None:
        return period + said("not_counted", lang)
    spent = [
        f"{said(state.word, lang)} {lasted(line.ms[state] / 1000, lang)}"
        for state in (State.LATE, State.OFFLINE, State.UNKNOWN, State.MAINTENANCE)
        if line.ms[state]
    ]
    shares = [
        f"{said('available', lang)} {100 * line.available:.2f} %",
        f"{said('degraded_share', lang)} {100 * line.degraded:.2f} %",
    ]
    return period + " · ".join(shares + spent)


def _print_strips(console: Console, story: Story, zone: ZoneInfo, lang: Lang) -> None:
    oldest_first = list(reversed(story.changes))
    hours = "".join(f"{hour:02d}".ljust(CELLS // 4) for hour in (0, 6, 12, 18))
    console.print(" " * 11 + hours, style="dim")
    found = strips(oldest_first, STRIP_DAYS, story.now_ms, zone)
    for strip in found:
        text = Text(f"{strip.begin.date().isoformat()} ")
        for state in strip.cells:
            colour = _STATE_COLOURS[state] if state is not None else ""
            text.append(SIGNS[state] if state is not None else NOTHING, style=colour)
        console.print(text)
    seen = [state for state in SIGNS if any(state in strip.cells for strip in found)]
    legend = [
        f"{SIGNS[state]} {said(state.word, lang)}" for state in seen if state is not State.RETIRED
    ]
    console.print(" " * 11 + "  ".join(legend), style="dim")
    console.print()


def _print_trends(console: Console, story: Story, zone: ZoneInfo, lang: Lang) -> None:
    if story.trends is None:
        console.print(story.trends_away, style="yellow")
        return
    span = (story.now_ms - DAYS * DAY_MS, story.now_ms)
    for measure, line in story.trends.lines.items():
        drawn = spark(story.trends.hours[measure], span, SPARK_WIDTH)
        console.print(f"{said(measure, lang)} {drawn} {_level(measure, line, lang)}")
        if slope := _slope(line, zone, lang):
            console.print(f"  {slope}")
    if story.trends.fix_days:
        console.print(_fixes(story.trends.fix_days, lang))
    if story.trends.lines:
        console.print()


def _level(measure: str, line: Trend, lang: Lang) -> str:
    outlook = line.outlook.zh if lang is Lang.ZH else line.outlook.en
    if line.level is None:
        return outlook
    unit = "%" if measure == "battery_pct" else "dBm"
    return f"{line.level:.0f} {unit} · {outlook}"


def _slope(line: Trend, zone: ZoneInfo, lang: Lang) -> str:
    """How fast, and when it is empty; "" = nobody can say."""
    if line.per_day is None or line.low is None or line.high is None:
        return ""
    words = f"{line.per_day:+.1f} {said('a_day', lang)}"
    words += f" ({line.low:+.1f} {said('to', lang)} {line.high:+.1f})"
    if line.empty_ms is None or line.empty_from_ms is None or line.empty_to_ms is None:
        return words
    first, last = (_day(t_ms, zone) for t_ms in (line.empty_from_ms, line.empty_to_ms))
    words += f" · {said('empty', lang)} {_day(line.empty_ms, zone)}"
    return words if first == last else f"{words} ({first} {said('to', lang)} {last})"


def _fixes(days: Sequence[FixDay], lang: Lang) -> str:
    newest = days[-1]
    words = f"{said('usable', lang)} {100 * newest.usable:.0f} % ({newest.day})"
    if newest.acc_m is not None:
        words += f" · {said('accuracy', lang)} {newest.acc_m:.0f} m"
    return words


def _state_text(change: HealthChange, lang: Lang) -> Text:
    presence = Presence(change.presence)
    if change.admin != "active":
        return Text(said(change.admin, lang), style=_STATE_COLOURS[State.MAINTENANCE])
    return Text(said(presence.word, lang), style=_STATE_COLOURS[State(presence)])


def _time(t_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(t_ms / 1000, zone).strftime("%m-%d %H:%M")


def _day(t_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(t_ms / 1000, zone).date().isoformat()

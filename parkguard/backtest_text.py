"""A back-test for people at a terminal: the table, and the weeks as bars of text."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from alerts.comparing import Step
from parkguard.difference_table import difference_table
from parkguard.replay.backtest import BackTest

BAR = 24
"""Characters of the longest bar."""


def print_back_test(test: BackTest, zone: str) -> None:
    """Print both."""
    console = Console()
    days = (test.to_ms - test.from_ms) / 86_400_000
    since = datetime.fromtimestamp(test.from_ms / 1000, ZoneInfo(zone)).isoformat(" ", "minutes")
    title = f"{days:.1f} days since {since}; people labelled {test.labelled} of the alerts sent"
    console.print(difference_table(test.steps, title=title))
    console.print(_weeks(test))


def _weeks(test: BackTest) -> Table:
    """Sent and candidate side by side, each step on a scale of its own."""
    longest = {
        step: max(
            (max(one.sent, one.candidate) for one in test.weeks if one.step is step), default=0
        )
        for step in Step
    }
    table = Table(title="by week: ▒ sent, █ candidate")
    for name in ("week", *Step):
        table.add_column(name)
    for week in dict.fromkeys(one.week for one in test.weeks):
        cells = [
            f"{_bar('▒', one.sent, longest[one.step])}\n"
            f"{_bar('█', one.candidate, longest[one.step])}"
            for one in test.weeks
            if one.week == week
        ]
        table.add_row(week, *cells)
    return table


def _bar(mark: str, number: int, longest: int) -> str:
    """At least one mark for what there is, none for nothing."""
    length = max(1, round(BAR * number / longest)) if number else 0
    return f"{mark * length} {number}".strip()

"""How often an alert was a theft, by rule, site, tracker model and week, from people's outcomes.

A share is given with its Wilson 95 % interval, and never as a bare 0 or 100 %.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Protocol

from alerts.intervals import wilson_95
from alerts.outcomes import Verdict, verdict_of


class By(StrEnum):
    """What labels are counted by."""

    RULE = "rule"
    SITE = "site"
    MODEL = "model"
    WEEK = "week"


class Label(Protocol):
    """One labelled alert."""

    @property
    def rule(self) -> str:
        """``kind:reason``."""
        ...

    @property
    def site(self) -> str:
        """Site or patrol grid, "" = neither is known."""
        ...

    @property
    def model(self) -> str:
        """Of the tracker, "" = not registered."""
        ...

    @property
    def raised_ms(self) -> int:
        """Receive time of what raised it, ms UTC."""
        ...

    @property
    def outcome(self) -> str:
        """People's word."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Labels that are alike.

    Attributes:
        key: One word for each thing that was asked for, in that order.
        precision: Share of thefts among what counts; None when nothing counts.
        low, high: Its 95 % interval, 0 to 1.
        outcomes: How often each word was said.
    """

    key: tuple[str, ...]
    true: int
    false: int
    not_counted: int
    precision: float | None
    low: float
    high: float
    outcomes: dict[str, int]


def precision_of(labels: Iterable[Label], by: Sequence[By], zone: tzinfo = UTC) -> list[Line]:
    """Count labels; the most false alarms first, then by key.

    Args:
        labels: Any order, one per alert.
        by: What to split by; nothing gives one line of all.
        zone: Of the city: where its weeks begin (ISO, Monday).
    """
    counted: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for label in labels:
        counted[tuple(_word(label, one, zone) for one in by)][label.outcome] += 1
    lines = [_line(key, outcomes) for key, outcomes in counted.items()]
    return sorted(lines, key=lambda line: (-line.false, line.key))


def _line(key: tuple[str, ...], outcomes: Counter[str]) -> Line:
    sums: Counter[Verdict] = Counter()
    for outcome, number in outcomes.items():
        sums[verdict_of(outcome)] += number
    true, false = sums[Verdict.TRUE], sums[Verdict.FALSE]
    low, high = wilson_95(true, true + false)
    return Line(
        key=key,
        true=true,
        false=false,
        not_counted=sums[Verdict.NOT_COUNTED],
        precision=true / (true + false) if true + false else None,
        low=low,
        high=high,
        outcomes=dict(sorted(outcomes.items())),
    )


def _word(label: Label, by: By, zone: tzinfo) -> str:
    match by:
        case By.RULE:
            return label.rule
        case By.SITE:
            return label.site
        case By.MODEL:
            return label.model
        case By.WEEK:
            return week_of(label.raised_ms, zone)


def week_of(at_ms: int, zone: tzinfo) -> str:
    """ISO week of a moment in the city: ``2025-W48``."""
    year, week, _ = datetime.fromtimestamp(at_ms / 1000, zone).isocalendar()
    return f"{year}-W{week:02d}"

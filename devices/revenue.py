"""Takings and differences of many stations and days, summed by whatever people ask for. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from devices.day_facts import DayFacts
from devices.reconciliation import (
    Compared,
    Comparison,
    Difference,
    DifferenceCode,
    Takings,
    reconcile,
    takings,
)


class RevenueLine(NamedTuple):
    """One sum. ``comparisons`` in the order of ``Compared``; their lines are summed by code."""

    key: str
    stations: int
    days: int
    takings: Takings
    comparisons: tuple[Comparison, ...]


class _Sums:
    """Sums of one key. Over- and underruns do not cancel: they stay two lines."""

    def __init__(self) -> None:
        self.stations: set[str] = set()
        self.days: set[str] = set()
        self.takings = [0] * len(Takings._fields)
        self.whole: dict[Compared, tuple[int, int]] = {}
        self.parts: dict[tuple[Compared, DifferenceCode, bool, bool], int] = {}

    def take(self, station: str, facts: DayFacts) -> None:
        """Add a day of a station."""
        self.stations.add(station)
        self.days.add(facts.day)
        self._add(takings(facts))
        for compared, first_fen, second_fen, lines in reconcile(facts):
            self._compare(compared, first_fen, second_fen)
            for code, fen, certain in lines:
                key = (compared, code, certain, fen > 0)
                self.parts[key] = self.parts.get(key, 0) + fen

    def merge(self, other: "_Sums") -> None:
        """Add another one's sums."""
        self.stations |= other.stations
        self.days |= other.days
        self._add(other.takings)
        for compared, both in other.whole.items():
            self._compare(compared, *both)
        for key, fen in other.parts.items():
            self.parts[key] = self.parts.get(key, 0) + fen

    def _add(self, taken: Sequence[int]) -> None:
        self.takings = [a + b for a, b in zip(self.takings, taken, strict=True)]

    def _compare(self, compared: Compared, first_fen: int, second_fen: int) -> None:
        first, second = self.whole.get(compared, (0, 0))
        self.whole[compared] = first + first_fen, second + second_fen

    def line(self, key: str) -> RevenueLine:
        """The sums so far."""
        return RevenueLine(
            key=key,
            stations=len(self.stations),
            days=len(self.days),
            takings=Takings(*self.takings),
            comparisons=tuple(
                Comparison(
                    compared,
                    *self.whole[compared],
                    tuple(
                        Difference(part[1], self.parts[part], part[2])
                        for part in sorted(self.parts)
                        if part[0] is compared
                    ),
                )
                for compared in Compared
                if compared in self.whole
            ),
        )


def revenue_by(
    rows: Iterable[tuple[str, str, DayFacts]],
) -> tuple[list[RevenueLine], RevenueLine | None]:
    """Sum up (key, station, facts of a day).

    Returns:
        Lines ascending by key, and the sum of all; None when there is nothing.
    """
    sums: dict[str, _Sums] = {}
    for key, station, facts in rows:
        sums.setdefault(key, _Sums()).take(station, facts)
    if not sums:
        return [], None
    every = _Sums()
    for one in sums.values():
        every.merge(one)
    return [one.line(key) for key, one in sorted(sums.items())], every.line("all")

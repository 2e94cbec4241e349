"""A file into the registry: everything is looked at first, then written by the thousand.

The file is read twice, so that a million rows need no memory and nothing is written when a row is
wrong. Who is stopped on the way starts again: what is written already is the same then.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from devices.control import REGISTERED_MAX
from parkguard.importing.columns import NEEDED, columns_of
from parkguard.importing.fault_book import FaultBook, Once
from parkguard.importing.kinds import Fault
from parkguard.importing.reading import Source
from parkguard.importing.shelf import Judged, Parsed, Shelf, State, parse

Progress = Callable[[int], None]
"""Called with bytes read since the last call."""
COLLECT_AFTER = 100_000
"""Objects between two searches for rings of garbage; Python's own number, 700, cost 8-18 % of the
CPU of an import: rows make many objects and no rings (docs/benchmarks.md, Importing)."""


@dataclass(slots=True)
class Counts:
    """Rows of a file by what they would change, and what was done.

    Attributes:
        refused: Rows with a fault.
        written: Rows written, new or changed.
        held: Messages in quarantine that are run again.
        left: Those that are left for another call.
        secrets: Devices that got a secret.
    """

    rows: int = 0
    refused: int = 0
    written: int = 0
    held: int = 0
    left: int = 0
    secrets: int = 0
    by_state: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))

    def as_row(self) -> dict[str, object]:
        """For people and ``--json``."""
        states = {state.value: count for state, count in self.by_state.items()}
        names = ("rows", "refused", "written", "held", "left", "secrets")
        return states | {name: getattr(self, name) for name in names}


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Search for rings of garbage after ``COLLECT_AFTER`` objects meanwhile."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@collecting_seldom()
def check(source: Source, shelf: Shelf, book: FaultBook, on_progress: Progress) -> Counts:
    """Look at every row; faults go into ``book``. Writes nothing."""
    counts, once = Counts(), Once()
    for fault in source.faults:
        book.add(fault)
    if source.faults:
        return counts
    for found in _judged(source, shelf, counts, on_progress):
        for one in found:
            if isinstance(one, Fault):
                book.add(one)
                continue
            counts.by_state[one.state] += 1
            for column, text in one.once:
                once.add(column, text, one.number)
    for fault in once.twice():
        book.add(fault)
    counts.refused = len(book.rows)
    return counts


@collecting_seldom()
def write(
    source: Source, shelf: Shelf, bad_rows: set[int], counts: Counts, on_progress: Progress
) -> None:
    """Write what is new or changed, leaving out ``bad_rows``; counts what was done."""
    if not counts.by_state[State.NEW] and not counts.by_state[State.CHANGED]:
        return
    seen = Counts()
    for found in _judged(source, shelf, seen, on_progress):
        ready = [
            one
            for one in found
            if isinstance(one, Judged)
            and one.number not in bad_rows
            and one.state is not State.SAME
        ]
        if not ready:
            continue
        first, last = ready[0].number, ready[-1].number
        note = f"{source.kind}:{source.path.name[:80]}:{first}-{last}"
        put = shelf.put(ready, note=note)
        counts.written += len(ready)
        counts.held += put.held
        counts.left += put.left
        counts.secrets += put.secrets


def _judged(
    source: Source, shelf: Shelf, counts: Counts, on_progress: Progress
) -> Iterator[list[Judged | Fault]]:
    """Answers by chunks of rows, at least one answer a row."""
    columns, needed = columns_of(source.kind), NEEDED[source.kind]
    rows = source.rows(on_progress)
    while chunk := list(islice(rows, REGISTERED_MAX)):
        counts.rows += len(chunk)
        good: list[Parsed] = []
        faults: list[Judged | Fault] = []
        for row in chunk:
            parsed, wrong = parse(row, columns, needed)
            faults += wrong
            if parsed is not None:
                good.append(parsed)
        yield faults + shelf.judge(good)

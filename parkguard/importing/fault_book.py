"""Every fault of a file: the first are shown, all go to a file; and ids that stand twice."""

import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import numpy as np

from api.csv_text import csv_cell
from parkguard.importing.kinds import Fault

SHOWN_MAX = 1_000
"""Faults that are printed at most; ``--errors`` has all."""


class FaultBook:
    """Counts faults; keeps the first ``SHOWN_MAX``, and writes all to ``path`` when it is given."""

    def __init__(self, path: Path | None, headers: Mapping[str, str]) -> None:
        """``headers`` is what the file calls its columns, by our name."""
        self.total = 0
        self.first: list[Fault] = []
        self.rows: set[int] = set()
        self._path, self._headers = path, headers
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        """Open the file of faults."""
        if self._path is not None:
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            self._file.write("row,column,fault\r\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        if self._file is not None:
            self._file.close()

    def add(self, fault: Fault) -> None:
        """Write one down, its column as the file calls it."""
        named = Fault(fault.row, self._headers.get(fault.column, fault.column), fault.text)
        self.total += 1
        self.rows.add(fault.row)
        if len(self.first) < SHOWN_MAX:
            self.first.append(named)
        if self._file is not None:
            cells = (csv_cell(value) for value in (named.row, named.column, named.text))
            self._file.write(",".join(cells) + "\r\n")


class Once:
    """What may stand in a file but once: 16 bytes each, thrice that when looked through at the end.

    Two texts of one 64-bit hash would be taken for one: by chance once in 37 million files of a
    million rows.
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self._seen: dict[str, tuple[array.array[int], array.array[int]]] = {}

    def add(self, column: str, text: str, row: int) -> None:
        """Note that a text stands in a row."""
        hashes, rows = self._seen.setdefault(column, (array.array("q"), array.array("q")))
        hashes.append(hash(text))
        rows.append(row)

    def twice(self) -> Iterator[Fault]:
        """A fault for every row but the first of each text."""
        for column, (hashes, rows) in self._seen.items():
            found = np.frombuffer(hashes, np.int64)
            order = np.argsort(found, kind="stable")
            same = np.flatnonzero(found[order][1:] == found[order][:-1])
            first = -1
            for k in same.tolist():
                if first < 0 or found[order[first]] != found[order[k]]:
                    first = k
                yield Fault(
                    rows[order[k + 1]],
                    column,
                    f"row {rows[order[first]]} has the same already: take one out",
                )

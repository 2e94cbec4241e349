"""What every kind does with its rows: read cells, compare with the registry, put what differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol

import msgspec

from devices.ids import canonical_id, folded, id_fault
from parkguard.importing.columns import Column
from parkguard.importing.kinds import CellError, Fault, Raw

Given = Mapping[str, object]
"""Values by column; a column that the file does not have is missing."""


class State(StrEnum):
    """What a row would change."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class Parsed(msgspec.Struct, frozen=True):
    """A row whose cells were read, and its id as it was typed (folded)."""

    row: Raw
    given: Given
    typed: str


class Judged(msgspec.Struct, frozen=True):
    """A row that can be written: its value, and what may stand in the file but once."""

    number: int
    value: object
    state: State
    once: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Put:
    """What came of a chunk.

    Attributes:
        held: Messages in quarantine that are run again: they were of unknown devices.
        left: Those that are left for another call.
        secrets: Devices that got a new one.
    """

    held: int = 0
    left: int = 0
    secrets: int = 0


class Shelf(Protocol):
    """Where rows of one kind go."""

    def judge(self, rows: Sequence[Parsed]) -> list[Judged | Fault]:
        """Compare rows with the registry: a value of each, or all its faults. Writes nothing."""
        ...

    def put(self, judged: Sequence[Judged], *, note: str) -> Put:
        """Write rows, new or changed, in one transaction; ``note`` is for the audit."""
        ...


def parse(
    row: Raw, columns: Mapping[str, Column], needed: frozenset[str]
) -> tuple[Parsed | None, list[Fault]]:
    """Read every cell of a row; None when one of them is wrong, with all faults."""
    if row.fault:
        return None, [Fault(row.number, "", row.fault)]
    given: dict[str, object] = {}
    faults: list[Fault] = []
    for name, cell in row.cells.items():
        column = columns[name]
        if not cell:
            given[name] = column.default
            if name in needed:
                faults.append(Fault(row.number, name, "is empty"))
            continue
        try:
            given[name] = column.read(cell)
        except ValueError as exc:
            faults.append(Fault(row.number, name, str(exc)))
    if not needed <= row.cells.keys():
        missing = [name for name in needed if name not in row.cells]
        faults += [Fault(row.number, name, "is missing") for name in missing]
    return (None if faults else Parsed(row, given, str(given["id"]))), faults


def forms_of(rows: Sequence[Parsed]) -> set[str]:
    """Ids under which rows may be registered: as typed long ago, or in the one form."""
    return {form for row in rows for form in (row.typed, row.typed.lower())}


def key_of(typed: str, known: Mapping[str, object]) -> str:
    """The id of a row: the one that is registered, else the one form of it."""
    return typed if typed in known else canonical_id(typed)


def new_id(typed: str, known: Mapping[str, object]) -> str:
    """The id of a vehicle, owner or site.

    Raises:
        CellError: It may not be.
    """
    key = key_of(typed, known)
    if key not in known and (fault := id_fault(key)):
        raise CellError("id", fault)
    return key


def reference(given: Given, name: str, known: Mapping[str, object], hint: str) -> str | None:
    """The id of something else that a row names; None = it names none.

    Raises:
        CellError: It is not registered.
    """
    typed = given.get(name)
    if not typed:
        return None
    key = key_of(folded(str(typed)), known)
    if key not in known:
        raise CellError(name, f"is not registered: {hint}")
    return key


def named_in(rows: Sequence[Parsed], name: str) -> set[str]:
    """Ids that rows name in a column, in both forms."""
    typed = {str(row.given[name]) for row in rows if row.given.get(name)}
    return typed | {each.lower() for each in typed}


def state_of(before: object | None, value: object) -> State:
    """What writing a value would change."""
    if before is None:
        return State.NEW
    return State.SAME if before == value else State.CHANGED


class Gather:
    """Collects the faults of a row over several steps: ``with`` each step that may have one."""

    def __init__(self, number: int) -> None:
        """Of the row with this number."""
        self.number = number
        self.faults: list[Fault] = []

    def __enter__(self) -> None:
        """Begin a step."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Write its fault down and go on; any other error is none of the row's."""
        if not isinstance(error, CellError):
            return False
        self.faults.append(Fault(self.number, error.column, str(error)))
        return True


def judge_each(
    rows: Sequence[Parsed], make: Callable[[Parsed], tuple[str, object | None, object]]
) -> list[Judged | Fault]:
    """Judge rows one by one: ``make`` gives id, what is registered (None = nothing) and the value.

    A ``CellError`` of it is the row's fault.
    """
    found: list[Judged | Fault] = []
    for row in rows:
        number = row.row.number
        try:
            key, before, value = make(row)
        except CellError as exc:
            found.append(Fault(number, exc.column, str(exc)))
        else:
            found.append(Judged(number, value, state_of(before, value), (("id", key),)))
    return found

"""One cell to one value: each reader takes trimmed text and raises ``ValueError`` in words.

Words never repeat the cell: it may be a name, a plate or a phone number.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from devices.ids import (
    canonical_id,
    canonical_plate,
    device_id_fault,
    folded,
    id_fault,
    is_imei,
)
from devices.model import CLOCK, Hours, hours_of

Reader = Callable[[str], object]
_Word = TypeVar("_Word", bound=StrEnum)

_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffd]")
_PARTS = re.compile(r"[;,、；，\s]+")  # noqa: RUF001 - what people write between words
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,20})?", re.ASCII)
_HOURS = re.compile(r"([0-9:]{4,5})-([0-9:]{4,5})", re.ASCII)
_CLOCK = re.compile(CLOCK)
_YES = frozenset({"1", "true", "yes", "y", "是", "开", "有"})
_NO = frozenset({"0", "false", "no", "n", "否", "关", "无"})
AREA = re.compile(r"[0-9]{0,14}", re.ASCII)


def text_of(width: int) -> Reader:
    """One line of text of at most ``width`` characters."""

    def read(cell: str) -> str:
        return _fitting(cell, width)

    return read


def _fitting(cell: str, width: int) -> str:
    if len(cell) > width:
        raise ValueError(f"has {len(cell)} characters, at most {width} are kept: shorten it")
    is_plain = cell.isascii() and cell.isprintable()  # most are, and a search takes longer
    if not is_plain and _UNSTORABLE.search(cell):
        raise ValueError("holds control characters, a line break or unreadable signs: mend it")
    return cell


def typed_id(cell: str) -> str:
    """An id as it was typed, folded; which form of it counts is said by what is registered."""
    return _fitting(folded(cell), 128)


def our_id(cell: str) -> str:
    """The id of a vehicle, owner or site, as it was typed."""
    found = typed_id(cell)
    if fault := id_fault(found):
        raise ValueError(fault)
    return found


def device_id(cell: str) -> str:
    """The id of a device, as it was typed; whether a new one may have it is said later."""
    found = typed_id(cell)
    form = canonical_id(found)
    if (fault := device_id_fault(form)) and not is_imei(form):
        raise ValueError(fault)
    return found


def plate(cell: str) -> str:
    """A plate in its one form."""
    found = canonical_plate(cell)
    return str(text_of(64)(found))


def area(cell: str) -> str:
    """A grid code, or the first digits of one."""
    found = folded(cell)
    if AREA.fullmatch(found) is None:
        raise ValueError(
            "is no grid code: up to 14 digits, or empty (spreadsheets spoil long ones)"
        )
    return found


def whole(least: int, most: int) -> Reader:
    """A whole number in [least, most]."""

    def read(cell: str) -> int:
        found = folded(cell)
        if _WHOLE.fullmatch(found) is None or not least <= int(found) <= most:
            raise ValueError(f"is no whole number from {least} to {most}")
        return int(found)

    return read


def degrees(most: float) -> Reader:
    """Degrees in [-most, most] with a decimal point."""

    def read(cell: str) -> float:
        found = folded(cell)
        if _DECIMAL.fullmatch(found) is None:
            raise ValueError("is no number of degrees with a point, as 31.820613")
        if abs(float(found)) > most:
            raise ValueError(f"is beyond {most:g} degrees: are lat and lon swapped?")
        return float(found)

    return read


def yes_no(cell: str) -> bool:
    """Yes or no, also 是 or 否."""
    found = folded(cell).lower()
    if found in _YES or found in _NO:
        return found in _YES
    raise ValueError("is neither yes nor no (是, 否)")


def one_of(words: type[_Word], also: Mapping[str, _Word]) -> Reader:
    """A word of an enumeration, or one that means it."""
    known = {word.value: word for word in words} | dict(also)

    def read(cell: str) -> _Word:
        found = known.get(folded(cell).lower())
        if found is None:
            raise ValueError(f"is none of: {', '.join(known)}")
        return found

    return read


def some_of(known: Mapping[str, str]) -> Reader:
    """Words of a list, by comma, semicolon or blank; each may be said otherwise."""

    def read(cell: str) -> tuple[str, ...]:
        words = [known.get(word.lower(), "") for word in _split(cell)]
        if "" in words:
            raise ValueError(f"holds a word that is none of: {', '.join(known)}")
        return tuple(dict.fromkeys(words))

    return read


def ids_of(most: int, check: Callable[[str], str]) -> Reader:
    """Ids of ours, at most ``most``; ``check`` says what is wrong with one."""

    def read(cell: str) -> tuple[str, ...]:
        found = _split(cell)
        fault = next((fault for each in found if (fault := check(each))), "")
        if len(found) > most:
            fault = f"has more than {most} ids"
        if fault:
            raise ValueError(fault)
        return tuple(found)

    return read


def amounts(cell: str) -> tuple[int, ...]:
    """Amounts in fen, by blank, comma or semicolon."""
    found = _split(cell)
    if any(_WHOLE.fullmatch(each) is None for each in found):
        raise ValueError("holds what is no whole number of fen, as 50 100")
    return tuple(int(each) for each in found)


def hours(cell: str) -> tuple[Hours, ...]:
    """Hours of the day: ``22:00-06:30``, several by semicolon."""
    made = []
    for part in _split(cell):
        found = _HOURS.fullmatch(part)
        if found is None or not all(_CLOCK.match(clock) for clock in found.groups()):
            raise ValueError("holds no hours as 22:00-06:30 (several by semicolon)")
        made.append(hours_of(found[1], found[2]))
    return tuple(made)


def day_ms(cell: str) -> int:
    """A day (``2025-11-25``), or a moment of ISO 8601; without an offset it is UTC. ms UTC."""
    try:
        found = datetime.fromisoformat(folded(cell).replace("/", "-"))
    except ValueError as exc:
        raise ValueError("is no date as 2025-11-25") from exc
    at = found if found.tzinfo else found.replace(tzinfo=UTC)
    return round(at.timestamp() * 1000)


def _split(cell: str) -> Sequence[str]:
    return [part for part in _PARTS.split(folded(cell)) if part]

"""Lines that fit a width, in languages with and without spaces between words."""

import unicodedata
from collections.abc import Iterator

_CLOSING = frozenset(",.;:!?)\u3001\u3002%")
"""What never begins a line; the last two before % are the Chinese comma and full stop."""


def width_of(text: str) -> int:
    """Columns a text takes: characters of full width take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def shortened(text: str, columns: int) -> str:
    """``text``, cut to so many columns, three of which say that it was."""
    if width_of(text) <= columns:
        return text
    while width_of(text) > columns - 3:
        text = text[:-1]
    return text + "..."


def wrapped(text: str, columns: int, *, indent: str = "") -> list[str]:
    """``text`` in lines of at most so many columns, each but the first indented.

    A line breaks at a space or beside a character of full width; a word longer than a line stays.
    """
    lines, line = [], ""
    for piece in _pieces(text):
        if line.strip() and width_of(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = indent + piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> Iterator[str]:
    """Parts that stay together: words with the space behind them, single wide characters."""
    piece = ""
    for letter in text:
        wide = width_of(letter) > 1
        joins = letter in _CLOSING or not (wide or (piece and width_of(piece[-1]) > 1))
        if piece and (piece.endswith(" ") or not joins):
            yield piece
            piece = ""
        piece += letter
    if piece:
        yield piece

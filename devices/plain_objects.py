"""Bytes to plain objects, the careful way: what no message may hold anywhere is refused by name.

NaN, a key that stands twice, NUL, half a surrogate pair, nesting beyond the limit. ``fitting``
then makes of the objects what a type takes.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import msgpack

from devices.encoding import Opened, check_utf8
from devices.errors import WireError, WireReason

MAX_DEPTH = 32
"""Deepest nesting. Source: decisions.md 13."""
_MAX_DIGITS = 40
"""A longer integer is no measurement (Python itself refuses 4,300 digits)."""
_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


class _Doubled(dict[str, Any]):
    """An object that had a key twice."""


def parse(opened: Opened) -> Any:  # noqa: ANN401 - any JSON or MessagePack value
    """Read bytes as plain objects; numbers that are not finite stay, to be found by ``check``.

    Raises:
        WireError: ``json``, ``encoding``, ``depth`` or ``utf8``.
    """
    if opened.packed:
        try:
            return msgpack.unpackb(opened.body, object_pairs_hook=_object, strict_map_key=False)
        except UnicodeDecodeError as exc:
            raise WireError(WireReason.UTF8, "a text is not UTF-8") from exc
        except (ValueError, TypeError, OverflowError, RecursionError) as exc:
            raise WireError(WireReason.ENCODING, f"not MessagePack: {exc}") from exc
    check_utf8(opened.body)
    check_depth(opened.body)
    try:
        return json.loads(opened.body.decode(), object_pairs_hook=_object, parse_int=_integer)
    except ValueError as exc:
        if 0 in opened.body[:4]:
            raise WireError(WireReason.UTF8, "UTF-16 or UTF-32") from exc
        raise WireError(WireReason.JSON, str(exc)) from exc


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else _Doubled(plain)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def check_depth(body: bytes) -> None:
    """Refuse JSON that is nested too deep, before anything is built of it.

    Raises:
        WireError: ``depth``.
    """
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for found in _BRACKET.finditer(body):
        token = found.group()
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise WireError(WireReason.DEPTH, f"nested deeper than {MAX_DEPTH}")
        elif token in b"]}":
            depth -= 1


def check(value: object, depth: int = 1) -> None:
    """Refuse what no message may hold anywhere.

    Raises:
        WireError: ``dupkey``, ``number`` (not finite), ``text`` (NUL), ``utf8`` (a lone
            surrogate), ``depth``, ``type`` (bytes, a key that is no text).
    """
    if isinstance(value, dict | list):
        _check_parts(value, depth)
    else:
        _check_scalar(value)


def _check_parts(value: dict[Any, Any] | list[Any], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise WireError(WireReason.DEPTH, f"nested deeper than {MAX_DEPTH}")
    if type(value) is _Doubled:
        raise WireError(WireReason.DUPKEY, "a key stands twice in one object")
    parts: Iterable[Any] = value
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str:
                raise WireError(WireReason.TYPE, "a key is no text")
            if not key.isascii() or "\0" in key:
                _check_text(key)
        parts = value.values()
    for part in parts:  # most are harmless, and a call for each would cost more than the rest
        kind = type(part)
        harmless = kind in _HARMLESS or (kind is float and part - part == 0)
        if not harmless and not (kind is str and part.isascii() and "\0" not in part):
            check(part, depth + 1)


_HARMLESS = frozenset({int, bool, type(None)})


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise WireError(WireReason.NUMBER, "a number that is not finite")
    elif value is not None and not isinstance(value, bool | int):
        raise WireError(WireReason.TYPE, f"{type(value).__name__} is no value of a message")


def _check_text(text: str) -> None:
    if text.isascii():
        if "\0" in text:
            raise WireError(WireReason.TEXT, "a text holds NUL")
        return
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise WireError(WireReason.UTF8, "a text holds half a surrogate pair") from exc
    if "\0" in text:
        raise WireError(WireReason.TEXT, "a text holds NUL")

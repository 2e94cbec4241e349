"""The careful way through a message that its strict decoder refused, or whose keys are new.

Field trackers write numbers as text, keys we do not know, a key twice, NaN. Here a payload is
read as plain objects, checked, and fitted to its type: what can be read is read and flagged,
what cannot be is refused with its reason. The plan of each type comes from ``payloads``.
"""

import json
import math
import re
from functools import cache
from typing import Any, NamedTuple, NoReturn

import msgpack
import msgspec
from msgspec import inspect as mi

from devices.encoding import Opened, check_utf8
from devices.errors import WireError, WireReason
from devices.words import Flag

MAX_DEPTH = 32
"""Deepest nesting. Source: decisions.md 13."""
_MAX_DIGITS = 40
"""A longer integer is no measurement (Python itself refuses 4,300 digits)."""
_PLAIN = {
    ".": re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,15})?", re.ASCII),
    ",": re.compile(r"-?[0-9]{1,18}([.,][0-9]{1,15})?", re.ASCII),
}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


class _Doubled(dict[str, Any]):
    """An object that had a key twice."""


class _Plan(NamedTuple):
    """What may stand somewhere: ``kind`` and, where it has parts, theirs.

    A value whose type is in ``plain`` is taken as it is.
    """

    kind: str
    vital: bool
    optional: bool
    fields: "dict[str, _Plan]"
    item: "_Plan | None"
    words: frozenset[object]
    plain: frozenset[type]


class Fitted(NamedTuple):
    """A message as plain objects that its type takes, with what was noticed and kept."""

    fields: dict[str, Any]
    flags: int
    ext: dict[str, Any]


# -- bytes to plain objects -----------------------------------------------------------------


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
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise WireError(WireReason.NUMBER, "a number that is not finite")
    elif isinstance(value, dict | list):
        _check_parts(value, depth)
    elif value is not None and not isinstance(value, bool | int):
        raise WireError(WireReason.TYPE, f"{type(value).__name__} is no value of a message")


def _check_parts(value: dict[Any, Any] | list[Any], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise WireError(WireReason.DEPTH, f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, _Doubled):
        raise WireError(WireReason.DUPKEY, "a key stands twice in one object")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise WireError(WireReason.TYPE, "a key is no text")
            _check_text(key)
        value = list(value.values())
    for inner in value:
        check(inner, depth + 1)


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


# -- plain objects to what a type takes -----------------------------------------------------


def fit(fields: object, model: type[msgspec.Struct], *, decimal: str = ".") -> Fitted:
    """Fit plain objects (already ``check``-ed) to ``model``, which ``msgspec.convert`` then makes.

    Raises:
        WireError: ``shape``, ``version``, ``number``, ``time`` or ``type``.
    """
    if not isinstance(fields, dict):
        raise WireError(WireReason.SHAPE, "not an object")
    if (version := fields.get("v", 1)) != 1 and isinstance(version, int):
        raise WireError(WireReason.VERSION, f"schema version {version} is not 1")
    return _Fitting(decimal).whole(fields, model)


class _Fitting:
    """One message on its way; gathers flags and unknown keys."""

    def __init__(self, decimal: str) -> None:
        self._plain = _PLAIN[decimal]
        self._flags = 0
        self._ext: dict[str, Any] = {}

    def whole(self, fields: dict[str, Any], model: type[msgspec.Struct]) -> Fitted:
        fitted = self._struct(fields, plan_of(model), "")
        return Fitted(fitted, self._flags, self._ext)

    def _struct(self, fields: dict[str, Any], plan: _Plan, path: str) -> dict[str, Any]:
        fitted = {}
        for key, value in fields.items():
            inner = plan.fields.get(key)
            if inner is None:
                self._ext[path + key] = value
            elif type(value) in inner.plain:
                fitted[key] = value
            elif value is not None:  # null = left out = unknown
                taken = self._value(value, inner, path + key)
                if taken is not None:
                    fitted[key] = taken
        return fitted

    def _value(self, value: Any, plan: _Plan, path: str) -> Any:  # noqa: ANN401 - any JSON value
        kind = plan.kind
        if kind == "struct" and isinstance(value, dict):
            fitted: Any = self._struct(value, plan, path + ".")
        elif kind == "list" and isinstance(value, list) and plan.item is not None:
            item = plan.item
            fitted = [self._value(inner, item, f"{path}.{k}") for k, inner in enumerate(value)]
        elif kind in {"int", "float"}:
            fitted = self._number(value, plan, path)
        elif kind == "bool" and not isinstance(value, bool):
            fitted = self._truth(value, plan, path)
        elif kind == "str" and isinstance(value, int | float) and path != "id":
            self._flags |= Flag.COERCED
            fitted = str(value)
        elif kind == "words" and plan.optional and not _is_word(value, plan.words):
            self._flags |= Flag.UNREADABLE
            fitted = None
        else:
            fitted = value
        return fitted

    def _number(self, value: Any, plan: _Plan, path: str) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            return self._number_of_text(value, plan, path)
        if plan.kind == "int" and isinstance(value, float) and not plan.vital:
            self._flags |= Flag.COERCED
            return round(value)
        return value

    def _number_of_text(self, text: str, plan: _Plan, path: str) -> int | float | None:
        if self._plain.fullmatch(text):
            self._flags |= Flag.COERCED
            number = float(text.replace(",", "."))
            if plan.kind == "float":
                return number
            if text.lstrip("-").isdigit():
                return int(text)
            if not plan.vital:
                return round(number)
        elif not plan.vital:
            self._flags |= Flag.UNREADABLE
            return None
        name = path.rsplit(".", 1)[-1]
        reason = WireReason.TIME if name in {"t", "fix_t", "start_t"} else WireReason.NUMBER
        raise WireError(reason, f"text where {path} is a number")

    def _truth(self, value: object, plan: _Plan, path: str) -> bool | None:
        truth = _TRUTH.get(str(value).lower()) if isinstance(value, str | int) else None
        if truth is not None:
            self._flags |= Flag.COERCED
            return truth
        if plan.optional and isinstance(value, str | int):
            self._flags |= Flag.UNREADABLE
            return None
        raise WireError(WireReason.TYPE, f"{path} is neither true nor false")


def _is_word(value: object, words: frozenset[object]) -> bool:
    return isinstance(value, str) and value in words


@cache
def plan_of(model: type[msgspec.Struct]) -> _Plan:
    """What may stand in ``model``, once per type."""
    return _plan(mi.type_info(model))


def _plan(type_: mi.Type, *, vital: bool = False, optional: bool = False) -> _Plan:
    fields: dict[str, _Plan] = {}
    item = None
    words: frozenset[object] = frozenset()
    kind = _KINDS.get(type(type_), "any")
    match type_:
        case mi.Metadata():
            marked = bool((type_.extra or {}).get("vital"))
            return _plan(type_.type, vital=vital or marked, optional=optional)
        case mi.UnionType():
            others = [inner for inner in type_.types if not isinstance(inner, mi.NoneType)]
            if len(others) == 1:
                return _plan(others[0], vital=vital, optional=len(others) < len(type_.types))
        case mi.StructType():
            fields = {field.encode_name: _plan(field.type) for field in type_.fields}
        case mi.ListType():
            item = _plan(type_.item_type)
        case mi.EnumType():
            words = frozenset(member.value for member in type_.cls)
    plain = _PLAIN_TYPES.get(kind, frozenset())
    if kind == "words" and not optional:
        plain = _PLAIN_TYPES["str"]
    return _Plan(kind, vital, optional, fields, item, words, plain)


_PLAIN_TYPES: dict[str, frozenset[type]] = {
    "int": frozenset({int}),
    "float": frozenset({float, int}),
    "bool": frozenset({bool}),
    "str": frozenset({str}),
}
_KINDS: dict[type, str] = {
    mi.StructType: "struct",
    mi.ListType: "list",
    mi.EnumType: "words",
    mi.IntType: "int",
    mi.FloatType: "float",
    mi.BoolType: "bool",
    mi.StrType: "str",
}


# -- words for a refusal --------------------------------------------------------------------


def refuse(exc: msgspec.ValidationError) -> NoReturn:
    """Name the reason of a well-formed message with a value its type does not take."""
    text = str(exc)
    if text.endswith(("`$.t`", ".fix_t`", ".start_t`")):
        raise WireError(WireReason.TIME, text) from exc
    if text.startswith("Number out of range"):
        raise WireError(WireReason.NUMBER, text) from exc
    if text.startswith("Expected `object`, got") and "$." not in text:
        raise WireError(WireReason.SHAPE, text) from exc
    if "<" in text or ">" in text or "length" in text or "matching" in text or "range" in text:
        raise WireError(WireReason.RANGE, text) from exc
    raise WireError(WireReason.TYPE, text) from exc

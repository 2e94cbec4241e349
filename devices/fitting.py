"""Plain objects to what a type takes: what can be read is read and flagged, the rest refused.

Field trackers write numbers as text and keys we do not know (decisions.md 11). The plan of each
type, which keys may stand in it and which are vital, comes from ``payloads``.
"""

import re
from functools import cache
from typing import Any, NamedTuple, NoReturn

import msgspec
from msgspec import inspect as mi

from devices.errors import WireError, WireReason
from devices.words import Flag

_PLAIN = {
    ".": re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,15})?", re.ASCII),
    ",": re.compile(r"-?[0-9]{1,18}([.,][0-9]{1,15})?", re.ASCII),
}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class _Plan(NamedTuple):
    """What may stand somewhere: ``kind`` and, where it has parts, theirs.

    A value whose type is in ``plain`` is taken as it is; ``inner`` are the fields with fields of
    their own, or of their elements'.
    """

    kind: str
    vital: bool
    optional: bool
    fields: "dict[str, _Plan]"
    item: "_Plan | None"
    words: frozenset[object]
    plain: frozenset[type]
    inner: "dict[str, _Plan]"


class Fitted(NamedTuple):
    """A message as plain objects that its type takes, with what was noticed and kept."""

    fields: dict[str, Any]
    flags: int
    ext: dict[str, Any]


def fit(fields: object, model: type[msgspec.Struct], *, decimal: str = ".") -> Fitted:
    """Fit plain objects (already ``check``-ed) to ``model``, which ``msgspec.convert`` then makes.

    Raises:
        WireError: ``shape``, ``version``, ``number``, ``time`` or ``type``.
    """
    if not isinstance(fields, dict):
        raise WireError(WireReason.SHAPE, "not an object")
    _check_version(fields.get("v", 1))
    fitted = _Fitting(decimal).whole(fields, model)
    _check_version(fitted.fields.get("v", 1))  # it may have stood as text
    return fitted


def _check_version(version: object) -> None:
    if version != 1 and isinstance(version, int):
        raise WireError(WireReason.VERSION, f"schema version {version} is not 1")


def part(
    fields: dict[str, Any], model: type[msgspec.Struct]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``model`` knows of a message, at every level, and the other keys by their path."""
    ext: dict[str, Any] = {}
    return _part(fields, plan_of(model), "", ext), ext


def _part(fields: dict[str, Any], plan: _Plan, path: str, ext: dict[str, Any]) -> dict[str, Any]:
    names = plan.fields
    known = fields.copy()
    for key in [key for key in fields if key not in names]:
        ext[path + key] = known.pop(key)
    for key, inner in plan.inner.items():
        value = known.get(key)
        if type(value) is dict:
            known[key] = _part(value, inner, f"{path}{key}.", ext)
        elif type(value) is list and inner.item is not None:
            known[key] = [
                _part(one, inner.item, f"{path}{key}.{k}.", ext) if type(one) is dict else one
                for k, one in enumerate(value)
            ]
    return known


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
            elif inner.fields and type(value) is dict:
                fitted[key] = self._struct(value, inner, f"{path}{key}.")
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
    inner = {
        name: each
        for name, each in fields.items()
        if each.fields or (each.item is not None and each.item.fields)
    }
    return _Plan(kind, vital, optional, fields, item, words, plain, inner)


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

"""Foreign bytes to plain objects and typed parts, with the same care as our own messages.

The usual payload takes a fast way: msgspec reads it, and it is proved that nothing stands twice (a
key that msgspec lost takes its quotes with it). Whatever is not proved so takes the careful way.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec

from devices.encoding import open_payload
from devices.errors import WireError, WireReason
from devices.fitting import fit, refuse
from devices.foreign.adapter import Foreign, ForeignRefused
from devices.plain_objects import check, check_depth, parse
from devices.words import EventType

MAX_ITEMS = 1_000
"""Most elements of one foreign payload; ours: 64 KiB of bare fixes are about 900."""
REPEAT_MS = 600_000
"""A condition that is said with every report is one event per 10 min; ours: what is older than
10 min is history (decisions.md 12), and a new fault must not hide behind an old one for longer."""
CONDITIONS = frozenset(
    {
        EventType.POWER_CUT,
        EventType.LOW_BATTERY,
        EventType.LOW_EXT_POWER,
        EventType.GNSS_ANTENNA,
        EventType.JAMMING_GSM,
        EventType.JAMMING_GNSS,
    }
)
"""Alarms that senders repeat for as long as they last (JT/T 808: kept until it is over)."""

_QUOTE = b'"'
_CODE_ESCAPE = b"\\u"
"""Begins a character by its code: a quote, NUL or half a surrogate pair that bytes do not show."""

_Part = TypeVar("_Part", bound=msgspec.Struct)
Given = list[Foreign | ForeignRefused]
"""What an adapter gives for one payload, in its order."""


class Typed(NamedTuple):
    """Plain objects of a part that was read into its type, with what was noticed and kept."""

    flags: int
    rest: dict[str, Any]


class Plain(NamedTuple):
    """A payload as plain objects.

    Attributes:
        value: Any JSON or MessagePack value.
        sure: All of it is what a message may hold; else each part is checked apart.
    """

    value: Any
    sure: bool

    def check(self, part: object) -> None:
        """Refuse what no message may hold anywhere in a part of it.

        Raises:
            WireError: As ``devices.fitting.check``.
        """
        if not self.sure:
            check(part)


def open_plain(payload: bytes) -> Plain:
    """Read a payload as plain objects; its elements are to be checked apart.

    Raises:
        WireError: It cannot be opened, or its top-level object has a key twice.
    """
    opened = open_payload(payload)
    plain = None if opened.packed else _sure(opened.body)
    if plain is None:
        plain = Plain(parse(opened), sure=False)
        if isinstance(plain.value, dict) and type(plain.value) is not dict:
            raise WireError(WireReason.DUPKEY, "a key stands twice in one object")
    return plain


def _sure(body: bytes) -> Plain | None:
    """JSON that holds only what a message may, or None where that is not proved.

    msgspec keeps the last of equal keys and refuses NaN, 1e400 and raw control characters. Where no
    character is written by its code, every quote in the bytes is one in what msgspec would write of
    the same objects, unless a key, with its two quotes at least, was lost.
    """
    if _CODE_ESCAPE in body:
        return None
    try:
        value = msgspec.json.decode(body)
        again = msgspec.json.encode(value)
    except (ValueError, OverflowError, RecursionError):
        return None  # the careful way names what is wrong
    if again.count(_QUOTE) != body.count(_QUOTE):
        return None
    check_depth(body)
    return Plain(value, sure=True)


def open_object(payload: bytes) -> dict[str, Any]:
    """Read a payload that must be one object, and check it as a whole.

    Raises:
        WireError: It cannot be opened, is no object, or holds what no message may.
    """
    plain = open_plain(payload)
    if not isinstance(plain.value, dict):
        raise WireError(WireReason.SHAPE, "not an object")
    plain.check(plain.value)
    return plain.value


def fit_part(fields: object, model: type[_Part]) -> tuple[_Part, Typed]:
    """Read a checked part into its type: numbers as text are read, unknown keys are given back.

    Raises:
        WireError: A value that its type does not take.
    """
    if isinstance(fields, dict):
        if "v" in fields:  # with us it is the version
            fields = {key: value for key, value in fields.items() if key != "v"}
        try:
            part = msgspec.convert(fields, model)
        except msgspec.ValidationError:
            pass  # the careful way reads what can be read, or names what is wrong
        else:
            known = _names(model)
            return part, Typed(0, {k: value for k, value in fields.items() if k not in known})
    fitted = fit(fields, model)
    try:
        return msgspec.convert(fitted.fields, model), Typed(fitted.flags, fitted.ext)
    except msgspec.ValidationError as exc:
        refuse(exc)


def whole_or(payload: bytes, element: object, again: object) -> bytes:
    """``again`` as bytes; the whole payload where the element holds what JSON cannot say again."""
    try:
        check(element)
        return msgspec.json.encode(again)
    except (WireError, ValueError, OverflowError):
        return payload


@cache
def _names(model: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(model.__struct_encode_fields__)


def limit(items: Sequence[object]) -> None:
    """Refuse a payload of too many elements.

    Raises:
        WireError: ``size``.
    """
    if len(items) > MAX_ITEMS:
        raise WireError(WireReason.SIZE, f"{len(items)} elements, at most {MAX_ITEMS}")


def without_unknown(fields: dict[str, Any]) -> dict[str, Any]:
    """The same without values that are None or empty objects: unknown is left out."""
    return {key: value for key, value in fields.items() if value is not None and value != {}}


def refused(item: int, foreign_id: str, error: WireError) -> ForeignRefused:
    """An element that could not be read."""
    return ForeignRefused(item, foreign_id, error.reason, error.detail)


def event_of(fix: Foreign, type_: EventType, *, recv_ms: int, raw: dict[str, object]) -> Foreign:
    """The event that a report tells besides its position.

    A report that is sent again gives the same event id; so does a condition that goes on.
    """
    t_ms = fix.message.get("t")
    when = recv_ms if not isinstance(t_ms, int) else t_ms
    if type_ in CONDITIONS:
        when -= when % REPEAT_MS
    message = {
        "ev_id": f"{raw['proto']}-{type_}-{when}",
        "type": type_.value,
        "on": True,
        "t": t_ms,
        "pos": fix.message.get("pos"),
        "st": fix.message.get("st"),
        "raw": raw,
    }
    return Foreign(fix.item, fix.foreign_id, "event", without_unknown(message), fix.flags)

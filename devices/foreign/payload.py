"""Foreign bytes to plain objects and typed parts, by the same careful way as our own messages."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from devices.encoding import open_payload
from devices.errors import WireError, WireReason
from devices.foreign.adapter import Foreign, ForeignRefused
from devices.lenient import check, fit, parse, refuse
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

_Part = TypeVar("_Part", bound=msgspec.Struct)
Given = list[Foreign | ForeignRefused]
"""What an adapter gives for one payload, in its order."""


class Typed(NamedTuple):
    """Plain objects of a part that was read into its type, with what was noticed and kept."""

    flags: int
    rest: dict[str, Any]


def open_plain(payload: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read a payload as plain objects; its elements are checked apart.

    Raises:
        WireError: It cannot be opened, or its top-level object has a key twice.
    """
    plain = parse(open_payload(payload))
    if isinstance(plain, dict) and type(plain) is not dict:
        raise WireError(WireReason.DUPKEY, "a key stands twice in one object")
    return plain


def open_object(payload: bytes) -> dict[str, Any]:
    """Read a payload that must be one object, and check it as a whole.

    Raises:
        WireError: It cannot be opened, is no object, or holds what no message may.
    """
    plain = open_plain(payload)
    if not isinstance(plain, dict):
        raise WireError(WireReason.SHAPE, "not an object")
    check(plain)
    return plain


def fit_part(fields: object, model: type[_Part]) -> tuple[_Part, Typed]:
    """Read a checked part into its type: numbers as text are read, unknown keys are given back.

    Raises:
        WireError: A value that its type does not take.
    """
    if isinstance(fields, dict):
        fields = {key: value for key, value in fields.items() if key != "v"}  # ours: the version
    fitted = fit(fields, model)
    try:
        return msgspec.convert(fitted.fields, model), Typed(fitted.flags, fitted.ext)
    except msgspec.ValidationError as exc:
        refuse(exc)


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

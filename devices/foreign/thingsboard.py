"""Telemetry made for ThingsBoard: a device's own, or a gateway's for many.

Facts: ``ts`` in milliseconds or absent; values may be text; an array fills gaps; a gateway sends a
map of device name to array. Keys are the maker's own: the policy maps them. Source: [W2].
"""

from typing import Any

from devices.errors import WireError, WireReason
from devices.foreign.adapter import Foreign, ForeignRefused, ModelOf, no_model
from devices.foreign.filters import Filters
from devices.foreign.ids import canonical_id
from devices.foreign.payload import (
    Given,
    event_of,
    limit,
    open_plain,
    refused,
    whole_or,
    without_unknown,
)
from devices.foreign.policy import ThingsBoardPolicy
from devices.foreign.units import UNKNOWN, any_time_ms, convert
from devices.words import EventType, Flag

_MAY_BE_NEGATIVE = frozenset({"pos.lat", "pos.lon", "pos.alt_m", "pack.temp_c", "pack.ma"})
"""-1 is a value there, not "unknown"."""
_WORDS = {type_.value: type_ for type_ in EventType}
_MAX_DIGITS = 18
_Said = tuple[str, object]
"""A device's id or its refusal's "", and one element of its telemetry."""


class ThingsBoard:
    """Reads device and gateway telemetry; the id is the client id, or the device's name."""

    name: str = "thingsboard"

    def __init__(self, policy: ThingsBoardPolicy) -> None:
        """Keep the policy."""
        self._policy = policy
        self._filters = Filters(policy.topics)

    def owns(self, topic: str) -> bool:
        """Whether a filter of the policy matches."""
        return self._filters.match(topic) is not None

    def read(
        self, topic: str, payload: bytes, recv_ms: int, model_of: ModelOf = no_model
    ) -> list[Foreign | ForeignRefused]:
        """A fix for each element, and an event where it names one.

        Raises:
            WireError: It cannot be opened, or holds too many elements.
        """
        del model_of
        plain = open_plain(payload)
        said = self._said(topic, plain.value)
        limit(said)
        alone = bool(self._filters.match(topic)) and not isinstance(plain.value, list)
        given: Given = []
        for index, (name, element) in enumerate(said):
            item, foreign_id = -1 if alone else index, ""
            try:
                foreign_id = canonical_id(name)
                plain.check(element)
                values, empty = self._opened(element, Foreign(item, foreign_id, "fix", {}))
                given += self._messages(values, empty, recv_ms)
            except WireError as exc:
                given.append(refused(item, foreign_id, exc))
        return given

    def parts(self, topic: str, payload: bytes) -> list[bytes]:
        """A device's array, or a gateway's map, with one element in each."""
        is_device = bool(self._filters.match(topic))
        return [
            whole_or(payload, element, [element] if is_device else {name: [element]})
            for name, element in self._said(topic, open_plain(payload).value)
        ]

    def _said(self, topic: str, plain: object) -> list[tuple[str, object]]:
        """Names and elements, in their order."""
        names = self._filters.match(topic)
        if names:
            return [(names[-1], element) for element in _elements(plain)]
        if isinstance(plain, dict):
            return [(name, one) for name, many in plain.items() for one in _elements(many)]
        raise WireError(WireReason.SHAPE, "a gateway sends a map of devices")

    def _opened(self, element: object, empty: Foreign) -> tuple[dict[str, Any], Foreign]:
        """Values of ``{"ts", "values"}`` or of bare values, and a message that has their time."""
        if not isinstance(element, dict):
            raise WireError(WireReason.SHAPE, "telemetry is an object of values")
        values = element.get("values") if "values" in element else element
        if not isinstance(values, dict):
            raise WireError(WireReason.SHAPE, "values is not an object")
        said_t = element.get("ts")
        if said_t is not None:
            t_ms = any_time_ms(said_t, self._policy.timezone_h)
            flags = int(Flag.COERCED) if isinstance(said_t, str) else 0
            if str(said_t).isdigit() and str(said_t) != str(t_ms):
                flags |= int(Flag.TIME_SCALED)
            empty = empty._replace(message={"t": t_ms}, flags=flags)
        return {key: value for key, value in values.items() if key != "ts"}, empty

    def _messages(self, values: dict[str, Any], empty: Foreign, recv_ms: int) -> Given:
        message, flags = empty.message, empty.flags
        rest: dict[str, Any] = {}
        types: list[EventType] = []
        for key, value in values.items():
            target = self._policy.keys.get(key)
            if target is None:
                rest[key] = value
            elif target == "event":
                rest[key] = value
                types += self._types(value)
            else:
                taken, noted = self._value(key, target, value)
                flags |= noted
                if taken is not None:
                    _put(message, target, taken)
        message |= without_unknown({"thingsboard": rest})
        fix = empty._replace(message=message, flags=flags)
        given: Given = [fix]
        for type_ in types:
            raw: dict[str, object] = {"proto": "thingsboard", "alarm": type_.value}
            given.append(event_of(fix, type_, recv_ms=recv_ms, raw=raw))
        return given

    def _types(self, value: object) -> list[EventType]:
        """Event types of a word, or of words in a list."""
        words = value if isinstance(value, list) else [value]
        found = [
            self._policy.alarms.get(word) or _WORDS.get(word.lower())
            for word in words
            if isinstance(word, str)
        ]
        return [type_ for type_ in found if type_ is not None]

    def _value(self, key: str, target: str, value: object) -> tuple[object, int]:
        """A value in the unit of wire.md, or as it came: our own judging reads text and refuses."""
        number, flags = _number(value)
        if number is None:
            return value, 0
        if number in UNKNOWN and target not in _MAY_BE_NEGATIVE:
            return None, 0
        unit = self._policy.units.get(key)
        if unit is None:
            return value, 0
        return convert(number, unit), flags


def _elements(plain: object) -> list[object]:
    return plain if isinstance(plain, list) else [plain]


def _number(value: object) -> tuple[float | None, int]:
    """A number, or plain decimal text (flagged ``COERCED``); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None, 0
    if not isinstance(value, str):
        return value, 0
    digits = value.removeprefix("-").replace(".", "", 1)
    if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS:
        return float(value), int(Flag.COERCED)
    return None, 0


def _put(message: dict[str, Any], target: str, value: object) -> None:
    """Put a value at ``part.field``; the first of several keys for one field stays."""
    part, _, name = target.partition(".")
    if name:
        message.setdefault(part, {}).setdefault(name, value)
    else:
        message.setdefault(part, value)

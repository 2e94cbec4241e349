"""From a file to its lines in order; a malformed line stops with its number."""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Iterator

import msgspec

from devices.errors import WireError
from devices.foreign.ids import registered_id
from parkguard.replay import lines
from parkguard.replay.lines import AnyLine, DeviceFields, Expect, Mqtt, PlaceFields, Side, Truth
from parkguard.replay.plant import ADAPTERS

_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)
_COUNTS = ("received", "accepted", "duplicate", "quarantined")
_NEEDS_VALUE = frozenset({"presence", "position", "distance_m", "state", "refused"})
_NUMBERS = frozenset({"alert", "quarantine", "event", "count", "distance_m"})
_NEEDS_ONE = frozenset({"presence", "position", "distance_m", "state"})


class LineError(Exception):
    """A line that cannot be taken: file, number, and what is wrong with it."""

    def __init__(self, name: str, number: int, why: str) -> None:
        """Name the place as editors and compilers do."""
        super().__init__(f"{name}:{number}: {why}")
        self.number = number


def read_lines(raw_lines: Iterable[bytes], name: str) -> Iterator[tuple[int, AnyLine]]:
    """Every line with its number from 1, in order; blank lines are passed over.

    Raises:
        LineError: Not a line of docs/replay.md, or its ``recv_t`` is before an earlier one.
    """
    newest = -1
    for number, raw in enumerate(raw_lines, start=1):
        try:
            line = _decoder.decode(raw)
        except msgspec.DecodeError as exc:
            if not raw.strip():
                continue
            raise LineError(name, number, _explain(exc)) from exc
        if type(line) is not Mqtt:
            fault = _fault(line)
            if fault:
                raise LineError(name, number, fault)
        recv_t = getattr(line, "recv_t", None)
        if recv_t is not None:
            if recv_t < newest:
                raise LineError(
                    name,
                    number,
                    f"recv_t {recv_t} is {newest - recv_t} ms before an earlier line: put the "
                    "lines in the order of recv_t (only a side line clock_step moves it back)",
                )
            newest = recv_t
            if isinstance(line, Side) and line.type == "clock_step":
                newest += round((line.seconds or 0.0) * 1000)
        yield number, line


def payload_of(line: Mqtt) -> bytes:
    """The message's bytes.

    Raises:
        ValueError: Neither or both of ``payload`` and ``payload_b64``, or that is no base64.
    """
    if line.payload_b64 is None:
        raw = bytes(line.payload)
        if not raw:
            raise ValueError('an mqtt line needs payload or payload_b64 ("" is an empty message)')
        return raw
    if bytes(line.payload):
        raise ValueError("an mqtt line takes payload or payload_b64, not both")
    try:
        return b64decode(line.payload_b64, validate=True)
    except binascii.Error as exc:
        raise ValueError(f"payload_b64 is no base64: {exc}") from exc


def _explain(exc: msgspec.DecodeError) -> str:
    if isinstance(exc, msgspec.ValidationError):
        return f"{exc} (see docs/replay.md)"
    return f"not a JSON object: {exc} (bytes that are no JSON go into payload_b64)"


def _fault(line: AnyLine) -> str:
    match line:
        case Side():
            return _side_fault(line)
        case DeviceFields():
            return _device_fault(line)
        case PlaceFields():
            return _place_fault(line)
        case Truth():
            return _truth_fault(line)
        case Expect():
            return _expect_fault(line)
        case _:
            return ""


def _side_fault(side: Side) -> str:
    missing = [name for name in lines.NEEDS[side.type] if getattr(side, name) is None]
    if missing:
        return f"side {side.type} needs {', '.join(missing)}"
    if side.device is not None:
        return _device_fault(side.device)
    return _place_fault(side.fence) if side.fence else ""


def _device_fault(device: DeviceFields) -> str:
    foreign = {} if isinstance(device.foreign, msgspec.UnsetType) else device.foreign
    for adapter, its_id in foreign.items():
        if adapter not in ADAPTERS:
            return f"there is no adapter {adapter}; there are {', '.join(sorted(ADAPTERS))}"
        try:
            registered_id(adapter, its_id)
        except WireError as exc:
            return f"id {its_id!r} in {adapter}: {exc.detail}"
    return ""


def _truth_fault(truth: Truth) -> str:
    if truth.upto < truth.since:
        return "truth ends before it begins"
    if truth.state == "theft" and truth.onset is None:
        return "truth of a theft needs its onset"
    return ""


def _place_fault(place: PlaceFields) -> str:
    if place.polygon is None and None in {place.lat, place.lon}:
        return "a place needs a polygon, or lat and lon"
    return ""


def _expect_fault(expect: Expect) -> str:
    what, value = expect.what, expect.value
    values = value if isinstance(value, list) else [value]
    faults = {
        "needs a value": what in _NEEDS_VALUE and value is msgspec.UNSET,
        "needs a device or a vehicle": what in _NEEDS_ONE
        and expect.vehicle is None
        and expect.device is None,
        "needs a field": what == "state" and not expect.field,
        f"needs a reason, one of {', '.join(_COUNTS)}": what == "count"
        and expect.reason not in _COUNTS,
        'has a value {"lat": ..., "lon": ...}, or null for none': what == "position"
        and not all(map(_is_place, values)),
        "has a number as value": what in _NUMBERS
        and value is not msgspec.UNSET
        and not all(map(_is_number, values)),
    }
    return next((f"expect {what} {fault}" for fault, there in faults.items() if there), "")


def _is_place(value: object) -> bool:
    if not isinstance(value, dict):
        return value is None
    return all(_is_number(value.get(name)) for name in ("lat", "lon"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

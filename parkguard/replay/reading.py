"""From a file to its lines in order; a malformed line stops with its number."""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Iterator

import msgspec

from devices.geometry import check_geometry
from parkguard.replay.lines import (
    COUNTS,
    NEEDS,
    AnyLine,
    Expect,
    Mqtt,
    PlaceFields,
    Side,
    SiteLine,
    Truth,
    is_number,
)

_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)
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
        if type(line) is Mqtt:
            recv_t: int | None = line.recv_t
        else:
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
            if type(line) is Side and line.type == "clock_step":
                newest += round((line.seconds or 0.0) * 1000)
        yield number, line


def payload_of(line: Mqtt) -> bytes:
    """The message's bytes.

    Raises:
        ValueError: Neither or both of ``payload`` and ``payload_b64``, or that is no base64.
    """
    raw = bytes(line.payload)
    if line.payload_b64 is None:
        if not raw:
            raise ValueError('an mqtt line needs payload or payload_b64 ("" is an empty message)')
        return raw
    if raw:
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
        case PlaceFields():
            return _place_fault(line)
        case Truth():
            return _truth_fault(line)
        case Expect():
            return _expect_fault(line)
        case _:
            return ""


def _side_fault(side: Side) -> str:
    missing = [name for name in NEEDS[side.type] if getattr(side, name) is None]
    if missing:
        return f"side {side.type} needs {', '.join(missing)}"
    if side.type == "ticket_closed" and not (side.id or side.ticket):
        return "side ticket_closed needs id or ticket"
    return _place_fault(side.fence) if side.fence else ""


def _truth_fault(truth: Truth) -> str:
    if truth.upto < truth.since:
        return "truth ends before it begins"
    if truth.state == "theft" and truth.onset is None:
        return "truth of a theft needs its onset"
    return ""


def _place_fault(place: PlaceFields) -> str:
    if place.polygon is not None:
        try:
            check_geometry(place.polygon)
        except ValueError as exc:
            return f"polygon of {place.id}: {exc}"
        return ""
    if None in {place.lat, place.lon}:
        return "a place needs a polygon, or lat and lon"
    if place.radius_m is None and not isinstance(place, SiteLine):
        return f"{place.id} needs a polygon, or a radius_m to its lat and lon"
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
        f"needs a reason, one of {', '.join(COUNTS)}": what == "count"
        and expect.reason not in COUNTS,
        "has a device, or none for all: not a vehicle": what == "count"
        and expect.vehicle is not None,
        'has a value {"lat": ..., "lon": ...}, or null for none': what == "position"
        and not all(map(_is_place, values)),
        "has a number as value": what in _NUMBERS
        and value is not msgspec.UNSET
        and not all(map(is_number, values)),
    }
    return next((f"expect {what} {fault}" for fault, there in faults.items() if there), "")


def _is_place(value: object) -> bool:
    if not isinstance(value, dict):
        return value is None
    return all(is_number(value.get(name)) for name in ("lat", "lon"))

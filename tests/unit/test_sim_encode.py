"""The simulators' encoder: the examples of the wire page, and everything it can write decodes."""

import json
from functools import cache
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as mi

from devices.readings import EventType, Flag, PortState, StopReason
from devices.readings import Fix as FixReading
from devices.wire import decode
from simulators.encode import (
    Batch,
    CameraHeartbeat,
    ChargerStatus,
    Coin,
    Event,
    Fix,
    Payload,
    Position,
    Session,
    State,
    encode,
)
from support.golden import GOLDEN, RECV_MS

KINDS: dict[str, type[Payload]] = {
    "fix": Fix,
    "batch": Batch,
    "event": Event,
    "status": ChargerStatus,
    "session": Session,
    "coin": Coin,
    "hb": CameraHeartbeat,
    "state": State,
}


def ordered(text: str | bytes) -> object:
    """JSON with the order of its keys."""
    return json.loads(text, object_pairs_hook=list)


@pytest.mark.parametrize("name", KINDS)
def test_example_of_the_page_is_reproduced(name: str) -> None:
    """Every example comes out with the same keys in the same order and the same values."""
    payload = msgspec.json.decode(GOLDEN[name].payload, type=KINDS[name])

    encoded = encode(payload)

    assert ordered(encoded) == ordered(GOLDEN[name].payload)


def test_unknown_is_left_out() -> None:
    """A fix without a position says so and names no coordinate."""
    fix = Fix(id="trk-1", boot="7f3a", seq=1, t=1, pos=Position(src="gnss", valid=False))

    encoded = encode(fix)

    assert json.loads(encoded)["pos"] == {"src": "gnss", "valid": False}


def test_malformed_coordinate_stays_text() -> None:
    """What a file says malformed is sent malformed, as text in the number's place."""
    position = Position(lat="53.3x85817", lon=-6.26, src="gnss", valid=True)

    encoded = encode(Fix(id="trk-1", boot="7f3a", seq=1, t=1, pos=position))

    assert b'"lat":"53.3x85817"' in encoded


# -- our decoder takes whatever the simulators can write ------------------------------------

BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "v": st.just(1),
    "boot": st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True),
    "ev_id": st.from_regex(r"[!-~]{1,64}", fullmatch=True),
    "seq": st.integers(0, 2**53 - 1),
    "t": st.integers(RECV_MS - 600_000, RECV_MS + 120_000),
    "start_t": st.integers(RECV_MS - 86_400_000, RECV_MS),
    "fix_t": st.integers(RECV_MS - 86_400_000, RECV_MS),
    "last_frame_t": st.integers(RECV_MS - 86_400_000, RECV_MS),
    "oldest_t": st.integers(RECV_MS - 86_400_000, RECV_MS),
    "type": st.sampled_from([event.value for event in EventType]),
    "state": st.sampled_from([state.value for state in PortState]),
    "stop": st.sampled_from([reason.value for reason in StopReason]),
    "lat": st.floats(-90, 90),
    "lon": st.floats(-180, 180),
    "crs": st.sampled_from(["wgs84", "gcj02", "bd09"]),
    "rssi_dbm": st.integers(-110, -40),
    "pct": st.integers(0, 100),
    "spd_kmh": st.floats(0, 400),
    "cog": st.floats(0, 360),
    "next_s": st.floats(0.5, 604_800),
}
"""What a field may be where its type alone does not say."""
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=64)


@cache
def _writes(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Every value the simulators' type allows, within what wire.md allows for it."""
    info = mi.type_info(kind)
    assert isinstance(info, mi.StructType)
    fields = {}
    for field in info.fields:
        of_type = _of_type(field.type)
        says = BY_NAME.get(field.name, of_type)
        literal = isinstance(field.type, mi.LiteralType)
        optional = field.default is msgspec.UNSET
        of_field = of_type if literal else says
        fields[field.name] = of_field | st.just(msgspec.UNSET) if optional else of_field
    return st.builds(kind, **fields)


def _of_type(of: mi.Type) -> st.SearchStrategy[Any]:
    """A strategy of one type; UNSET is added by the field."""
    simple: dict[type, st.SearchStrategy[Any]] = {
        mi.IntType: st.integers(0, 2**31 - 1),
        mi.FloatType: st.floats(0, 1e6),
        mi.BoolType: st.booleans(),
        mi.StrType: WORDS,
    }
    match of:
        case mi.UnionType():
            return st.one_of([_of_type(inner) for inner in of.types])
        case mi.LiteralType():
            return st.sampled_from(of.values)
        case mi.StructType():
            return _writes(of.cls)
        case mi.ListType():
            return st.lists(_of_type(of.item_type), min_size=1, max_size=5)
        case mi.DictType():
            return st.dictionaries(WORDS, _of_type(of.value_type), max_size=4)
    return simple[type(of)]


def test_every_kind_of_payload_is_tried() -> None:
    """A kind added to the encoder is added here."""
    assert set(KINDS.values()) == set(get_args(Payload))


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
def test_whatever_the_simulators_write_is_taken(name: str, data: st.DataObject) -> None:
    """Strictly: nothing refused, nothing coerced or unreadable, no key unknown."""
    topic = GOLDEN[name].topic
    payload = data.draw(
        _writes(KINDS[name]).map(lambda p: msgspec.structs.replace(p, id=topic.device_id))
    )

    decoded = decode(topic, encode(payload), recv_ms=RECV_MS)

    assert decoded.refused == []
    for reading in decoded.readings:
        assert not reading.flags & (Flag.COERCED | Flag.UNREADABLE | Flag.TIME_SCALED)
        ext = json.loads(reading.ext) if reading.ext else {}
        assert ext.keys() <= {"pos", "raw", "dur_s", "count", "st"}
        if isinstance(payload, Event):
            assert ext.get("raw", msgspec.UNSET) == payload.raw
    said = payload.fixes if isinstance(payload, Batch) else [payload]
    assert len(decoded.readings) == len(said)
    if not isinstance(payload, State):
        assert [reading.t_ms for reading in decoded.readings] == sorted(one.t for one in said)


@given(fix=_writes(Fix))
def test_every_number_of_a_fix_arrives(fix: Fix) -> None:
    """What was written is what is read, key by key, unless judging says why not."""
    topic = GOLDEN["fix"].topic
    encoded = encode(msgspec.structs.replace(fix, id=topic.device_id))

    (reading,) = decode(topic, encoded, recv_ms=RECV_MS).readings

    assert isinstance(reading, FixReading)
    said, read = json.loads(encoded), msgspec.to_builtins(reading)
    if reading.flags & (Flag.IMPLAUSIBLE | Flag.CONVERTED | Flag.NO_FIX | Flag.NULL_ISLAND):
        del said["pos"]
    for key, value in said.items():
        if isinstance(value, dict):
            assert {name: read[key][name] for name in value} == value
        else:
            assert read[key] == value

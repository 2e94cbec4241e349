"""Any bytes on any topic become readings or one ``WireError``; nothing else escapes."""

import json
from collections import Counter

import msgspec
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.admission import Admission
from devices.admitted import Record
from devices.control import RegisterDevices
from devices.entry import RETAIN
from devices.errors import WireError
from devices.latest import LATEST_DTYPE
from devices.model import DeviceClass
from devices.payloads import (
    BatchMessage,
    BatteryPart,
    CounterPart,
    DiskPart,
    EventMessage,
    FixMessage,
    HeartbeatMessage,
    NetPart,
    PosPart,
    StateMessage,
    StatePart,
    StatusMessage,
)
from devices.readings import (
    CameraChannel,
    DeviceState,
    EventType,
    Fix,
    FixSource,
    Port,
    PortState,
)
from devices.rows import to_row
from devices.telemetry import MEASUREMENTS
from devices.topics import CHANNELS, Topic
from devices.wire import Decoded, decode
from support.factories import ROOT, a_device, an_entry

RECV_MS = 1_764_032_463_000
FIX = Topic(DeviceClass.TRACKER, "trk-1", "fix")
BATCH = Topic(DeviceClass.TRACKER, "trk-1", "batch")
SHAPES = [
    FixMessage,
    BatchMessage,
    EventMessage,
    StatusMessage,
    HeartbeatMessage,
    StateMessage,
    PosPart,
    StatePart,
    BatteryPart,
    NetPart,
    CounterPart,
    DiskPart,
    Port,
    CameraChannel,
]
INT64 = range(-(2**63), 2**63)
TOPICS = st.sampled_from(
    [Topic(cls, f"{cls}-1", channel) for cls in DeviceClass for channel in sorted(CHANNELS[cls])]
)
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(
        [0, 1, 1_764_032_462, 1_764_032_462_000, 31.8, 117.2, 1e308, -0.0, 2**63, -(2**63) - 1]
    ),
)
KEYS = st.sampled_from([key for shape in SHAPES for key in shape.__struct_fields__] + ["x"])
WORDS = st.one_of(
    st.text(max_size=8),
    st.sampled_from([e.value for e in (*EventType, *PortState, *DeviceState, *FixSource)]),
    st.sampled_from(["trk-1", "chg-1", "wgs84", "NaN", "7f3a"]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=24,
)
MESSAGES = st.dictionaries(KEYS, VALUES, max_size=10)


SANE: dict[str, object] = {
    "t": RECV_MS,
    "boot": "a",
    "seq": 7,
    "pos": {"lat": 31.8, "lon": 117.2, "acc_m": 6, "spd_kmh": 4, "cog": 87, "hdop": 1, "sat": 9},
    "bat": {"pct": 82, "mv": 3980, "ext_mv": 52100},
    "net": {"rssi_dbm": -87},
}
PATHS = [("t", ""), ("seq", "")] + [
    (key, inner) for key, part in SANE.items() if isinstance(part, dict) for inner in part
]


def _fix_messages() -> st.SearchStrategy[dict[str, object]]:
    """A good fix with one wild number in it, so that much gets past the decoder."""
    return st.builds(_with, st.sampled_from(PATHS), NUMBERS)


def _with(path: tuple[str, str], number: float) -> dict[str, object]:
    key, inner = path
    part = SANE[key]
    return SANE | {key: part | {inner: number} if isinstance(part, dict) else number}


def _try(topic: Topic, payload: bytes, *, retained: bool = False) -> Decoded | None:
    try:
        return decode(topic, payload, recv_ms=RECV_MS, retained=retained)
    except WireError as exc:
        assert exc.reason  # noqa: PT017 - both ways are right, other exceptions are not
        return None


@settings(max_examples=200)
@given(topic=TOPICS, payload=st.binary(max_size=300), retained=st.booleans())
@example(topic=BATCH, payload=b'{"fixes":[NaN,"\\', retained=False)
@example(topic=FIX, payload=b"[" * 65_536, retained=False)
def test_any_bytes_decode_or_raise_wire_error(
    topic: Topic, payload: bytes, *, retained: bool
) -> None:
    """No byte string stops the loop, whichever way it comes in."""
    _try(topic, payload, retained=retained)
    _admit(topic, payload, retained=retained)


def _admit(topic: Topic, payload: bytes, *, retained: bool) -> None:
    """Every channel, gateways' messages too: one device of each class is registered."""
    admission, books = Admission(ROOT), Counter[tuple[str, str]]()
    devices = [a_device(k, id=f"{cls}-1", cls=cls) for k, cls in enumerate(DeviceClass)]
    admission.registry.apply(RegisterDevices(at_ms=0, devices=devices))
    topic_text = f"{ROOT}/up/{topic.cls}/{topic.device_id}/{topic.channel}"
    entry = an_entry(payload, flags=RETAIN * retained)._replace(topic=topic_text)

    admitted = admission.admit([entry], books)

    assert (
        books["received", ""]
        == len(admitted.records) + len(admitted.refusals) + books["duplicate", ""]
    )


@given(topic=TOPICS, message=MESSAGES, cut=st.integers(0, 40), retained=st.booleans())
def test_nearly_json_decodes_or_raises_wire_error(
    topic: Topic, message: dict[str, object], cut: int, *, retained: bool
) -> None:
    """Right keys with wrong values, bare NaN and cut ends."""
    payload = json.dumps(message).encode()

    _try(topic, payload, retained=retained)
    _try(topic, payload[: len(payload) - cut])
    _try(topic, payload[cut:])


@given(
    message=MESSAGES,
    position=st.integers(0, 200),
    byte=st.integers(0, 255),
    topic=TOPICS,
)
def test_flipped_byte_decodes_or_raises_wire_error(
    message: dict[str, object], position: int, byte: int, topic: Topic
) -> None:
    """One byte of a message is damaged."""
    payload = bytearray(json.dumps(message).encode())
    payload[position % len(payload)] = byte

    _try(topic, bytes(payload))


@settings(max_examples=300)
@given(message=_fix_messages())
def test_accepted_numbers_of_a_fix_fit_their_columns(message: dict[str, object]) -> None:
    """Nothing that is accepted may stop a store: 64-bit integers, finite floats, 32-bit latest."""
    _fits(_try(FIX, json.dumps(message).encode()))


@given(topic=TOPICS, message=MESSAGES)
def test_accepted_numbers_fit_their_columns(topic: Topic, message: dict[str, object]) -> None:
    """The same for every other message."""
    _fits(_try(topic, json.dumps(message).encode()))


def _fits(decoded: Decoded | None) -> None:
    for reading in decoded.readings if decoded else ():
        row = to_row(Record(an_entry(), a_device(), reading))
        assert row.t_ms in INT64
        assert row.seq in INT64
        assert len(row.fields) == len(MEASUREMENTS[row.measurement])
        kinds = MEASUREMENTS[row.measurement].values()
        for kind, value in zip(kinds, row.fields, strict=True):
            if kind == "int" and value is not None:
                assert isinstance(value, int)
                assert int(value) in INT64
            elif kind == "float" and value is not None:
                assert np.isfinite(float(value))
        if isinstance(reading, Fix):
            latest = np.zeros(1, LATEST_DTYPE)
            for name in ("acc_m", "speed_mps", "course_deg", "battery_pct", "rssi_dbm"):
                latest[name] = getattr(reading, name) or 0.0
            assert (reading.lat_deg is None) == (reading.lon_deg is None)


@given(message=_fix_messages())
def test_same_bytes_give_the_same_reading(message: dict[str, object]) -> None:
    """Decoding depends on nothing but its arguments."""
    payload = json.dumps(message).encode()

    assert _try(FIX, payload) == _try(FIX, payload)


@given(messages=st.lists(_fix_messages(), min_size=1, max_size=5))
def test_batch_gives_what_its_elements_give_alone(messages: list[dict[str, object]]) -> None:
    """The same readings in measured order, the same refusals (texts with NaN apart)."""
    items = [json.dumps(message).encode() for message in messages]

    together = _try(BATCH, b'{"fixes":[%b]}' % b",".join(items))

    assert together is not None
    assert len(together.readings) + len(together.refused) == len(items)
    single = [_try(FIX, item) for item in items]
    assert [refused.item for refused in together.refused] == [
        k for k, decoded in enumerate(single) if decoded is None
    ]
    readings = [decoded.readings[0] for decoded in single if decoded]
    readings.sort(key=lambda reading: (reading.t_ms, reading.seq or 0))
    assert msgspec.to_builtins(together.readings) == msgspec.to_builtins(readings)

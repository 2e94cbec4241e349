"""Messages that are almost right, of every channel, in JSON and MessagePack, packed or not."""

import copy
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.admission import Admission
from devices.admitted import Record
from devices.control import RegisterDevices
from devices.entry import RETAIN, Entry, EntryKind
from devices.errors import WireError, WireReason
from devices.model import Device, DeviceClass, Profile
from devices.readings import AnyReading
from devices.rows import to_row
from devices.telemetry import MEASUREMENTS
from devices.topics import Topic
from devices.wire import decode
from support.golden import GOLDEN, RECV_MS

ROOT = "pg/v1"
IDS = {topic.cls: topic.device_id for topic, _ in GOLDEN.values()}
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.sampled_from([0, -0.0, 1, 2, 31.8, 1e308, 1e-310, RECV_MS, RECV_MS // 1000, 2**53]),
)
TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["", "1", "1.5", "1,5", "٣", "NaN", "true", "\0", "gcj02", "trk-9", "x" * 300]),
)
WILD = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
DEEP = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]


def _places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    parts: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    for key, part in parts:
        yield from _places(part, (*path, key))


@st.composite
def almost_right(draw: st.DrawFn) -> tuple[str, Any]:
    """A golden message with up to three wounds."""
    name = draw(st.sampled_from(sorted(GOLDEN)))
    message = json.loads(GOLDEN[name].payload)
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(message))
        *path, last = draw(st.sampled_from(places[1:])) if len(places) > 1 else ("v",)
        part = message
        for key in path:
            part = part[key]
        match draw(st.sampled_from(["replace", "delete", "add", "text", "deep"])):
            case "replace":
                part[last] = draw(WILD)
            case "delete":
                del part[last]
            case "text":
                part[last] = str(part[last])
            case "deep":
                part[last] = copy.deepcopy(DEEP)
            case _ if isinstance(part, dict):
                part[draw(TEXTS)] = draw(WILD)
            case _:
                part.append(draw(WILD))
    return name, message


def _as_json(message: object) -> bytes:
    return json.dumps(message).encode()


def _as_text(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False, indent=1).encode(errors="surrogatepass")


def _as_msgpack(message: object) -> bytes:
    return bytes(msgpack.packb(message, unicode_errors="surrogatepass"))


def _doubled(message: object) -> bytes:
    """The same JSON with the first key of its whole twice."""
    body = _as_json(message)
    if not isinstance(message, dict) or not message:
        return body
    key = next(iter(message))
    return body[:-1] + b"," + _as_json({key: 1})[1:]


FORMS: dict[str, Callable[[object], bytes]] = {
    "json": _as_json,
    "text": _as_text,
    "msgpack": _as_msgpack,
    "doubled": _doubled,
    "gzip": lambda message: gzip.compress(_as_json(message), mtime=0),
    "zlib of msgpack": lambda message: zlib.compress(_as_msgpack(message)),
}
PROFILES = st.sampled_from([Profile(), Profile(decimal=",")])


def _try(topic: Topic, payload: bytes, profile: Profile) -> list[AnyReading] | WireReason:
    """Readings, or why there are none; any other exception is a bug."""
    try:
        decoded = decode(topic, payload, recv_ms=RECV_MS, profile=profile)
    except WireError as exc:
        return exc.reason
    return decoded.readings


@settings(max_examples=400)
@given(wounded=almost_right(), form=st.sampled_from(sorted(FORMS)), profile=PROFILES)
def test_almost_right_message_decodes_or_raises_wire_error(
    wounded: tuple[str, Any], form: str, profile: Profile
) -> None:
    """Nothing else escapes, and what is accepted becomes a row whose columns fit."""
    name, message = wounded

    found = _try(GOLDEN[name].topic, FORMS[form](message), profile)

    for reading in found if isinstance(found, list) else ():
        _fits(reading)


def _fits(reading: AnyReading) -> None:
    device = Device(id="x-1", slot=1, cls=DeviceClass.TRACKER)
    entry = Entry(1, 0, RECV_MS, 0, 0, "", b"")
    row = to_row(Record(entry, device, reading))
    kinds = MEASUREMENTS[row.measurement].values()
    for kind, value in zip(kinds, row.fields, strict=True):
        if kind == "int" and value is not None:
            assert -(2**63) <= int(value) < 2**63
        if isinstance(value, str):
            value.encode()
            assert "\0" not in value
    if reading.ext:
        assert isinstance(msgspec.json.decode(reading.ext), dict)


@settings(max_examples=300)
@given(
    wounded=almost_right(),
    form=st.sampled_from(sorted(FORMS)),
    retained=st.booleans(),
)
def test_admission_takes_or_holds_almost_right_messages(
    wounded: tuple[str, Any], form: str, *, retained: bool
) -> None:
    """Every channel, gateways included: the books balance and no gap is less than none."""
    name, message = wounded
    topic = GOLDEN[name].topic
    admission, books = _admission(), Counter[tuple[str, str]]()
    words = f"{ROOT}/up/{topic.cls}/{topic.device_id}/{topic.channel}"
    payload = FORMS[form](message)
    entry = Entry(1, int(EntryKind.MQTT), RECV_MS, 0, RETAIN * retained, words, payload)

    admitted = admission.admit([entry, entry], books)

    quarantined = sum(count for (word, _), count in books.items() if word == "quarantined")
    assert books["received", ""] == books["accepted", ""] + books["duplicate", ""] + quarantined
    assert (books["accepted", ""], quarantined) == (len(admitted.records), len(admitted.refusals))
    assert {one.reason for one in admitted.refusals} <= set(WireReason)
    assert admission.gaps >= 0


def _admission() -> Admission:
    devices = [
        Device(id=name, slot=slot, cls=cls, profile=Profile(gateway=IDS[DeviceClass.GATEWAY]))
        for slot, (cls, name) in enumerate(IDS.items(), start=1)
    ]
    admission = Admission(ROOT)
    admission.registry.apply(RegisterDevices(at_ms=0, devices=devices))
    return admission


@settings(max_examples=300)
@given(wounded=almost_right(), profile=PROFILES)
@example(wounded=("fix", {"seq": 1.0, "boot": "a"}), profile=Profile())
def test_packing_never_changes_a_reading(wounded: tuple[str, Any], profile: Profile) -> None:
    """JSON, indented UTF-8, MessagePack, compressed or not: the same but for the hash of bytes."""
    name, message = wounded
    topic = GOLDEN[name].topic
    if name == "multi":
        return
    forms = [
        FORMS[form](message) for form in ("json", "text", "msgpack", "gzip", "zlib of msgpack")
    ]

    found = [_comparable(_try(topic, form, profile)) for form in forms]

    assert found[1:] == found[:-1]


def _comparable(found: list[AnyReading] | WireReason) -> object:
    if isinstance(found, WireReason):
        return "refused"  # which of two wounds is found first is open
    return [msgspec.to_builtins(msgspec.structs.replace(one, key=0)) for one in found]

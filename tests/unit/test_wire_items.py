"""Batches and gateways' messages: one bad element costs itself, in every way they are written."""

import gzip
import json
import zlib
from collections.abc import Callable

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import WireReason
from devices.model import DeviceClass
from devices.readings import Fix, Flag
from devices.topics import Topic
from devices.wire import MAX_BATCH, Decoded, decode, open_multi
from support.golden import RECV_MS

BATCH = Topic(DeviceClass.TRACKER, "trk-1", "batch")
MULTI = Topic(DeviceClass.GATEWAY, "gw-1", "multi")
FIX = BATCH._replace(channel="fix")
GOOD = b'{"boot":"NaN","seq":%d,"t":1764032462000,"pos":{"lat":31.5,"lon":117}}'
BAD_JSON = {
    "range": (b'{"seq":2,"pos":{"lat":91,"lon":117}}', WireReason.RANGE),
    "NaN": (b'{"seq":2,"pos":{"lat":NaN,"lon":NaN}}', WireReason.NUMBER),
    "-Infinity": (b'{"seq":2,"pos":{"lat":-Infinity,"lon":1}}', WireReason.NUMBER),
    "1e999": (b'{"seq":2,"pos":{"lat":1e999,"lon":1}}', WireReason.NUMBER),
    "NaN of its own": (b'{"seq":2,"own":[NaN]}', WireReason.NUMBER),
    "5,000 digits": (b'{"seq":%b}' % (b"9" * 5_000), WireReason.NUMBER),
    "key twice": (b'{"seq":2,"t":1764032462000,"t":1764032463000}', WireReason.DUPKEY),
    "own key twice": (b'{"seq":2,"own":{"a":1,"a":2}}', WireReason.DUPKEY),
    "bad UTF-8": (b'{"seq":2,"own":"\xff\xc3"}', WireReason.UTF8),
    "half a pair": (b'{"seq":2,"own":"\\ud800"}', WireReason.UTF8),
    "NUL": (b'{"seq":2,"own":"\\u0000"}', WireReason.TEXT),
    "another id": (b'{"seq":2,"id":"trk-9"}', WireReason.ID),
    "version 2": (b'{"seq":2,"v":2}', WireReason.VERSION),
    "no time": (b'{"seq":2,"t":5}', WireReason.TIME),
    "33 deep": (b'{"seq":2,"own":%b%b}' % (b"[" * 32, b"]" * 32), WireReason.DEPTH),
    "null": (b"null", WireReason.SHAPE),
    "a number": (b"17", WireReason.SHAPE),
    "a list": (b"[]", WireReason.SHAPE),
}
BAD_PACKED = {
    "range": (msgpack.packb({"seq": 2, "pos": {"lat": 91, "lon": 117}}), WireReason.RANGE),
    "NaN": (msgpack.packb({"seq": 2, "pos": {"lat": float("nan")}}), WireReason.NUMBER),
    "infinite, its own": (msgpack.packb({"seq": 2, "own": [float("inf")]}), WireReason.NUMBER),
    "key twice": (b"\x82\xa3seq\x02\xa3seq\x03", WireReason.DUPKEY),
    "bad UTF-8": (b"\x82\xa3seq\x02\xa3own\xa2\xff\xc3", WireReason.UTF8),
    "NUL": (msgpack.packb({"seq": 2, "own": "\0"}), WireReason.TEXT),
    "bytes": (msgpack.packb({"seq": 2, "own": b"\xff"}), WireReason.TYPE),
    "a timestamp": (msgpack.packb({"seq": 2, "t": msgpack.Timestamp(5)}), WireReason.TYPE),
    "an extension": (msgpack.packb({"own": msgpack.ExtType(5, b"a")}), WireReason.TYPE),
    "a number as key": (msgpack.packb({"seq": 2, 7: 8}), WireReason.TYPE),
    "a list as key": (b"\x82\xa3seq\x02\x91\x01\x02", WireReason.ENCODING),
    "another id": (msgpack.packb({"seq": 2, "id": "trk-9"}), WireReason.ID),
    "null": (msgpack.packb(None), WireReason.SHAPE),
    "a number": (msgpack.packb(17), WireReason.SHAPE),
}
COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
}
CASES = [
    pytest.param(element, reason, packed, compress, id=f"{kind} {how}: {name}")
    for kind, packed, table in (("json", False, BAD_JSON), ("msgpack", True, BAD_PACKED))
    for how, compress in COMPRESSED.items()
    for name, (element, reason) in table.items()
]


def _good(seq: int, *, packed: bool) -> bytes:
    fix = GOOD % seq
    return bytes(msgpack.packb(json.loads(fix))) if packed else fix


def _batch(elements: list[bytes], *, packed: bool) -> bytes:
    if not packed:
        return b'{"v":1,"boot":"a","fixes":[%b]}' % b",".join(elements)
    count = b"\xdc" + len(elements).to_bytes(2)
    return b"\x83\xa1v\x01\xa4boot\xa1a\xa5fixes" + count + b"".join(elements)


def _multi(messages: list[bytes], *, packed: bool) -> bytes:
    if not packed:
        item = b'{"class":"trk","id":"trk-1","channel":"fix","msg":%b}'
        return b'{"v":1,"items":[%b]}' % b",".join(item % message for message in messages)
    head = b"\x84\xa5class\xa3trk\xa2id\xa5trk-1\xa7channel\xa3fix\xa3msg"
    count = b"\xdc" + len(messages).to_bytes(2)
    return b"\x82\xa1v\x01\xa5items" + count + b"".join(head + message for message in messages)


def _numbers(decoded: Decoded) -> list[tuple[str, int | None]]:
    return [(reading.boot, reading.seq) for reading in decoded.readings if isinstance(reading, Fix)]


@pytest.mark.parametrize(("bad", "reason", "packed", "compress"), CASES)
def test_bad_element_of_a_batch_never_costs_the_others(
    bad: bytes,
    reason: WireReason,
    packed: bool,  # noqa: FBT001 - a parameter of pytest
    compress: Callable[[bytes], bytes],
) -> None:
    """It is set aside with its index; its neighbours are taken (A-24)."""
    elements = [_good(1, packed=packed), bad, _good(3, packed=packed)]

    decoded = decode(BATCH, compress(_batch(elements, packed=packed)), recv_ms=RECV_MS)

    assert [(refused.item, refused.error.reason) for refused in decoded.refused] == [(1, reason)]
    assert _numbers(decoded) == [("NaN", 1), ("NaN", 3)]


@pytest.mark.parametrize(("bad", "reason", "packed", "compress"), CASES)
def test_what_is_held_of_a_bad_element_is_refused_again_alone(
    bad: bytes,
    reason: WireReason,
    packed: bool,  # noqa: FBT001 - a parameter of pytest
    compress: Callable[[bytes], bytes],
) -> None:
    """The quarantine keeps what came: run again, it does not slip in mended."""
    elements = [_good(1, packed=packed), bad, _good(3, packed=packed)]
    payload = compress(_batch(elements, packed=packed))
    (held,) = decode(BATCH, payload, recv_ms=RECV_MS).refused

    again = decode(BATCH, held.payload, recv_ms=RECV_MS)

    assert again.readings == []
    assert [(refused.item, refused.error.reason) for refused in again.refused] == [(0, reason)]


@pytest.mark.parametrize(("bad", "reason", "packed", "compress"), CASES)
def test_bad_message_of_a_child_never_costs_the_others(
    bad: bytes,
    reason: WireReason,
    packed: bool,  # noqa: FBT001 - a parameter of pytest
    compress: Callable[[bytes], bytes],
) -> None:
    """Refused when the gateway's message is opened or when the child's is read, never both."""
    messages = [_good(1, packed=packed), bad, _good(3, packed=packed)]

    children, refused = open_multi(MULTI, compress(_multi(messages, packed=packed)))

    reasons = {item.item: item.error.reason for item in refused}
    taken = []
    for child in children:
        alone = _batch([child.payload], packed=packed)  # so that a refusal is a value
        decoded = decode(BATCH, alone, recv_ms=RECV_MS)
        taken += [seq for _, seq in _numbers(decoded)]
        for item in decoded.refused:
            reasons[child.item] = item.error.reason
    assert reasons == {1: reason}
    assert taken == [1, 3]


@pytest.mark.parametrize("packed", [False, True], ids=["json", "msgpack"])
def test_two_hundred_elements_are_taken(packed: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """The longest batch wire.md allows, in order."""
    elements = [_good(seq, packed=packed) for seq in range(MAX_BATCH)]

    decoded = decode(BATCH, _batch(elements, packed=packed), recv_ms=RECV_MS)

    assert _numbers(decoded) == [("NaN", seq) for seq in range(MAX_BATCH)]


@given(
    picks=st.lists(st.sampled_from(["good", *BAD_JSON]), min_size=1, max_size=12),
)
def test_any_mixture_keeps_its_good_elements(picks: list[str]) -> None:
    """Whatever stands together: each element has its own fate."""
    elements = [
        _good(k, packed=False) if pick == "good" else BAD_JSON[pick][0]
        for k, pick in enumerate(picks)
    ]

    decoded = decode(BATCH, _batch(elements, packed=False), recv_ms=RECV_MS)

    assert [seq for _, seq in _numbers(decoded)] == [
        k for k, pick in enumerate(picks) if pick == "good"
    ]
    assert [(refused.item, refused.error.reason) for refused in decoded.refused] == [
        (k, BAD_JSON[pick][1]) for k, pick in enumerate(picks) if pick != "good"
    ]


def test_elements_inherit_the_boot_of_the_batch() -> None:
    """Their own wins."""
    body = b'{"boot":"b","backfill":true,"fixes":[{"seq":1},{"seq":2,"boot":"c"}]}'

    decoded = decode(BATCH, body, recv_ms=RECV_MS)

    assert _numbers(decoded) == [("b", 1), ("c", 2)]
    assert all(reading.flags & Flag.BACKFILL for reading in decoded.readings)


def test_unknown_keys_of_elements_are_kept() -> None:
    """Each element keeps its own."""
    body = b'{"fixes":[{"seq":1,"own":1},{"seq":2},{"seq":3,"pos":{"own":3}}]}'

    decoded = decode(BATCH, body, recv_ms=RECV_MS)

    assert [reading.ext for reading in decoded.readings] == ['{"own":1}', "", '{"pos.own":3}']


def test_unknown_keys_of_the_batch_are_kept() -> None:
    """What is said once for all elements stands with each of them."""
    body = b'{"boot":"a","fw":"2.1","fixes":[{"seq":1},{"seq":2,"own":1}]}'

    decoded = decode(BATCH, body, recv_ms=RECV_MS)

    assert [json.loads(reading.ext)["fw"] for reading in decoded.readings] == ["2.1", "2.1"]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (b'{"class":"trk","id":"trk-1","channel":"fix"}', WireReason.TYPE),
        (b'{"class":"bus","id":"bus-1","channel":"fix","msg":{}}', WireReason.TOPIC),
        (b'{"class":"trk","id":"TRK/1","channel":"fix","msg":{}}', WireReason.TOPIC),
        (b'{"class":"trk","id":"trk-1","channel":"hb","msg":{}}', WireReason.CHANNEL),
        (b'{"class":"trk","id":1,"channel":"fix","msg":{}}', WireReason.TYPE),
        (b'{"class":"trk","id":"trk-1","id":"trk-2","channel":"fix","msg":{}}', WireReason.DUPKEY),
        (b"null", WireReason.SHAPE),
        (b"[]", WireReason.SHAPE),
    ],
)
def test_item_that_belongs_to_nobody_is_refused(item: bytes, reason: WireReason) -> None:
    """The wrapping is as strict as a topic; the next child is none the worse."""
    good = b'{"class":"trk","id":"trk-3","channel":"fix","msg":{"seq":1}}'

    children, refused = open_multi(MULTI, b'{"items":[%b,%b]}' % (item, good))

    assert [(one.item, one.error.reason) for one in refused] == [(0, reason)]
    assert [(child.item, child.topic.device_id) for child in children] == [(1, "trk-3")]

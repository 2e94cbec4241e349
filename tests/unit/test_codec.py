"""The fast way and the careful way read every message alike; nothing slips through the fast one."""

import json
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codec import (
    ACK,
    COIN,
    EVENT,
    FIX,
    HEARTBEAT,
    INFO,
    SESSION,
    STATE,
    STATUS,
    Codec,
    read,
    read_fields,
)
from devices.encoding import Opened, open_payload
from devices.errors import WireError, WireReason
from support.golden import GOLDEN

CODECS: dict[str, Codec[Any]] = {
    "fix": FIX,
    "event": EVENT,
    "status": STATUS,
    "session": SESSION,
    "coin": COIN,
    "hb": HEARTBEAT,
    "state": STATE,
    "info": INFO,
    "ack": ACK,
}


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("packed", [False, True], ids=["json", "msgpack"])
def test_both_ways_give_the_same_message(name: str, packed: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """Golden messages, strict and careful."""
    (_, device_id, _), payload = GOLDEN[name]
    plain = json.loads(payload)
    body = msgpack.packb(plain) if packed else payload

    fast = read(CODECS[name], Opened(body, packed=packed), device_id, ".")
    careful = read_fields(CODECS[name], plain, device_id, ".")

    assert fast == careful
    assert fast[1:] == (0, {})


@pytest.mark.parametrize("device_id", ["trk-000124", "trk-00012", "", "TRK-000123"])
@pytest.mark.parametrize("own", [b"", b'"own":1,'], ids=["fast", "with a key of its own"])
def test_payload_that_names_another_device_is_refused(device_id: str, own: bytes) -> None:
    """The topic is the identity (decisions.md 9)."""
    body = b'{%b"id":"trk-000123"}' % own

    with pytest.raises(WireError) as refused:
        read(FIX, open_payload(body), device_id, ".")

    assert refused.value.reason is WireReason.ID


DOUBLED = [
    b'{"t":1,"t":2}',
    b'{"t":1,"seq":1,"t":1}',
    b'{"pos":{"lat":1,"lat":1}}',
    b'{"net":{"cell":{"mcc":1,"mcc":2}}}',
    b'{"own":1,"own":2}',
    b'{"own":{"a":1,"a":2}}',
    b'{"own":[{"a":1},{"a":1,"a":2}]}',
    b'{"t":1,"\\u0074":2}',
    b'{"k1":1,"k1":2}',
    b'{ "t" : 1 , "t" : 2 }',
]


@pytest.mark.parametrize("body", DOUBLED)
@pytest.mark.parametrize("first", [b'{"t":1}', b'{"pos":{"lat":1}}', b'{"k1":1,"k2":2}'])
def test_key_that_stands_twice_is_found_whatever_was_read_before(body: bytes, first: bytes) -> None:
    """The memory of clean messages proves nothing for others (decisions.md 11)."""
    read(FIX, open_payload(first), "trk-1", ".")

    for _ in range(2):
        with pytest.raises(WireError) as refused:
            read(FIX, open_payload(body), "trk-1", ".")
        assert refused.value.reason is WireReason.DUPKEY


def test_keys_that_differ_in_digits_only_are_different() -> None:
    """``k1`` and ``k2`` share a skeleton with ``k1`` and ``k1``: it is never remembered."""
    for _ in range(2):
        assert read(FIX, open_payload(b'{"k1":1,"k2":2}'), "trk-1", ".")[2] == {"k1": 1, "k2": 2}


_KEYS = st.sampled_from(["t", "seq", "pos", "k1", "k2", "k12", "a", "b-1", "b.1"])
_OBJECTS = st.recursive(
    st.integers(-5, 10**13).map(str),
    lambda inner: st.lists(st.tuples(_KEYS, inner), max_size=4).map(
        lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"
    ),
    max_leaves=8,
).filter(lambda text: text.startswith("{"))


def _doubled(text: str) -> bool:
    found = []

    def look(pairs: list[tuple[str, object]]) -> None:
        found.append(len(dict(pairs)) < len(pairs))

    json.loads(text, object_pairs_hook=look)
    return any(found)


@given(texts=st.lists(_OBJECTS, min_size=1, max_size=6))
def test_doubled_keys_are_told_exactly(texts: list[str]) -> None:
    """Refused as ``dupkey`` if and only if some object has a key twice, in any order of arrival."""
    for text in texts:
        try:
            read(FIX, open_payload(text.encode()), "trk-1", ".")
            reason = None
        except WireError as exc:
            reason = exc.reason
        assert (reason is WireReason.DUPKEY) == _doubled(text)


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b'{"boot":"a","seq":7,"t":"now"}', ("a", 7)),
        (b'{"boot":"a","seq":7,"bat":{"pct":true}}', ("a", 7)),
        (b'{"boot":"a","seq":7,"v":2}', ("a", 7)),
        (b'{"boot":"a","seq":7,"id":"trk-2"}', None),
        (b'{"boot":"a","seq":7,"id":"trk-2","own":1}', None),
        (b'{"boot":"a","seq":7,"x":NaN}', ("a", 7)),
        (b'{"boot":"a","seq":7,"seq":8}', None),
        (b'{"seq":7,"t":"now"}', ("", 7)),
        (b'{"boot":"a","seq":"7","t":"now"}', None),
        (b'{"boot":"a","seq":-7}', None),
        (b'{"boot":"a","t":"now"}', None),
        (b'{"boot":"a","seq":7', None),
    ],
)
def test_number_of_a_refused_message_is_told_where_it_is_sure(
    body: bytes, number: tuple[str, int] | None
) -> None:
    """What is held is no gap; what another device's payload says is not ours to count."""
    with pytest.raises(WireError) as refused:
        read(FIX, open_payload(body), "trk-1", ".")

    assert refused.value.number == number

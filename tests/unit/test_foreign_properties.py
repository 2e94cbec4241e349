"""Any bytes on a foreign topic give messages or refusals, or one ``WireError``; nothing else."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.errors import WireError
from devices.foreign.adapter import Foreign, ForeignRefused
from devices.foreign.enabled import adapters_of
from devices.foreign.policy import (
    AdapterPolicy,
    FrigatePolicy,
    Jt808Policy,
    OwnTracksPolicy,
    ThingsBoardPolicy,
    TraccarPolicy,
)
from devices.foreign.units import Unit
from devices.model import DeviceClass
from devices.topics import topic_of
from devices.wire import decode_fields
from support.factories import T0_MS

ADAPTERS = {
    adapter.name: adapter
    for adapter in adapters_of(
        AdapterPolicy(
            owntracks=OwnTracksPolicy(enabled=True),
            traccar=TraccarPolicy(enabled=True, motion_is_sensor=True),
            jt808=Jt808Policy(enabled=True),
            thingsboard=ThingsBoardPolicy(enabled=True, units={"battery": Unit.VOLTS}),
            frigate=FrigatePolicy(enabled=True),
        )
    )
}
TOPICS = [
    ("owntracks", "owntracks/wang/bike"),
    ("owntracks", "owntracks/ /车"),
    ("traccar", "traccar/positions"),
    ("jt808", "jt808/c/013912345678/up"),
    ("jt808", "jt808/c/x/up"),
    ("thingsboard", "v1/gateway/telemetry"),
    ("thingsboard", "tb/esp/v1/devices/me/telemetry"),
    ("frigate", "frigate/stats"),
    ("frigate", "frigate/available"),
]
_LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-200, 2**33)
    | st.floats()
    | st.sampled_from(["", "1", "31.8", "NaN", "x", "251125090000", "2025-11-25T01:00:00Z", "!"])
    | st.sampled_from(["location", "transition", "lwt", "leave", "powerCut,sos", "vibration"])
    | st.sampled_from([0x0200, 0x0201, 0x0500, 0x0704, 2, T0_MS, T0_MS // 1000, 10**40, 1e308])
)
_KEYS = st.sampled_from(
    [
        "_type",
        "lat",
        "lon",
        "tst",
        "acc",
        "vel",
        "batt",
        "bs",
        "t",
        "event",
        "fake",
        "ubatt",
        "position",
        "device",
        "uniqueId",
        "fixTime",
        "outdated",
        "valid",
        "latitude",
        "longitude",
        "speed",
        "attributes",
        "alarm",
        "approximate",
        "power",
        "network",
        "cellTowers",
        "header",
        "body",
        "msg_id",
        "phone",
        "status",
        "time",
        "extra",
        "location",
        "params",
        "ts",
        "values",
        "battery",
        "v",
        "id",
        "车",
        "pos",
    ]
)
_ANY = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner), max_leaves=30
)
_808 = st.fixed_dictionaries(
    {
        "header": st.fixed_dictionaries({"msg_id": _LEAF}),
        "body": st.dictionaries(_KEYS, _ANY, max_size=8),
    }
)
_TRACCAR = st.fixed_dictionaries(
    {"device": st.just({"uniqueId": "0862"}), "position": st.dictionaries(_KEYS, _ANY, max_size=9)}
)
_OWNTRACKS = st.fixed_dictionaries(
    {"_type": st.sampled_from(["location", "transition"])},
    optional={"tst": _LEAF, "lat": _LEAF, "t": _LEAF, "batt": _LEAF, "v": _LEAF, "event": _LEAF},
)
_FRIGATE = st.fixed_dictionaries(
    {
        "cameras": st.dictionaries(
            st.text(max_size=3),
            _LEAF
            | st.fixed_dictionaries(
                {}, optional={"camera_fps": _LEAF, "detection_enabled": _LEAF, "ffmpeg_pid": _LEAF}
            ),
            max_size=3,
        )
    },
    optional={
        "service": _LEAF
        | st.fixed_dictionaries(
            {},
            optional={
                "last_updated": _LEAF,
                "storage": st.dictionaries(st.sampled_from(["/recordings", "/x"]), _ANY),
            },
        ),
        "bandwidth_usages": st.dictionaries(st.sampled_from(["1", "2"]), _ANY),
    },
)


def _run(name: str, topic: str, payload: bytes) -> None:
    """Read, and judge what was read: only ``WireError`` may be raised."""
    try:
        said = ADAPTERS[name].read(topic, payload, T0_MS)
    except WireError:
        return
    assert isinstance(said, list)
    for one in said:
        assert isinstance(one, Foreign | ForeignRefused)
        if isinstance(one, Foreign):
            _judge(one)
    if any(one.item >= 0 for one in said):
        assert len(ADAPTERS[name].parts(topic, payload)) > max(one.item for one in said)


def _judge(said: Foreign) -> None:
    cls = DeviceClass.CAMERA if said.channel == "hb" else DeviceClass.TRACKER
    topic = topic_of(cls, "dev-1", said.channel)
    try:
        decode_fields(topic, said.message, recv_ms=T0_MS)
    except WireError:
        return


@pytest.mark.parametrize(("name", "topic"), TOPICS)
@given(payload=st.binary(max_size=200))
@example(payload=b"")
@example(payload=b"[" * 100_000)
@example(payload=b'{"a":{"a":' * 40)
def test_any_bytes_are_read_or_refused(name: str, topic: str, payload: bytes) -> None:
    """Noise."""
    _run(name, topic, payload)


@pytest.mark.parametrize(("name", "topic"), TOPICS)
@given(body=_ANY | _808 | _TRACCAR | _OWNTRACKS | _FRIGATE)
def test_any_json_is_read_or_refused(name: str, topic: str, body: Any) -> None:  # noqa: ANN401 - any JSON value
    """Almost right, with NaN and numbers beyond every bound."""
    _run(name, topic, json.dumps(body).encode())

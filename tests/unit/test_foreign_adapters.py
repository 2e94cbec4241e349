"""What all foreign adapters have in common."""

import json

import msgpack
import pytest

from devices.errors import WireError, WireReason
from devices.foreign.adapter import Foreign
from devices.foreign.enabled import adapters_of
from devices.foreign.filters import Filters
from devices.foreign.owntracks import OwnTracks
from devices.foreign.policy import AdapterPolicy, OwnTracksPolicy, TraccarPolicy
from support.factories import T0_MS

RECV_MS = T0_MS + 3_000
USER = "owntracks/wang/bike"
PLACE: dict[str, object] = {"lat": 31.82, "lon": 117.22, "tst": T0_MS // 1000}


def test_adapters_are_off_until_switched_on() -> None:
    """Each by itself."""
    only = AdapterPolicy(traccar=TraccarPolicy(enabled=True))

    assert adapters_of(AdapterPolicy()) == []
    assert [adapter.name for adapter in adapters_of(only)] == ["traccar"]


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        ("owntracks/a/b", ["a", "b"]),
        ("owntracks/a/b/event", ["a", "b"]),
        ("owntracks/a", None),
        ("owntracks/a/b/cmd", None),
        ("pg/v1/up/trk/a/fix", None),
        ("t/x/y/z", []),
    ],
)
def test_filter_gives_what_its_wildcards_stand_for(topic: str, found: list[str] | None) -> None:
    """As the broker matches them."""
    assert Filters(("owntracks/+/+", "owntracks/+/+/event", "t/x/#")).match(topic) == found


@pytest.mark.parametrize("key", ["lat", "_type"])
def test_key_that_stands_twice_refuses_the_payload(key: str) -> None:
    """As on our own wire."""
    body = json.dumps({"_type": "location"} | PLACE).replace("{", f'{{"{key}": 1, ')

    with pytest.raises(WireError) as caught:
        OwnTracks(OwnTracksPolicy()).read(USER, body.encode(), RECV_MS)

    assert caught.value.reason is WireReason.DUPKEY


def test_payload_may_be_messagepack() -> None:
    """The same opening as our own wire."""
    body = msgpack.packb({"_type": "location"} | PLACE)

    (fix,) = OwnTracks(OwnTracksPolicy()).read(USER, body, RECV_MS)

    assert isinstance(fix, Foreign)
    assert fix.message["t"] == T0_MS

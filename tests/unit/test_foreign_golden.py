"""Foreign payloads as they come, and what each adapter makes of them: tests/data/foreign."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from devices.errors import WireError
from devices.foreign.adapter import Adapter, Foreign, ForeignRefused
from devices.foreign.enabled import adapters_of
from devices.foreign.policy import (
    JT808_STANDARD,
    AdapterPolicy,
    FrigatePolicy,
    Jt808Policy,
    OwnTracksPolicy,
    ThingsBoardPolicy,
    TraccarPolicy,
)
from devices.model import DeviceClass
from devices.readings import AnyReading
from devices.topics import topic_of
from devices.wire import decode_fields
from devices.words import EventType, Flag

FOLDER = Path(__file__).resolve().parents[1] / "data" / "foreign"
CASES = sorted(FOLDER.glob("*/*.json"))
MAPS = {
    "default": JT808_STANDARD,
    "EB-10": {15: EventType.LOW_BATTERY, 16: EventType.VIBRATION, 17: EventType.REMOVED},
}
CLASSES = {"frigate": DeviceClass.CAMERA}
"""What an adapter brings, where it is no trackers."""
ADAPTERS = {
    adapter.name: adapter
    for adapter in adapters_of(
        AdapterPolicy(
            owntracks=OwnTracksPolicy(enabled=True),
            traccar=TraccarPolicy(enabled=True),
            jt808=Jt808Policy(enabled=True, alarm_maps=MAPS),
            thingsboard=ThingsBoardPolicy(enabled=True),
            frigate=FrigatePolicy(enabled=True),
        )
    )
}


def _name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def _payload(case: dict[str, Any]) -> bytes:
    if "payload_b64" in case:
        return base64.b64decode(case["payload_b64"])
    if "payload_text" in case:
        return bytes(case["payload_text"], "utf-8")
    return json.dumps(case["payload"]).encode()


def _read(adapter: Adapter, case: dict[str, Any]) -> list[Foreign | ForeignRefused]:
    model = case.get("model", "")
    return adapter.read(case["topic"], _payload(case), case["recv_ms"], lambda _: model)


def _shown(said: Foreign | ForeignRefused) -> dict[str, Any]:
    shown: dict[str, Any] = {"item": said.item, "id": said.foreign_id}
    if isinstance(said, ForeignRefused):
        return shown | {"refused": said.reason.value}
    shown |= {"channel": said.channel, "message": said.message}
    return shown | ({"flags": [flag.name for flag in Flag(said.flags)]} if said.flags else {})


@pytest.mark.parametrize("path", CASES, ids=_name)
def test_payload_gives_these_messages(path: Path) -> None:
    """Item, id, channel, message and flags, or the reason, word for word."""
    case = json.loads(path.read_text())
    adapter = ADAPTERS[path.parent.name]
    assert adapter.owns(case["topic"])

    given: Any
    try:
        given = [_shown(said) for said in _read(adapter, case)]
    except WireError as exc:
        given = {"error": exc.reason.value}

    assert given == case["expected"]


@pytest.mark.parametrize("path", CASES, ids=_name)
def test_every_message_is_one_of_ours(path: Path) -> None:
    """What an adapter gives our own judging takes, at the time the adapter gave."""
    case = json.loads(path.read_text())
    if isinstance(case["expected"], dict):
        assert case["expected"] == {"error": "shape"}
        return

    taken = [said for said in _read(ADAPTERS[path.parent.name], case) if isinstance(said, Foreign)]
    cls = CLASSES.get(path.parent.name, DeviceClass.TRACKER)
    readings = [_judged(said, case["recv_ms"], cls) for said in taken]

    assert [reading.t_ms for reading in readings] == [
        said.message.get("t", case["recv_ms"]) for said in taken
    ]
    assert len(readings) == len([said for said in case["expected"] if "message" in said])


def _judged(said: Foreign, recv_ms: int, cls: DeviceClass) -> AnyReading:
    topic = topic_of(cls, "dev-1", said.channel)
    return decode_fields(topic, said.message, recv_ms=recv_ms)


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_each_adapter_has_its_payloads(name: str) -> None:
    """At least eight."""
    assert len([path for path in CASES if path.parent.name == name]) >= 8

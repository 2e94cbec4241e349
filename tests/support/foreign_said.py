"""What an adapter makes of one foreign body, in the words the adapters' tests ask with."""

import json
from typing import Any

from devices.errors import WireReason
from devices.foreign.adapter import Adapter, Foreign, ForeignRefused
from support.factories import T0_MS

RECV_MS = T0_MS + 3_000


def said_of(adapter: Adapter, topic: str, body: object, model: str = "") -> list[Any]:
    """All it gives; ``model`` is the registered one of whoever speaks."""
    return adapter.read(topic, json.dumps(body).encode(), RECV_MS, lambda _: model)


def fix_in(adapter: Adapter, topic: str, body: object) -> dict[str, Any]:
    """The message of the fix that stands first."""
    first = said_of(adapter, topic, body)[0]
    assert isinstance(first, Foreign), first
    assert first.channel == "fix"
    return first.message


def event_types(adapter: Adapter, topic: str, body: object, model: str = "") -> list[str]:
    """The types of the events in it."""
    said = said_of(adapter, topic, body, model)
    return [one.message["type"] for one in said if one.channel == "event"]


def reason_of(adapter: Adapter, topic: str, body: object) -> WireReason:
    """Why its only element is refused."""
    (only,) = said_of(adapter, topic, body)
    assert isinstance(only, ForeignRefused)
    return only.reason

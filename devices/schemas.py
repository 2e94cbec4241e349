"""A JSON Schema of every payload of wire.md, made from the types that decode it.

The schemas say what to send. What is accepted is wider: unknown keys are kept, numbers may stand
as text (decisions.md 11), and MessagePack, gzip and zlib carry the same objects.
"""

from typing import Any

import msgspec

from devices import payloads
from devices.wire import MAX_BATCH

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PAYLOADS: dict[str, type[msgspec.Struct]] = {
    "fix": payloads.FixMessage,
    "batch": payloads.BatchMessage,
    "event": payloads.EventMessage,
    "status": payloads.StatusMessage,
    "session": payloads.SessionMessage,
    "coin": payloads.CoinMessage,
    "hb": payloads.HeartbeatMessage,
    "state": payloads.StateMessage,
    "info": payloads.InfoMessage,
    "ack": payloads.AckMessage,
    "multi": payloads.MultiMessage,
}
"""Type of each channel's message."""


def schema_of(channel: str) -> dict[str, Any]:
    """The JSON Schema of one channel's payload; draft 2020-12.

    Raises:
        KeyError: There is no such channel.
    """
    (schema,), parts = msgspec.json.schema_components(
        [PAYLOADS[channel]], ref_template="#/$defs/{name}"
    )
    if channel == "batch":
        parts |= _element(parts, "BatchMessage", "fixes", payloads.FixMessage)
    if channel == "multi":
        parts |= _element(parts, "MultiMessage", "items", payloads.MultiItem)
    defs = {name: _open(part) for name, part in sorted(parts.items())}
    return {
        "$schema": DIALECT,
        "title": f"ParkGuard {channel}",
        **schema,
        "$defs": defs,
    }


def _element(
    parts: dict[str, Any], holder: str, key: str, element: type[msgspec.Struct]
) -> dict[str, Any]:
    """Say what the elements of a list are that is read element by element."""
    (reference,), inner = msgspec.json.schema_components([element], ref_template="#/$defs/{name}")
    parts[holder]["properties"][key] = {
        "type": "array",
        "items": reference,
        "minItems": 1,
        "maxItems": MAX_BATCH,
    }
    return inner


def _open(part: dict[str, Any]) -> dict[str, Any]:
    """Keys that are not known are kept, so a schema must not forbid them."""
    return {key: value for key, value in part.items() if key != "additionalProperties"}

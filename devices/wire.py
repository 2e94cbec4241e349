"""Bytes to readings, or one named error. Nothing but ``WireError`` escapes.

Sans I/O: the caller brings the topic, the bytes, the receive time and how the device speaks. The
identity is the topic's; a payload ``id`` must agree. One bad element never costs the others.
"""

import json
from typing import Any, TypeVar

import msgpack
import msgspec

from devices.codec import (
    ACK,
    BATCH,
    COIN,
    EVENT,
    FIX,
    HEARTBEAT,
    INFO,
    MULTI,
    MULTI_ITEM,
    SESSION,
    STATE,
    STATUS,
    Codec,
    Read,
    read,
    read_fields,
)
from devices.encoding import Opened, open_payload
from devices.errors import WireError, WireReason
from devices.judge import Spoken, judge_fix
from devices.judge_messages import JUDGES
from devices.lenient import parse, refuse
from devices.model import PLAIN, Profile
from devices.payloads import BatchMessage, MultiItem, MultiMessage
from devices.readings import AnyReading, Fix
from devices.topics import RETAINED_OK, Topic, topic_of
from devices.words import Flag

MAX_BATCH = 200
"""Most fixes of a batch, most items of a gateway's message. Source: wire.md, Topics."""
_Message = TypeVar("_Message", bound=msgspec.Struct)
_CODECS: dict[str, Codec[Any]] = {
    "event": EVENT,
    "status": STATUS,
    "session": SESSION,
    "coin": COIN,
    "hb": HEARTBEAT,
    "state": STATE,
    "info": INFO,
    "ack": ACK,
}


class Refused(msgspec.Struct, frozen=True):
    """One refused item of a message; ``payload`` is a message that holds only that item."""

    item: int
    error: WireError
    payload: bytes

    @property
    def reason(self) -> WireReason:
        """Why."""
        return self.error.reason

    @property
    def detail(self) -> str:
        """For people."""
        return self.error.detail


class Decoded(msgspec.Struct, frozen=True):
    """What a message holds: its good readings in order, and what was refused of it."""

    readings: list[AnyReading]
    refused: list[Refused]


class Child(msgspec.Struct, frozen=True):
    """One item of a gateway's message: whose it is, and its own message's bytes."""

    item: int
    topic: Topic
    payload: bytes
    alone: bytes


def decode(
    topic: Topic,
    payload: bytes,
    *,
    recv_ms: int,
    retained: bool = False,
    profile: Profile = PLAIN,
    offset_ms: int = 0,
) -> Decoded:
    """Decode one message of any channel but ``multi``.

    Args:
        topic: Identity and channel.
        payload: Raw bytes as received.
        recv_ms: Receive time, ms UTC: judges FUTURE and LATE, stands in for a missing time.
        retained: Delivered as retained; only state channels may be.
        profile: How the device speaks.
        offset_ms: Learnt offset of its clock.

    Raises:
        WireError: The whole message is refused; its reason says why. Nothing else escapes.
    """
    if retained and topic.channel not in RETAINED_OK:
        raise WireError(WireReason.RETAINED, f"{topic.channel} may not be retained")
    opened = open_payload(payload)
    flags = int(Flag.RETAINED) if retained else 0
    if topic.channel == "fix":
        fix, noted, ext = read(FIX, opened, topic.device_id, profile.decimal)
        spoken = Spoken(opened.body, recv_ms, noted, profile, offset_ms, ext)
        return Decoded([_judge_numbered(fix, fix.boot, spoken)], [])
    if topic.channel == "batch":
        return _decode_batch(topic, opened, Spoken(b"", recv_ms, flags, profile, offset_ms, {}))
    codec = _CODECS.get(topic.channel)
    if codec is None:
        raise WireError(WireReason.CHANNEL, f"{topic.channel} is read item by item")
    message, noted, ext = read(codec, opened, topic.device_id, profile.decimal)
    spoken = Spoken(opened.body, recv_ms, flags | noted, profile, offset_ms, ext)
    return Decoded([_judge(message, spoken)], [])


def decode_fields(
    topic: Topic,
    fields: dict[str, Any],
    *,
    recv_ms: int,
    profile: Profile = PLAIN,
    offset_ms: int = 0,
) -> AnyReading:
    """Decode one message that an adapter gave as plain objects in the words of wire.md.

    Raises:
        WireError: The message is refused.
    """
    codec = FIX if topic.channel == "fix" else _CODECS[topic.channel]
    message, noted, ext = read_fields(codec, fields, topic.device_id, profile.decimal)
    body = msgspec.json.encode(fields)
    spoken = Spoken(body, recv_ms, noted, profile, offset_ms, ext)
    return _judge(message, spoken)


def _judge_numbered(fix: Fix, boot: str, spoken: Spoken) -> Fix:
    try:
        return judge_fix(fix, boot, spoken)
    except WireError as exc:
        exc.number = None if fix.seq is None else (boot, fix.seq)
        raise


def _judge(message: msgspec.Struct, spoken: Spoken) -> AnyReading:
    return JUDGES[type(message)](message, spoken)


def _decode_batch(topic: Topic, opened: Opened, spoken: Spoken) -> Decoded:
    head, items = _cut(BATCH, "fixes", topic, opened)
    flags = spoken.flags | (int(Flag.BACKFILL) if head.backfill else 0)
    decoded = Decoded([], [])
    for index, item in enumerate(items):
        try:
            fix, noted, ext = _read_item(FIX, item, opened, topic.device_id, spoken.profile)
            around = msgspec.structs.replace(
                spoken, body=_bytes_of(item), flags=flags | noted, ext=ext
            )
            reading = _judge_numbered(fix, fix.boot or head.boot, around)
        except WireError as exc:
            if exc.number is not None:
                exc.number = (exc.number[0] or head.boot, exc.number[1])
            envelope = {"boot": head.boot, "backfill": head.backfill}
            alone = _alone("fixes", item, opened, envelope)
            decoded.refused.append(Refused(index, exc, alone))
        else:
            decoded.readings.append(reading)
    return decoded


def open_multi(
    topic: Topic, payload: bytes, *, retained: bool = False
) -> tuple[list[Child], list[Refused]]:
    """Open a gateway's message: its items, each with the topic it would have had by itself.

    Raises:
        WireError: The whole message is refused.
    """
    if retained:
        raise WireError(WireReason.RETAINED, "multi may not be retained")
    opened = open_payload(payload)
    _, items = _cut(MULTI, "items", topic, opened)
    children, refused = [], []
    for index, item in enumerate(items):
        alone = _alone("items", item, opened, {})
        try:
            message = _read_child(item, opened)
            child = topic_of(message.cls, message.id, message.channel)
        except WireError as exc:
            refused.append(Refused(index, exc, alone))
        else:
            children.append(Child(index, child, bytes(message.msg), alone))
    return children, refused


_Item = bytes | dict[str, Any] | object
"""An item as its own bytes, or as plain objects where the message had to be read carefully."""
_Head = TypeVar("_Head", BatchMessage, MultiMessage)


def _cut(codec: Codec[_Head], key: str, topic: Topic, opened: Opened) -> tuple[_Head, list[_Item]]:
    """Cut a message of many into its head and its items.

    Raises:
        WireError: The head is refused, or there are too many items or none.
    """
    items: list[_Item]
    try:
        head = read(codec, opened, topic.device_id, ".")[0]
        items = [bytes(item) for item in getattr(head, key)]
    except WireError:
        fields = parse(opened)
        if not isinstance(fields, dict) or not isinstance(fields.get(key), list):
            raise
        items = fields[key]
        fields = {**fields, key: []}
        head = read_fields(codec, fields, topic.device_id, ".")[0]
    if not 1 <= len(items) <= MAX_BATCH:
        raise WireError(WireReason.SIZE, f"{len(items)} items, 1 to {MAX_BATCH} are taken")
    return head, items


def _read_item(
    codec: Codec[_Message], item: _Item, opened: Opened, device_id: str, profile: Profile
) -> Read[_Message]:
    if isinstance(item, bytes):
        return read(codec, Opened(item, opened.packed), device_id, profile.decimal)
    return read_fields(codec, item, device_id, profile.decimal)


def _read_child(item: _Item, opened: Opened) -> MultiItem:
    """One item of a gateway: only its wrapping is read here."""
    try:
        if not isinstance(item, bytes):
            if isinstance(item, dict) and "msg" in item:
                item = {**item, "msg": msgspec.Raw(_dumps(item["msg"], opened))}
            return msgspec.convert(item, MultiItem)
        decoder = MULTI_ITEM.msgpack if opened.packed else MULTI_ITEM.json
        return decoder.decode(item)
    except msgspec.ValidationError as exc:
        refuse(exc)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise WireError(WireReason.JSON, str(exc)) from exc


def _bytes_of(item: _Item) -> bytes:
    return item if isinstance(item, bytes) else msgspec.json.encode(item)


def _dumps(item: object, opened: Opened) -> bytes:
    """Plain objects as bytes again; numbers that are not finite stay what they were."""
    if opened.packed:
        packed: bytes = msgpack.packb(item)
        return packed
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _alone(key: str, item: _Item, opened: Opened, envelope: dict[str, Any]) -> bytes:
    """A message that holds only this item, so that it can be run again by itself."""
    body = item if isinstance(item, bytes) else _dumps(item, opened)
    encode = msgspec.msgpack.encode if opened.packed else msgspec.json.encode
    return encode({**envelope, key: [msgspec.Raw(body)]})

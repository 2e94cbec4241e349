"""Bytes to readings, or one named error. Nothing but ``WireError`` escapes.

Sans I/O: the caller brings the topic, the bytes, the receive time and how the device speaks. The
identity is the topic's; a payload ``id`` must agree. One bad element never costs the others.
"""

from itertools import pairwise
from typing import Any, TypeVar

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
    read,
    read_fields,
)
from devices.cutting import cut_out, elements
from devices.encoding import Opened, open_payload
from devices.errors import WireError, WireReason
from devices.fix_lane import decode_fix
from devices.judge import Spoken, judge_fix
from devices.judge_messages import JUDGES
from devices.model import PLAIN, Profile
from devices.payloads import BatchMessage, MultiMessage
from devices.readings import AnyReading
from devices.topics import RETAINED_OK, Topic, topic_of
from devices.words import Flag

MAX_BATCH = 200
"""Most fixes of a batch, most items of a gateway's message. Source: wire.md, Topics."""
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
    """What a message holds: its good readings in order, and what was refused of it.

    ``parts`` has index and bytes of each reading, where a message holds several, ``envelope`` what
    they have in common.
    """

    readings: list[AnyReading]
    refused: list[Refused]
    parts: list[tuple[int, Opened]] = []
    envelope: dict[str, Any] = {}

    def own_message(self, k: int, payload: bytes) -> tuple[int, bytes]:
        """Index of the ``k``-th reading, and a message that holds it alone; -1 = all of it."""
        if not self.parts:
            return -1, payload
        item, part = self.parts[k]
        return item, _alone("fixes", part, self.envelope)


class Child(msgspec.Struct, frozen=True):
    """One item of a gateway's message: whose it is, and its own message's bytes."""

    item: int
    topic: Topic
    payload: bytes
    packed: bool

    def holding(self, payload: bytes) -> bytes:
        """A gateway's message that holds only ``payload`` of this child."""
        cls, device_id, channel = self.topic
        encode = msgspec.msgpack.encode if self.packed else msgspec.json.encode
        wrapping = {"class": cls, "id": device_id, "channel": channel, "msg": msgspec.Raw(payload)}
        return encode({"items": [wrapping]})


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
    if topic.channel == "fix":
        return Decoded([decode_fix(topic.device_id, payload, recv_ms, profile, offset_ms)], [])
    opened = open_payload(payload, of_many=topic.channel == "batch")
    flags = int(Flag.RETAINED) if retained else 0
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


def _judge(message: msgspec.Struct, spoken: Spoken) -> AnyReading:
    return JUDGES[type(message)](message, spoken)


def _decode_batch(topic: Topic, opened: Opened, spoken: Spoken) -> Decoded:
    head, common, items = _cut(BATCH, "fixes", topic, opened)
    flags = spoken.flags | (int(Flag.BACKFILL) if head.backfill else 0)
    envelope = {**common, "boot": head.boot, "backfill": head.backfill}
    decoded = Decoded([], [], [], envelope)
    for index, item in enumerate(items):
        body = Opened(item, opened.packed)
        try:
            fix, noted, ext = read(FIX, body, topic.device_id, spoken.profile.decimal)
            around = msgspec.structs.replace(
                spoken, body=item, flags=flags | noted, ext={**common, **ext} if common else ext
            )
            reading = judge_fix(fix, fix.boot or head.boot, around)
        except WireError as exc:
            if exc.number is not None:
                exc.number = (exc.number[0] or head.boot, exc.number[1])
            decoded.refused.append(Refused(index, exc, _alone("fixes", body, envelope)))
        else:
            decoded.readings.append(reading)
            decoded.parts.append((index, body))
    return _in_measured_order(decoded)


def _in_measured_order(batch: Decoded) -> Decoded:
    """Its readings by time and number: order is never that of arrival (wire.md, Rules)."""
    readings, parts = batch.readings, batch.parts
    keys = [(reading.t_ms, reading.seq or 0) for reading in readings]
    if all(one <= next_ for one, next_ in pairwise(keys)):
        return batch
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return msgspec.structs.replace(
        batch, readings=[readings[k] for k in order], parts=[parts[k] for k in order]
    )


def open_multi(
    topic: Topic, payload: bytes, *, retained: bool = False
) -> tuple[list[Child], list[Refused]]:
    """Open a gateway's message: its items, each with the topic it would have had by itself.

    Raises:
        WireError: The whole message is refused.
    """
    if retained:
        raise WireError(WireReason.RETAINED, "multi may not be retained")
    opened = open_payload(payload, of_many=True)
    _, _, items = _cut(MULTI, "items", topic, opened)
    children, refused = [], []
    for index, item in enumerate(items):
        body = Opened(item, opened.packed)
        try:
            child, message = _read_child(body)
        except WireError as exc:
            refused.append(Refused(index, exc, _alone("items", body, {})))
        else:
            children.append(Child(index, child, message, opened.packed))
    return children, refused


_Head = TypeVar("_Head", BatchMessage, MultiMessage)


def _cut(
    codec: Codec[_Head], key: str, topic: Topic, opened: Opened
) -> tuple[_Head, dict[str, Any], list[bytes]]:
    """Cut a message of many into its head, the unknown keys beside it, and its items.

    Raises:
        WireError: The head is refused, or there are too many items or none.
    """
    cut = cut_out(opened, key, [])
    items = elements(cut.value, packed=opened.packed) if cut is not None else None
    if cut is None or items is None:
        read(codec, opened, topic.device_id, ".")
        raise WireError(WireReason.TYPE, f"{key} is no list")
    head, _, ext = read(codec, cut.head, topic.device_id, ".")
    if not 1 <= len(items) <= MAX_BATCH:
        raise WireError(WireReason.SIZE, f"{len(items)} items, 1 to {MAX_BATCH} are taken")
    return head, ext, items


def _read_child(item: Opened) -> tuple[Topic, bytes]:
    """One item of a gateway: only its wrapping is read here.

    Raises:
        WireError: Its wrapping is refused, or names no device or channel that could be.
    """
    cut = cut_out(item, "msg", None)
    if cut is None:
        read(MULTI_ITEM, item, None, ".")
        raise WireError(WireReason.TYPE, "an item without msg")
    wrapping, _, _ = read(MULTI_ITEM, cut.head, None, ".")
    return topic_of(wrapping.cls, wrapping.id, wrapping.channel), cut.value


def _alone(key: str, item: Opened, envelope: dict[str, Any]) -> bytes:
    """A message that holds only this item, so that it can be run again by itself."""
    encode = msgspec.msgpack.encode if item.packed else msgspec.json.encode
    return encode({**envelope, key: [msgspec.Raw(item.body)]})

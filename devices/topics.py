"""Topics of wire.md: parsed into class, device id and channel, or refused."""

import re
from typing import NamedTuple

from devices.errors import WireError, WireReason
from devices.model import DeviceClass

DEVICE_ID = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
"""Ids of devices (decisions.md 9)."""
OUR_PREFIX = "pg-"
"""Broker users of our own begin so; no device may."""
HELD_NAME_CHARS = 32 + 1 + 64
"""Longest name under which a message is held: ``ADAPTER:ID`` of a stranger, else a device's id."""

RETAINED_OK = frozenset({"status", "state", "info"})
"""Channels on which a retained message may set state (decisions.md 10)."""

CHANNELS: dict[DeviceClass, frozenset[str]] = {
    DeviceClass.TRACKER: frozenset({"fix", "batch", "event", "state", "info", "ack"}),
    DeviceClass.CHARGER: frozenset({"status", "session", "coin", "event", "state", "info", "ack"}),
    DeviceClass.CAMERA: frozenset({"hb", "event", "state", "info", "ack"}),
    DeviceClass.GATEWAY: frozenset({"multi", "state", "info", "ack"}),
}
"""Channels each class may publish (wire.md, Topics)."""

_CLASSES = {cls.value: cls for cls in DeviceClass}


class Topic(NamedTuple):
    """The identity and kind of an upward message."""

    cls: DeviceClass
    device_id: str
    channel: str


def parse_topic(topic: str, root: str) -> Topic:
    """Parse ``{root}/up/{class}/{device_id}/{channel}``.

    Raises:
        WireError: ``topic`` for another form, ``channel`` for one the class does not have.
    """
    parts = topic.split("/")
    if len(parts) != root.count("/") + 5 or not topic.startswith(root + "/up/"):
        raise WireError(WireReason.TOPIC, "not {root}/up/{class}/{id}/{channel}")
    return topic_of(*parts[-3:])


def topic_of(cls_word: str, device_id: str, channel: str) -> Topic:
    """The topic of three words.

    Raises:
        WireError: ``topic`` or ``channel``.
    """
    cls = _CLASSES.get(cls_word)
    if cls is None or DEVICE_ID.fullmatch(device_id) is None:
        raise WireError(WireReason.TOPIC, "unknown class, or an id outside [a-z0-9-]{1,64}")
    if channel not in CHANNELS[cls]:
        raise WireError(WireReason.CHANNEL, f"{cls} has no channel of this name")
    return Topic(cls, device_id, channel)


def named_in(topic: str, root: str) -> str:
    """The device id in a topic that is ours, "" in any other."""
    try:
        return parse_topic(topic, root).device_id
    except WireError:
        return ""

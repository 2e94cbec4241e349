"""Whose message it is: the registry's word on a topic, a gateway's child, a foreign id."""

from devices.errors import WireError, WireReason
from devices.foreign.adapter import Foreign
from devices.model import AdminState, Device
from devices.registry import Registry
from devices.topics import RETAINED_OK, Topic

OF_THE_SENDER = frozenset({WireReason.UNKNOWN_DEVICE, WireReason.REVOKED, WireReason.RETAINED})
"""Reasons that hold for all that a foreign part says, whatever it is."""


def known_device(registry: Registry, topic: Topic) -> Device:
    """The registered device of a topic.

    Raises:
        WireError: ``unknown_device``, ``revoked`` or ``class_mismatch``.
    """
    device = registry.devices.get(topic.device_id)
    if device is None:
        raise WireError(WireReason.UNKNOWN_DEVICE, "not registered; adopt it to take these")
    if device.cls is not topic.cls:
        raise WireError(WireReason.CLASS, f"registered as {device.cls}")
    if device.admin is AdminState.RETIRED:
        raise WireError(WireReason.REVOKED, "the device is retired")
    return device


def child_of(gateway: Device, registry: Registry, topic: Topic) -> Device:
    """The registered device of an item in a gateway's message.

    Raises:
        WireError: As ``known_device``; ``gateway`` when it is not registered to this one;
            ``channel`` for a gateway's message inside another.
    """
    device = known_device(registry, topic)
    if device.profile.gateway != gateway.id:
        raise WireError(WireReason.GATEWAY, "not registered to this gateway")
    if topic.channel == "multi":
        raise WireError(WireReason.CHANNEL, "a gateway's message inside another")
    return device


def foreign_device(registry: Registry, adapter: str, said: Foreign) -> Device:
    """The registered device that an adapter's sender means.

    Raises:
        WireError: ``unknown_device``, also after it was retired: a retired device has no names.
    """
    device = registry.by_foreign_id(adapter, said.foreign_id)
    if device is None:
        raise WireError(WireReason.UNKNOWN_DEVICE, f"no device has this id in {adapter}")
    return device


def refuse_retained(said: Foreign, *, retained: bool) -> None:
    """A retained word of a foreign sender may set state, nothing else (decisions.md 10).

    Raises:
        WireError: ``retained``.
    """
    if retained and said.channel not in RETAINED_OK:
        raise WireError(WireReason.RETAINED, f"{said.channel} may not be retained")

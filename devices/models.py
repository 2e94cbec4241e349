"""Models of devices: how all of one model speak, and what of it a device has for itself."""

import msgspec

from devices.model import PLAIN, DeviceClass, Profile

OF_MODEL = ("speed_unit", "crs", "decimal", "meter_wrap_wh", "coins_fen")
"""Fields of a profile that a model can name; a gateway and foreign ids are one device's own."""


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A maker's model, named by ``Device.model``.

    Attributes:
        id: As devices name it.
        vendor: Of every device that names none itself.
        profile: How they speak; only ``OF_MODEL`` of it.
    """

    id: str
    cls: DeviceClass
    vendor: str = ""
    profile: Profile = PLAIN


def spoken(own: Profile, model: Profile, *, before: Profile = PLAIN) -> Profile:
    """Give a device's profile when its model is ``model``.

    A field that stands as it did ``before`` is the model's; any other is the device's own and
    stays. Idempotent.

    Args:
        own: The device's profile.
        model: Its model's.
        before: What its model was when ``own`` was made; plain without one.
    """
    changed = {
        name: getattr(model, name)
        for name in OF_MODEL
        if getattr(own, name) == getattr(before, name) != getattr(model, name)
    }
    return msgspec.structs.replace(own, **changed) if changed else own

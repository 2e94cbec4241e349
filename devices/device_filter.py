"""Which registered devices a list is of, and what the registry's index finds."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.model import AdminState, DeviceClass

ADMIN_STATES = tuple(AdminState)
"""In the order of the numbers in ``FoundDevices.admin``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFilter:
    """What the registry says of the devices wanted; an empty tuple asks nothing.

    Attributes:
        cls: Any of these classes, as ``admin``, ``site``, ``vendor`` and ``model`` any of theirs.
        areas: The area code begins with every one of these; six digits are a district.
        text: Stands in its id, its name or its vehicle's id, whatever the case; "" asks nothing.
    """

    cls: tuple[DeviceClass, ...] = ()
    admin: tuple[AdminState, ...] = ()
    site: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    text: str = ""


class KnownDevice(NamedTuple):
    """What the index knows of one device."""

    id: str
    slot: int
    admin: AdminState


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDevices:
    """Devices by slot, ascending.

    Attributes:
        admin: Of each, the index of its state in ``ADMIN_STATES``.
    """

    slots: NDArray[np.int64]
    admin: NDArray[np.uint8]

    def where(self, keep: NDArray[np.bool_]) -> "FoundDevices":
        """Some of them."""
        return FoundDevices(slots=self.slots[keep], admin=self.admin[keep])

    def is_(self, state: AdminState) -> NDArray[np.bool_]:
        """Of each, whether staff said this of it."""
        said: NDArray[np.bool_] = self.admin == ADMIN_STATES.index(state)
        return said

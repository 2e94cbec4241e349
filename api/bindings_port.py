"""What the API needs of bindings. Adapter: ``stores.queries_bindings``."""

from collections.abc import Sequence
from typing import Protocol

from devices.bindings import Period


class BindingBook(Protocol):
    """Which device was on which vehicle, and when. Not scoped: ask after a check of each."""

    def of_vehicle(self, vehicle_id: str) -> Sequence[Period]:
        """Devices that were or are on a vehicle, ascending by begin."""
        ...

    def of_device(self, device_id: str) -> Sequence[Period]:
        """What a device was or is on, ascending by begin."""
        ...

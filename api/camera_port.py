"""What the API needs of cameras. Adapter: ``stores.queries_cameras``."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from devices.camera_conditions import ChannelChange
from devices.camera_places import CameraPlaces


class CameraBook(Protocol):
    """Where cameras stand, and how their channels are. Not scoped: ask after a check of each."""

    def places(self) -> CameraPlaces:
        """Registered cameras that stand somewhere."""
        ...

    def channels(self, slots: Collection[int]) -> Mapping[int, Sequence[ChannelChange]]:
        """What is wrong with each channel of these cameras, by number; who has none is left out."""
        ...

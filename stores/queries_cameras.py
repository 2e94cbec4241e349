"""Cameras as API and command line read them (``api.camera_port.CameraBook``)."""

import threading
from collections.abc import Collection

import msgspec
import sqlalchemy as sa

from devices import control as wire
from devices.camera_conditions import ChannelChange
from devices.camera_places import CameraPlaces
from devices.model import DeviceClass, Site
from stores.camera_channels import channels_of
from stores.registry_devices import DEVICE_COLUMNS, device_of
from stores.schema import control, devices, sites

CHANGES_MAX = 5_000
"""Control rows past which all is read anew instead of being looked through; ours: about the time
that reading a city's cameras takes."""
_site = msgspec.json.Decoder(Site)


class CameraQueries:
    """Cameras of one records database. Safe to ask from several threads.

    Where they stand is kept in memory and follows the registry by its ``control`` rows: a look
    costs one small query, and what concerns no camera changes nothing.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Read nothing yet."""
        self._engine = engine
        self._lock = threading.Lock()
        self._seen = -1
        self._places = CameraPlaces([], {})

    def places(self) -> CameraPlaces:
        """Registered cameras and where they stand. Not scoped: ask after a check of each."""
        with self._lock, self._engine.connect() as connection:
            newest = int(connection.scalar(sa.select(sa.func.max(control.c.id))) or 0)
            if self._seen < 0 or self._is_changed(connection, newest):
                self._places = _read(connection)
            self._seen = newest
            return self._places

    def channels(self, slots: Collection[int]) -> dict[int, list[ChannelChange]]:
        """What is wrong with each channel of these cameras, by number. Not scoped."""
        with self._engine.connect() as connection:
            return channels_of(connection, slots)

    def _is_changed(self, connection: sa.Connection, newest: int) -> bool:
        if newest - self._seen > CHANGES_MAX:
            return True
        known = {camera.id for camera in self._places.cameras}
        since = sa.and_(control.c.id > self._seen, control.c.id <= newest, control.c.kind == "")
        bodies = connection.scalars(sa.select(control.c.body).where(since))
        return any(_is_about_cameras(body, known) for body in bodies)


def _is_about_cameras(body: bytes, known: set[str]) -> bool:
    try:
        change = wire.decode(body)
    except msgspec.DecodeError:
        return True  # of a newer version: read once too often rather than too late
    match change:
        case wire.RegisterDevices():
            return any(device.cls is DeviceClass.CAMERA for device in change.devices)
        case wire.RevokeDevice():
            return change.device_id in known
        case wire.RegisterPlaces():
            return bool(change.sites)
        case _:
            return False


def _read(connection: sa.Connection) -> CameraPlaces:
    cameras = sa.select(*DEVICE_COLUMNS).where(devices.c.cls == DeviceClass.CAMERA.value)
    found = [device_of(row) for row in connection.execute(cameras)]
    named = {camera.site_id for camera in found if camera.site_id and camera.lat_deg is None}
    every = (_site.decode(body) for body in connection.scalars(sa.select(sites.c.body)))
    return CameraPlaces(found, {site.id: site for site in every if site.id in named})

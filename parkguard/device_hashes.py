"""Which devices may log in to the broker, as the records database has it now."""

import msgspec
import sqlalchemy as sa

from devices import control as controls
from devices.model import AdminState
from parkguard.clock import wall_ms
from stores.processing import store_errors
from stores.registry import Registry
from stores.schema import control, devices

_PAGE = 1000


class DeviceHashes:
    """Follows the registry by its ``control`` rows: cheap to ask often.

    Args:
        engine: The records database, migrated.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._registry = Registry(engine, wall_ms)
        self._seen = self._registry.revision()

    def changed(self) -> bool:
        """Whether a device was added or revoked since the last call (or since the start).

        Raises:
            StoreError: The database is away; ask again.
        """
        wanted = sa.select(control.c.id, control.c.body).order_by(control.c.id).limit(_PAGE)
        found = False
        with store_errors(), self._engine.connect() as connection:
            while rows := connection.execute(wanted.where(control.c.id > self._seen)).all():
                self._seen = rows[-1].id
                found = found or any(_is_about_devices(row.body) for row in rows)
        return found

    def read(self) -> dict[str, str]:
        """Device id -> ``$7$101$...`` of every device that is not retired.

        Raises:
            StoreError: The database is away; ask again.
        """
        with store_errors():
            return self._registry.secret_hashes()

    def retired(self) -> frozenset[str]:
        """Ids of every device that was revoked.

        Raises:
            StoreError: The database is away; ask again.
        """
        wanted = sa.select(devices.c.id).where(devices.c.admin == AdminState.RETIRED.value)
        with store_errors(), self._engine.connect() as connection:
            return frozenset(connection.execute(wanted).scalars())


def _is_about_devices(body: bytes) -> bool:
    try:
        return isinstance(controls.decode(body), controls.RegisterDevices | controls.RevokeDevice)
    except msgspec.DecodeError:
        return True  # of a newer version: read the registry once too often rather than too late

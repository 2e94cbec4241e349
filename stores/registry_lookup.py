"""The registry by ids: what an import compares its rows with, a thousand at a time."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from devices.model import Device, Grid, Site, Vehicle
from devices.models import Model
from devices.registration_faults import Claim
from stores.bulk import one_of
from stores.registry_claims import holders_of
from stores.registry_devices import DEVICE_COLUMNS, NewDevice, device_of
from stores.registry_models import models_of, speaking
from stores.schema import devices, grids, sites, vehicles

_T = TypeVar("_T")
_vehicle = msgspec.json.Decoder(Vehicle)
_site = msgspec.json.Decoder(Site)
_grid = msgspec.json.Decoder(Grid)


class RegistryLookup:
    """Reads a few of many; everything is a mapping by id, without those that are not there."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def vehicles(self, ids: Collection[str]) -> dict[str, Vehicle]:
        """Vehicles."""
        return self._by_id(
            vehicles.c.id, (vehicles.c.body,), ids, lambda r: _vehicle.decode(r.body)
        )

    def sites(self, ids: Collection[str]) -> dict[str, Site]:
        """Sites."""
        return self._by_id(sites.c.id, (sites.c.body,), ids, lambda row: _site.decode(row.body))

    def grids(self, ids: Collection[str]) -> dict[str, Grid]:
        """Patrol grids."""
        return self._by_id(grids.c.id, (grids.c.body,), ids, lambda row: _grid.decode(row.body))

    def devices(self, ids: Collection[str]) -> dict[str, Device]:
        """Devices, retired ones too."""
        return self._by_id(devices.c.id, DEVICE_COLUMNS, ids, device_of)

    def vehicle_areas(self, ids: Collection[str]) -> dict[str, str]:
        """The area of each vehicle."""
        return self._by_id(vehicles.c.id, (vehicles.c.area,), ids, lambda row: str(row.area))

    def site_areas(self, ids: Collection[str]) -> dict[str, str]:
        """The area of each site."""
        return self._by_id(sites.c.id, (sites.c.area,), ids, lambda row: str(row.area))

    def models(self, ids: Collection[str]) -> dict[str, Model]:
        """Models."""
        with self._engine.connect() as connection:
            return models_of(connection, ids)

    def speaking(self, new: Sequence[NewDevice], known: Mapping[str, Device]) -> list[NewDevice]:
        """Devices with the profile and vendor they would be registered with; ``known`` are so.

        Raises:
            RegistryError: A model is of another class.
        """
        with self._engine.connect() as connection:
            return speaking(connection, new, known)

    def holders(self, claims: Collection[Claim]) -> dict[Claim, str]:
        """Which device has each foreign id."""
        with self._engine.connect() as connection:
            return holders_of(connection, claims)

    def _by_id(
        self,
        key: sa.ColumnElement[str],
        columns: Sequence[sa.ColumnElement[Any]],
        ids: Collection[str],
        read: Callable[[sa.Row[Any]], _T],
    ) -> dict[str, _T]:
        rows = self._rows(key, (key.label("key"), *columns), ids)
        return {row.key: read(row) for row in rows}

    def _rows(
        self,
        key: sa.ColumnElement[str],
        columns: Sequence[sa.ColumnElement[Any]],
        ids: Collection[str],
    ) -> list[sa.Row[Any]]:
        if not ids:
            return []
        with self._engine.connect() as connection:
            query = sa.select(*columns).where(one_of(connection, key, ids))
            return list(connection.execute(query))

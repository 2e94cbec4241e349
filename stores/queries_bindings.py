"""Bindings as the API reads them (``api.bindings_port.BindingBook``)."""

import sqlalchemy as sa

from devices.bindings import Period
from stores.registry_bindings import periods_of_device, periods_of_vehicles


class BindingQueries:
    """Which device was on which vehicle, of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def of_vehicle(self, vehicle_id: str) -> list[Period]:
        """Devices that were or are on a vehicle, ascending by begin."""
        with self._engine.connect() as connection:
            return periods_of_vehicles(connection, [vehicle_id])

    def of_device(self, device_id: str) -> list[Period]:
        """What a device was or is on, ascending by begin."""
        with self._engine.connect() as connection:
            return periods_of_device(connection, device_id)

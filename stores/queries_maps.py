"""Sites, grids and fences as the map draws them (``api.map_port.MapBook``)."""

import threading
from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from devices.geometry import middle_of
from devices.model import Fence, Grid
from stores.queries import Scope, in_scope
from stores.schema import control, fences, grids, sites

_CHANGES = (b'{"type":"register_places"', b'{"type":"save_fence"', b'{"type":"delete_fence"')
"""How the control rows begin that change what a map shows (``devices.control.encode``)."""
_BEGINNING = max(map(len, _CHANGES))


class Place(msgspec.Struct, frozen=True):
    """What a map needs of a site's body (``api.map_port.PlacedSite``)."""

    id: str
    name: str = ""
    site_class: str | None = None
    lat_deg: float = 0.0
    lon_deg: float = 0.0
    geometry: msgspec.Raw = msgspec.Raw(b"null")


_place = msgspec.json.Decoder(Place)
_grid = msgspec.json.Decoder(Grid)
_fence = msgspec.json.Decoder(Fence)


class MapQueries:
    """What is drawn, out of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine
        self._lock = threading.Lock()
        self._seen, self._version = 0, -1

    def version(self) -> int:
        """Id of the newest control row that changed a site, a grid or a fence.

        Only the beginnings of rows that are new since the last call are read; the first call
        takes the newest row for one.
        """
        with self._lock, self._engine.connect() as connection:
            head = int(connection.scalar(sa.select(sa.func.max(control.c.id))) or 0)
            if self._version < 0:
                self._version = head
            elif head > self._seen:
                self._version = self._newest(connection, head)
            self._seen = head
            return self._version

    def _newest(self, connection: sa.Connection, head: int) -> int:
        beginning = sa.func.substr(control.c.body, 1, _BEGINNING)
        query = sa.select(control.c.id, beginning).where(
            control.c.id > self._seen, control.c.id <= head
        )
        changed = (
            row.id for row in connection.execute(query) if bytes(row[1]).startswith(_CHANGES)
        )
        return max(changed, default=self._version)

    def sites(self, scope: Scope) -> list[Place]:
        """Sites in scope that have a place, by id."""
        inside = in_scope(scope, area=sites.c.area, vehicle_id=None)
        query = sa.select(sites.c.body).where(inside).order_by(sites.c.id)
        with self._engine.connect() as connection:
            return list(_placed(map(_place.decode, connection.scalars(query))))

    def grids(self, scope: Scope) -> list[Grid]:
        """Patrol grids in scope, by id: a grid's id is its area."""
        inside = in_scope(scope, area=grids.c.id, vehicle_id=None)
        with self._engine.connect() as connection:
            query = sa.select(grids.c.body).where(inside).order_by(grids.c.id)
            return [_grid.decode(body) for body in connection.scalars(query)]

    def city_fences(self, scope: Scope) -> list[Fence]:
        """Fences of every vehicle, by id; they have no area, so all staff see them."""
        if scope.owner_id is not None or not scope.areas:
            return []
        with self._engine.connect() as connection:
            bodies = connection.scalars(sa.select(fences.c.body).order_by(fences.c.id))
            return [fence for fence in map(_fence.decode, bodies) if fence.vehicle_id is None]


def _placed(found: Iterator[Place]) -> Iterator[Place]:
    """Sites with a place of their own, or with the middle of their outline; the others go."""
    for place in found:
        if place.lat_deg or place.lon_deg:
            yield place
        elif bytes(place.geometry) != b"null":
            lat_deg, lon_deg = middle_of(msgspec.json.decode(place.geometry))
            yield msgspec.structs.replace(place, lat_deg=lat_deg, lon_deg=lon_deg)

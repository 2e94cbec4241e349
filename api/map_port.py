"""What the map needs of the records. Adapter: ``stores.queries_maps``."""

from collections.abc import Sequence
from typing import Protocol

from api.roles import Scope
from devices.model import Fence, Grid


class PlacedSite(Protocol):
    """A parking site that has a place."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """For people, may be ""."""
        ...

    @property
    def site_class(self) -> str | None:
        """How well satellites are seen there (``devices.model.SiteClass``)."""
        ...

    @property
    def lat_deg(self) -> float:
        """WGS 84."""
        ...

    @property
    def lon_deg(self) -> float:
        """WGS 84."""
        ...


class MapBook(Protocol):
    """Sites, grids and fences to be drawn."""

    def version(self) -> int:
        """Rises with every change of a site, a grid or a fence, and seldom else."""
        ...

    def sites(self, scope: Scope) -> Sequence[PlacedSite]:
        """Sites in scope that have a place, by id."""
        ...

    def grids(self, scope: Scope) -> Sequence[Grid]:
        """Patrol grids in scope, by id."""
        ...

    def city_fences(self, scope: Scope) -> Sequence[Fence]:
        """Fences of every vehicle, for staff, by id. One vehicle's is its owner's business."""
        ...

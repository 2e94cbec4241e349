"""What a map draws: the base map, and sites, grids and fences in scope as GeoJSON."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.auth import Requires
from api.deps import ServicesDep
from api.map_schemas import MapStyleOut
from api.map_shelf import Layer, MapCrs, MapShelf
from api.roles import Permission, Principal
from api.tags import TAG_RESPONSES, tagged_bytes

router = APIRouter(prefix="/v1/maps", tags=["maps"])

Looker = Annotated[Principal, Depends(Requires(Permission.MAPS_READ))]
DrawnIn = Annotated[MapCrs, Query(description="System of the coordinates: that of the base map")]

GEOJSON = "application/geo+json"
LAYER_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A GeoJSON FeatureCollection",
        "content": {GEOJSON: {"schema": {"type": "object"}}},
    },
    **TAG_RESPONSES,
}


async def shelf_of(request: Request) -> MapShelf:
    """The packed layers ``create_app`` keeps (async, so that it costs no thread)."""
    shelf = request.app.state.map_shelf
    assert isinstance(shelf, MapShelf)  # noqa: S101 - tells the type; app.py sets it
    return shelf


ShelfDep = Annotated[MapShelf, Depends(shelf_of)]


@router.get("/style")
def get_map_style(services: ServicesDep, shelf: ShelfDep, principal: Looker) -> MapStyleOut:
    """Get the base map that the operator set, and where the grids, else the sites, in scope are."""
    base = services.policy.base_map
    return MapStyleOut(**asdict(base), bounds=shelf.bounds(principal.scope, MapCrs(base.crs)))


@router.get("/sites", response_class=Response, responses=LAYER_RESPONSES)
def map_sites(
    request: Request, shelf: ShelfDep, principal: Looker, *, crs: DrawnIn = MapCrs.WGS84
) -> Response:
    """Parking sites as points with `id`, `name`, `class`; one without a place is left out."""
    return _layer(request, shelf, principal, Layer.SITES, crs)


@router.get("/grids", response_class=Response, responses=LAYER_RESPONSES)
def map_grids(
    request: Request, shelf: ShelfDep, principal: Looker, *, crs: DrawnIn = MapCrs.WGS84
) -> Response:
    """Patrol grids as outlines with `id` and `name`."""
    return _layer(request, shelf, principal, Layer.GRIDS, crs)


@router.get("/fences", response_class=Response, responses=LAYER_RESPONSES)
def map_fences(
    request: Request, shelf: ShelfDep, principal: Looker, *, crs: DrawnIn = MapCrs.WGS84
) -> Response:
    """Fences of every vehicle, for staff: outlines, and points with `radius_m`."""
    return _layer(request, shelf, principal, Layer.FENCES, crs)


def _layer(
    request: Request, shelf: MapShelf, principal: Principal, layer: Layer, crs: MapCrs
) -> Response:
    made = shelf.layer(layer, principal.scope, crs)
    return tagged_bytes(request, made.packed, opaque=made.opaque, media_type=GEOJSON)

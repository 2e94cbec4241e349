"""Sites, patrol grids and fences."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette import status

from alerts.fence_geojson import feature_of
from api.asking import page_size
from api.auth import Requires
from api.bodies import FenceIn, FencesIn, PlacesIn
from api.cursors import decode_cursor, encode_cursor
from api.deps import ServicesDep
from api.fencing import delete_fence, import_fences, one_fence, page_of_fences, save_fence
from api.fields import Cursor, Limit, PathId
from api.registering import register_places
from api.roles import Permission, Principal
from api.system_schemas import CountOut, FenceFeatureOut, FenceOut, FencePage, FencesSavedOut

router = APIRouter(prefix="/v1", tags=["places"])

Writer = Annotated[Principal, Depends(Requires(Permission.PLACES_WRITE))]
DryRun = Annotated[bool, Query(description="Only say what would be saved")]


@router.post("/places", status_code=status.HTTP_201_CREATED)
def add_places(body: PlacesIn, services: ServicesDep, principal: Writer) -> CountOut:
    """Add or replace sites and patrol grids (GeoJSON, WGS 84)."""
    return register_places(services, principal, body.sites, body.grids)


@router.get("/fences")
def list_fences(
    services: ServicesDep, principal: Writer, cursor: Cursor = None, limit: Limit = None
) -> FencePage:
    """Fences that you may draw, by id, as a GeoJSON FeatureCollection; a page may hold fewer."""
    key = decode_cursor(cursor, str)
    after = "" if key is None else str(key[0])
    size = page_size(services, limit)
    fences, more = page_of_fences(services, principal, after=after, limit=size)
    return FencePage(
        type="FeatureCollection",
        features=[FenceFeatureOut.model_validate(feature_of(fence)) for fence in fences],
        next=None if more is None else encode_cursor(more),
    )


@router.post("/fences", status_code=status.HTTP_201_CREATED)
def add_fences(
    body: FencesIn, services: ServicesDep, principal: Writer, *, dry_run: DryRun = False
) -> FencesSavedOut:
    """Add or replace the fences of a GeoJSON FeatureCollection: all, or none if one is refused."""
    return import_fences(services, principal, body, dry_run=dry_run)


@router.get("/fences/{fence_id}")
def get_fence(fence_id: PathId, services: ServicesDep, principal: Writer) -> FenceFeatureOut:
    """One fence as a GeoJSON Feature."""
    return FenceFeatureOut.model_validate(feature_of(one_fence(services, principal, fence_id)))


@router.put("/fences/{fence_id}")
def put_fence(
    fence_id: PathId, body: FenceIn, services: ServicesDep, principal: Writer
) -> FenceOut:
    """Add or replace a fence: of one vehicle, or, city wide, of every one."""
    return save_fence(services, principal, fence_id, body)


@router.delete("/fences/{fence_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove_fence(fence_id: PathId, services: ServicesDep, principal: Writer) -> None:
    """Forget a fence."""
    delete_fence(services, principal, fence_id)

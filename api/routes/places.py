"""Sites, patrol grids and fences."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette import status

from api.auth import Requires
from api.bodies import FenceIn, PlacesIn
from api.deps import ServicesDep
from api.fields import PathId
from api.registering import delete_fence, register_places, save_fence
from api.roles import Permission, Principal
from api.system_schemas import CountOut, FenceOut

router = APIRouter(prefix="/v1", tags=["places"])

Writer = Annotated[Principal, Depends(Requires(Permission.PLACES_WRITE))]


@router.post("/places", status_code=status.HTTP_201_CREATED)
def add_places(body: PlacesIn, services: ServicesDep, principal: Writer) -> CountOut:
    """Add or replace sites and patrol grids (GeoJSON, WGS 84)."""
    return register_places(services, principal, body.sites, body.grids)


@router.put("/fences/{fence_id}")
def put_fence(
    fence_id: PathId, body: FenceIn, services: ServicesDep, principal: Writer
) -> FenceOut:
    """Add or replace a fence: of one vehicle, or, city wide, of every one."""
    save_fence(services, principal, fence_id, body)
    return FenceOut(id=fence_id)


@router.delete("/fences/{fence_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove_fence(fence_id: PathId, services: ServicesDep, principal: Writer) -> None:
    """Forget a fence."""
    delete_fence(services, principal, fence_id)

"""Fences that staff bring, look at and take away: a vehicle's for who has it, others city wide."""

from collections.abc import Sequence

from alerts.fence_geojson import checked, read_fences
from api.asking import not_found
from api.bodies import FenceIn, FencesIn
from api.deps import Services
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Principal
from api.system_schemas import FenceFaultOut, FenceOut, FencesSavedOut
from devices.model import Fence

FAULTS_SHOWN = 100
"""Faults of an import named in one answer."""


def save_fence(services: Services, principal: Principal, fence_id: str, asked: FenceIn) -> FenceOut:
    """Add or replace a fence.

    Raises:
        Problem: 404 when the fence or its vehicle is not this person's business; 422 when it is
            smaller than the error of a position, or crosses itself, or is no area at all.
    """
    old = services.vehicles.fence(fence_id)
    if old is not None and not _governs(services, principal, old.vehicle_id):
        not_found()
    if not _governs(services, principal, asked.vehicle_id):
        not_found()
    fence = Fence(
        id=fence_id,
        **asked.model_dump(exclude={"geometry"}),
        geometry=asked.geometry.as_geojson() if asked.geometry else None,
    )
    try:
        fence, note = checked(fence)
    except ValueError as exc:
        raise Problem(ProblemCode.INVALID, str(exc)) from exc
    services.registry.save_fence(fence, by=principal.name)
    _note(services, principal, "fence_saved", [fence_id])
    return FenceOut(id=fence_id, note=note)


def import_fences(
    services: Services, principal: Principal, asked: FencesIn, *, dry_run: bool
) -> FencesSavedOut:
    """Add or replace the fences of a FeatureCollection: all, or none when one is refused.

    Raises:
        Problem: 422 with ``faults``, a row for every Feature that is refused.
    """
    try:
        rows = read_fences(asked.model_dump(exclude_none=True))
    except ValueError as exc:
        raise Problem(ProblemCode.INVALID, str(exc)) from exc
    fences = [row.fence for row in rows if row.fence is not None]
    refused = _not_theirs(services, principal, fences)
    faults = [
        FenceFaultOut(feature=row.number, id=row.fence_id, words=words)
        for row in rows
        if (words := row.fault or refused.get(row.fence_id, ""))
    ]
    if faults:
        raise Problem(
            ProblemCode.INVALID,
            f"{len(faults)} of {len(rows)} features are refused, so nothing was saved",
            faults=[fault.model_dump() for fault in faults[:FAULTS_SHOWN]],
        )
    if fences and not dry_run:
        services.registry.save_fences(fences, by=principal.name)
        _note(services, principal, "fence_saved", [fence.id for fence in fences])
    return FencesSavedOut(
        saved=0 if dry_run else len(fences),
        good=len(fences),
        mended=[
            FenceFaultOut(feature=row.number, id=row.fence_id, words=row.note)
            for row in rows
            if row.note
        ],
    )


def delete_fence(services: Services, principal: Principal, fence_id: str) -> None:
    """Forget a fence.

    Raises:
        Problem: 404 when there is none, or it is not this person's business.
    """
    one_fence(services, principal, fence_id)
    services.registry.delete_fence(fence_id, by=principal.name)
    _note(services, principal, "fence_deleted", [fence_id])


def one_fence(services: Services, principal: Principal, fence_id: str) -> Fence:
    """Find a fence that this person may draw.

    Raises:
        Problem: 404 when there is none, or it is not this person's business.
    """
    fence = services.vehicles.fence(fence_id)
    if fence is None or not _governs(services, principal, fence.vehicle_id):
        not_found()
    return fence


def page_of_fences(
    services: Services, principal: Principal, *, after: str, limit: int
) -> tuple[list[Fence], str | None]:
    """Fences that this person may draw, above an id; and the id after which there are more."""
    found = services.vehicles.fences(after=after, limit=limit + 1)
    page = found[:limit]
    of_vehicles = {fence.vehicle_id for fence in page if fence.vehicle_id is not None}
    seen = services.vehicles.seen(principal.scope, of_vehicles)
    city = principal.scope.covers("")
    shown = [f for f in page if (city if f.vehicle_id is None else f.vehicle_id in seen)]
    return shown, page[-1].id if len(found) > limit else None


def _not_theirs(
    services: Services, principal: Principal, fences: Sequence[Fence]
) -> dict[str, str]:
    """Why fences that were read well may not be saved by this person, by the fence's id."""
    there = {old.id: old for old in services.vehicles.fences_of([fence.id for fence in fences])}
    both = (*fences, *there.values())
    vehicles = {fence.vehicle_id for fence in both if fence.vehicle_id is not None}
    seen = services.vehicles.seen(principal.scope, vehicles)
    city = principal.scope.covers("")

    def governs(fence: Fence) -> bool:
        return city if fence.vehicle_id is None else fence.vehicle_id in seen

    refused: dict[str, str] = {}
    for fence in fences:
        if not governs(fence):
            refused[fence.id] = (
                "a fence of every vehicle needs a token of the whole city"
                if fence.vehicle_id is None
                else f"no such vehicle: {fence.vehicle_id}"
            )
        elif fence.id in there and not governs(there[fence.id]):
            refused[fence.id] = "this id is taken"
    return refused


def _governs(services: Services, principal: Principal, vehicle_id: str | None) -> bool:
    """A fence of every vehicle is the whole city's; another one its vehicle's."""
    if vehicle_id is None:
        return principal.scope.covers("")
    return services.vehicles.one(principal.scope, vehicle_id) is not None


def _note(services: Services, principal: Principal, action: str, fence_ids: Sequence[str]) -> None:
    now_ms = services.now_ms()
    targets = [f"fence:{fence_id}" for fence_id in fence_ids]
    services.actions.note([audit_of(principal, action, target, at_ms=now_ms) for target in targets])

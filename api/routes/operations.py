"""For machines that watch: alive, ready, metrics."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from api.auth import Requires
from api.deps import ServicesDep
from api.heartbeat import is_stuck, own_status
from api.metrics import MEDIA_TYPE, render
from api.problems import ProblemCode, problem_response
from api.readiness import assess_parts
from api.roles import Permission, Principal
from api.stream_hub import StreamHub
from api.system_schemas import AliveOut, ReadyOut

router = APIRouter(tags=["operations"])

Readiness = Annotated[Principal, Depends(Requires(Permission.READY))]
Scraper = Annotated[Principal, Depends(Requires(Permission.METRICS))]


@router.get("/livez", responses={503: {"description": "Stuck: restart this process"}})
async def livez(request: Request, services: ServicesDep) -> Response:
    """Say that this process is not stuck. The only address without a token."""
    hub: StreamHub = request.app.state.hub
    alive = not is_stuck(services, hub)
    if not alive:
        return problem_response(ProblemCode.NOT_READY, "the feed was not read for too long")
    return JSONResponse(AliveOut(alive=True).model_dump())


@router.get(
    "/readyz",
    response_model=ReadyOut,
    responses={503: {"description": "Not every part is ready; `parts` says which and why"}},
)
def readyz(request: Request, services: ServicesDep, _principal: Readiness) -> Response:
    """Say whether every part can do its work now, with a list by part."""
    ready = _assess(request, services)
    if not ready.ready:
        return problem_response(ProblemCode.NOT_READY, extra=ready.model_dump())
    return JSONResponse(ready.model_dump())


@router.get("/metrics", response_class=Response)
def metrics(request: Request, services: ServicesDep, _principal: Scraper) -> Response:
    """Give all metrics as Prometheus text."""
    text = render(services.statuses(), _assess(request, services), services.quarantine.counts())
    return Response(text, media_type=MEDIA_TYPE)


def _assess(request: Request, services: ServicesDep) -> ReadyOut:
    """Judge all parts; this one by what it knows now, not by its file."""
    found = assess_parts(services.statuses(), services.policy, services.now_ms())
    hub: StreamHub = request.app.state.hub
    is_ready, reason = own_status(services, hub)
    parts = [
        part.model_copy(update={"ready": is_ready, "reason": reason, "age_s": 0.0})
        if part.part == "api"
        else part
        for part in found.parts
    ]
    return ReadyOut(ready=all(part.ready for part in parts), parts=parts)

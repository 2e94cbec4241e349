"""Sessions: log in with name and password, who am I, log out. The token is the browser's cookie."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from starlette import status
from starlette.concurrency import run_in_threadpool

from api.auth import Gate, Requires
from api.cookies import CLEARED, cookie_line, is_ours, session_of
from api.deps import Services, ServicesDep
from api.login import Door
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import PERMISSIONS, Permission, Principal, Role
from api.session_schemas import LoggedInOut, LoginIn

router = APIRouter(prefix="/v1/session", tags=["session"])

Anybody = Annotated[Principal, Depends(Requires(Permission.SESSION))]


@router.post("")
async def log_in(
    body: LoginIn, request: Request, response: Response, services: ServicesDep
) -> LoggedInOut:
    """Begin a session; it lasts twelve hours. One that the browser had ends."""
    headers = request.scope["headers"]
    if "origin" in request.headers and not is_ours(headers):
        raise Problem(ProblemCode.CROSS_SITE)
    door: Door = request.app.state.door
    opened = await door.log_in(body.name, body.password)
    gate: Gate = request.app.state.gate
    before = await gate.person(session_of(headers))
    if before is not None:
        await run_in_threadpool(_close, services, gate, before)
    seconds = round(services.policy.login.session_hours * 3600)
    response.headers["Set-Cookie"] = cookie_line(opened.plain, seconds)
    user, role = opened.user, Role(opened.user.role)
    return LoggedInOut(
        name=user.name,
        display=user.display,
        role=role,
        areas=list(user.areas),
        permissions=_permissions(role),
        language=_language(user.language),
        expires_ms=opened.expires_ms,
    )


@router.get("")
def who_am_i(services: ServicesDep, principal: Anybody) -> LoggedInOut:
    """Say who is logged in; of a token, whose it is."""
    session = services.users.session(principal.token_id)
    user = services.users.one(principal.name) if session is not None else None
    token = services.tokens.one(principal.token_id) if session is None else None
    ends = session or token
    return LoggedInOut(
        name=principal.name,
        display=user.display if user else principal.name,
        role=principal.role,
        areas=list(principal.scope.areas),
        permissions=_permissions(principal.role),
        language=_language(user.language) if user else None,
        expires_ms=ends.expires_ms if ends else None,
    )


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
def log_out(
    request: Request, response: Response, services: ServicesDep, principal: Anybody
) -> None:
    """End the session. A token is not taken back: it only leaves no cookie behind."""
    _close(services, request.app.state.gate, principal)
    response.headers["Set-Cookie"] = CLEARED


def _close(services: Services, gate: Gate, principal: Principal) -> None:
    audit = audit_of(principal, "logout", f"user:{principal.name}", at_ms=services.now_ms())
    services.users.close_session(principal.token_id, audit=audit)
    gate.forget(principal.token_id)


def _language(kept: str) -> Literal["zh", "en"] | None:
    languages: dict[str, Literal["zh", "en"]] = {"zh": "zh", "en": "en"}
    return languages.get(kept)


def _permissions(role: Role) -> list[Permission]:
    return sorted(PERMISSIONS[role])

"""Errors as problem+json (RFC 9457): one table; nothing of the inside is told."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from alerts.errors import IllegalTransition, OutcomeRequired
from api.cursors import BadCursor

MEDIA_TYPE = "application/problem+json"

_log = structlog.get_logger("api")


class ProblemCode(StrEnum):
    """Stable words of ``code``; the last part of ``type``."""

    BAD_REQUEST = "bad_request"
    UNAUTHENTICATED = "unauthenticated"
    LINK_ENDED = "link_ended"
    LOGIN_REFUSED = "login_refused"
    FORBIDDEN = "forbidden"
    CROSS_SITE = "cross_site"
    PURPOSE_REQUIRED = "purpose_required"
    NO_OPEN_INCIDENT = "no_open_incident"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TIMEOUT = "body_timeout"
    INCIDENT_TAKEN = "incident_taken"
    ILLEGAL_TRANSITION = "illegal_transition"
    STALE_VERSION = "stale_version"
    ALERT_ENDED = "alert_ended"
    UNEXPLAINED = "unexplained"
    ALREADY_REGISTERED = "already_registered"
    SWAP_REFUSED = "swap_refused"
    BODY_TOO_LARGE = "body_too_large"
    INVALID = "invalid"
    LOGIN_WAIT = "login_wait"
    INTERNAL = "internal"
    NOT_READY = "not_ready"
    BUSY = "busy"


class _Kind(NamedTuple):
    status: int
    title: str


_C = ProblemCode
PROBLEMS: Mapping[ProblemCode, _Kind] = {
    _C.BAD_REQUEST: _Kind(400, "The request cannot be read"),
    _C.UNAUTHENTICATED: _Kind(401, "A valid token is needed"),
    _C.LINK_ENDED: _Kind(401, "This link has ended"),
    _C.LOGIN_REFUSED: _Kind(401, "Wrong name or password"),
    _C.FORBIDDEN: _Kind(403, "This role may not do that"),
    _C.CROSS_SITE: _Kind(403, "A session is used from our own pages only"),
    _C.PURPOSE_REQUIRED: _Kind(403, "Say why you look (header X-Purpose)"),
    _C.NO_OPEN_INCIDENT: _Kind(403, "No incident is open on this vehicle in your area"),
    _C.NOT_FOUND: _Kind(404, "There is no such thing, or not for you"),
    _C.METHOD_NOT_ALLOWED: _Kind(405, "This address does not take that method"),
    _C.BODY_TIMEOUT: _Kind(408, "The body took too long to arrive"),
    _C.INCIDENT_TAKEN: _Kind(409, "Somebody else has this incident"),
    _C.ILLEGAL_TRANSITION: _Kind(409, "The incident cannot go there from where it is"),
    _C.STALE_VERSION: _Kind(409, "It has changed since you looked"),
    _C.ALERT_ENDED: _Kind(409, "The alert has ended already"),
    _C.UNEXPLAINED: _Kind(409, "There is nothing to explain it with"),
    _C.ALREADY_REGISTERED: _Kind(409, "Such an id is registered already"),
    _C.SWAP_REFUSED: _Kind(409, "One device cannot take the other's place"),
    _C.BODY_TOO_LARGE: _Kind(413, "The body is too large"),
    _C.INVALID: _Kind(422, "Something in the request is wrong"),
    _C.LOGIN_WAIT: _Kind(429, "Too many wrong passwords: wait"),
    _C.INTERNAL: _Kind(500, "A fault of ours; it was logged"),
    _C.NOT_READY: _Kind(503, "Not every part is ready"),
    _C.BUSY: _Kind(503, "Busy, try again"),
}
"""Status and title of each problem."""

_BY_STATUS = {400: _C.BAD_REQUEST, 404: _C.NOT_FOUND, 405: _C.METHOD_NOT_ALLOWED}


class Problem(Exception):
    """A wrong request, to be answered as problem+json.

    Attributes:
        detail: For the caller; never personal data, never an inside.
        extra: Further members of the answer.
    """

    def __init__(self, code: ProblemCode, detail: str = "", **extra: object) -> None:
        """Keep what to answer."""
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.extra = code, detail, extra


def problem_response(
    code: ProblemCode, detail: str = "", *, extra: Mapping[str, object] | None = None
) -> JSONResponse:
    """Build the answer of one problem."""
    kind = PROBLEMS[code]
    body: dict[str, object] = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
    }
    if detail:
        body["detail"] = detail
    headers = {}
    if kind.status == PROBLEMS[_C.UNAUTHENTICATED].status:
        headers["WWW-Authenticate"] = 'Bearer realm="parkguard"'
    if kind.status == PROBLEMS[_C.BUSY].status:
        headers["Retry-After"] = "1"
    if code is _C.LOGIN_WAIT and extra is not None:
        headers["Retry-After"] = str(extra["wait_s"])
    return JSONResponse(
        body | dict(extra or {}),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def _faults(errors: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
    """Where and what, without the value that was sent (it may be a secret)."""
    faults = []
    for error in errors:
        location = error.get("loc", ())
        parts = location if isinstance(location, tuple) else (location,)
        message = str(error.get("msg", "")).removeprefix("Value error, ")
        faults.append({"where": ".".join(str(part) for part in parts), "message": message})
    return faults


async def _invalid(_request: Request, exc: Exception) -> JSONResponse:
    errors = exc.errors() if isinstance(exc, RequestValidationError) else []
    faults = _faults(errors)
    if any(error.get("type") == "json_invalid" for error in errors):
        return problem_response(_C.BAD_REQUEST, "the body is not JSON")
    return problem_response(_C.INVALID, "see errors", extra={"errors": faults})


async def _problem(_request: Request, exc: Exception) -> JSONResponse:
    if isinstance(exc, Problem):
        return problem_response(exc.code, exc.detail, extra=exc.extra)
    if isinstance(exc, IllegalTransition):
        extra = {"state": exc.old, "allowed": exc.allowed}
        return problem_response(_C.ILLEGAL_TRANSITION, str(exc), extra=extra)
    if isinstance(exc, OutcomeRequired):
        return problem_response(_C.INVALID, str(exc), extra={"outcomes": exc.outcomes})
    return problem_response(_C.INVALID, "the cursor was not made by this route: start again")


async def _http(request: Request, exc: Exception) -> JSONResponse:
    status = exc.status_code if isinstance(exc, HTTPException) else 400
    code = _BY_STATUS.get(status, _C.BAD_REQUEST)
    response = problem_response(code)
    if code is _C.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> set[str]:
    """All methods of an address: the framework knows those of its first route only."""
    path = request.scope["path"]
    return {
        method
        for route in iter_route_contexts(request.app.routes)
        if re.fullmatch(route.path_regex, path)
        for method in route.methods or ()
    }


async def _busy(_request: Request, exc: Exception) -> JSONResponse:
    _log.warning("store_refused", error=type(exc).__name__)
    return problem_response(_C.BUSY)


async def _bug(_request: Request, _exc: Exception) -> JSONResponse:
    return problem_response(_C.INTERNAL)  # the server logs the trace


def install(app: FastAPI, *, busy: tuple[type[Exception], ...]) -> None:
    """Answer every error of ``app`` as problem+json."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)
    for domain in (Problem, IllegalTransition, OutcomeRequired, BadCursor):
        app.add_exception_handler(domain, _problem)
    for error in busy:
        app.add_exception_handler(error, _busy)

"""Who asks and whether they may: tokens and sessions in, a ``Principal`` or 401 or 403 out.

Default deny: without a valid token nothing is answered but ``ANONYMOUS``, and a route that names
no permission stops ``create_app``.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from api.cookies import SAFE_METHODS, is_ours, session_of
from api.deps import Services, services_of
from api.link_gate import holder_of
from api.links import PREFIX as LINK_PREFIX
from api.problems import Problem, ProblemCode, problem_response
from api.roles import Permission, Principal, Role, Scope
from api.system_rows import TokenRow
from api.tokens import MAX_CHARS, PREFIX, SESSION_PREFIX, hash_token

ANONYMOUS = frozenset({("GET", "/livez"), ("POST", "/v1/session")})
"""Methods and addresses that need no token. Nothing else, ever."""

DOCS = ("/docs", "/openapi.json")
"""Addresses that need none on a loopback listener (``ApiPolicy.docs_open``)."""

CACHE_MAX = 10_000
"""Valid tokens kept in memory, the least used one leaves."""
ASKS_AGAIN = 0.8
"""From this share of ``ApiPolicy.token_cache_ms`` one request asks again, while what is known still
holds for the others: else all that come when it ends would ask at once."""

_log = structlog.get_logger("api")


def principal_of(row: TokenRow) -> Principal:
    """Build who asks from a token's row; an owner's areas mean nothing."""
    role = Role(row.role)
    if role is Role.OWNER:
        scope = Scope(areas=(), owner_id=row.owner_id or "")
    else:
        scope = Scope(areas=tuple(row.areas))
    return Principal(token_id=row.id, name=row.name, role=role, scope=scope)


def is_alive(row: TokenRow, now_ms: int) -> bool:
    """Whether a token is neither revoked nor expired."""
    return row.revoked_ms is None and (row.expires_ms is None or row.expires_ms > now_ms)


@dataclass(slots=True, kw_only=True)
class _Kept:
    """A token's row, when it was read, and when somebody last went to read it again."""

    row: TokenRow
    read_ms: float
    asked_ms: float


class Gate:
    """Looks tokens up, believing an answer for at most ``ApiPolicy.token_cache_ms``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()  # routes revoke from worker threads

    async def principal(self, authorization: str | None) -> Principal | None:
        """Give who holds the token of an ``Authorization`` header, None for anybody else.

        Raises:
            Problem: An owner's link that was good and has ended.
        """
        scheme, _, plain = (authorization or "").partition(" ")
        plain = plain.strip()
        if scheme.lower() != "bearer":
            return None
        if plain.startswith(LINK_PREFIX):
            return holder_of(self._services.link_keys, plain, now_ms=self._services.now_ms())
        return await self._holder(plain, PREFIX)

    async def person(self, session: str | None) -> Principal | None:
        """Give whose session a cookie holds, None for anybody else."""
        return await self._holder(session or "", SESSION_PREFIX)

    async def _holder(self, plain: str, prefix: str) -> Principal | None:
        if not plain.startswith(prefix) or len(plain) > MAX_CHARS:
            return None
        row = await self._row(hash_token(plain))
        if row is None or not is_alive(row, self._services.now_ms()):
            return None
        return principal_of(row)

    def forget(self, token_id: str) -> None:
        """Believe nothing about this token any more (it was revoked here)."""
        with self._lock:
            for key in [key for key, kept in self._kept.items() if kept.row.id == token_id]:
                del self._kept[key]

    async def _row(self, token_hash: str) -> TokenRow | None:
        now, believed_ms = self._services.steady_ms(), self._services.policy.token_cache_ms
        with self._lock:
            kept = self._kept.get(token_hash)
            if kept is not None and now - kept.read_ms < believed_ms:
                self._kept.move_to_end(token_hash)
                if now - max(kept.read_ms, kept.asked_ms) < ASKS_AGAIN * believed_ms:
                    return kept.row
                kept.asked_ms = now
        row = await run_in_threadpool(self._services.tokens.by_hash, token_hash)
        with self._lock:
            self._kept.pop(token_hash, None)
            if row is not None:  # strangers cost a look-up each and no memory
                self._kept[token_hash] = _Kept(row=row, read_ms=now, asked_ms=now)
                while len(self._kept) > CACHE_MAX:
                    self._kept.popitem(last=False)
        return row


class Authenticate:
    """ASGI layer: a valid token, or 401 before anything of the request is looked at."""

    def __init__(self, app: ASGIApp, *, gate: Gate, services: Services) -> None:
        self._app = app
        self._gate = gate
        self._services = services

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Pass the request on with ``state.principal`` set, or answer 401."""
        if scope["type"] == "lifespan" or (scope.get("method"), scope.get("path")) in ANONYMOUS:
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        given = [value for key, value in headers if key == b"authorization"]
        try:
            if given:  # whoever sends a token means it, also a wrong one
                principal = await self._gate.principal(given[-1].decode("latin-1"))
            else:
                principal = await self._gate.person(session_of(headers))
        except self._services.busy as exc:
            _log.warning("store_refused", error=type(exc).__name__)
            await problem_response(ProblemCode.BUSY)(scope, receive, send)
            return
        except Problem as exc:
            await problem_response(exc.code, exc.detail)(scope, receive, send)
            return
        if principal is None and not self._is_open(scope["path"]):
            await problem_response(ProblemCode.UNAUTHENTICATED)(scope, receive, send)
            return
        by_cookie = principal is not None and not given
        if by_cookie and scope["method"] not in SAFE_METHODS and not is_ours(headers):
            await problem_response(ProblemCode.CROSS_SITE)(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        docs = any(path == doc or path.startswith(doc + "/") for doc in DOCS)
        return docs and self._services.policy.docs_open


class Requires:
    """A route's dependency: the one permission it needs. Gives the principal."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Principal:
        """Give who asks (async, so that it costs no thread).

        Raises:
            Problem: The role may not.
        """
        principal = getattr(request.state, "principal", None)
        if principal is None:
            docs_open = (await services_of(request)).policy.docs_open
            if self.permission is Permission.DOCS and docs_open:
                return LOOPBACK
            raise Problem(ProblemCode.UNAUTHENTICATED)
        if not isinstance(principal, Principal) or not principal.may(self.permission):
            raise Problem(ProblemCode.FORBIDDEN, f"it needs the permission {self.permission}")
        return principal


LOOPBACK = Principal(token_id="", name="loopback", role=Role.DEVICE, scope=Scope(areas=()))
"""Who reads the docs on a loopback listener without a token: may read the docs, sees nothing."""


def permission_of(route: RouteContext) -> Permission | None:
    """The permission a route names, None when it names none."""
    dependant = getattr(route, "dependant", None)
    if not isinstance(dependant, Dependant):
        return None
    found = {call.permission for call in _calls(dependant) if isinstance(call, Requires)}
    return found.pop() if len(found) == 1 else None


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for child in dependant.dependencies:
        yield from _calls(child)


def refuse_open_routes(app: FastAPI) -> None:
    """Check that every route names exactly one permission.

    Raises:
        RuntimeError: Names the routes that do not: such an app must not start.
    """
    open_routes = [
        str(route.path)
        for route in iter_route_contexts(app.routes)
        if permission_of(route) is None
        and any((method, route.path) not in ANONYMOUS for method in route.methods or ("",))
    ]
    if open_routes:
        raise RuntimeError(f"routes without a permission: {', '.join(open_routes)}")

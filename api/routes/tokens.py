"""Tokens: make, list, take back. An admin hands out no more than their own area."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette import status

from api.asking import not_found, page_size
from api.auth import Gate, Requires
from api.bodies import TokenIn
from api.cursors import decode_cursor, encode_cursor
from api.deps import ServicesDep
from api.fields import Cursor, Limit, PathId
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal, Role
from api.system_rows import TokenRow
from api.system_schemas import NewTokenOut, TokenOut, TokenPage
from api.tokens import new_token, new_token_id

router = APIRouter(prefix="/v1/tokens", tags=["tokens"])

Admin = Annotated[Principal, Depends(Requires(Permission.TOKENS))]


@router.get("")
def list_tokens(
    services: ServicesDep, principal: Admin, cursor: Cursor = None, limit: Limit = None
) -> TokenPage:
    """List tokens of the admin's area, newest first, without their secrets."""
    key = decode_cursor(cursor, int, str)
    size = page_size(services, limit)
    before = (int(key[0]), str(key[1])) if key else None
    rows = services.tokens.page(before=before, limit=size + 1)
    page = rows[:size]
    return TokenPage(
        tokens=[TokenOut.model_validate(row) for row in page if _governs(principal, row)],
        next=encode_cursor(page[-1].created_ms, page[-1].id) if len(rows) > size else None,
    )


@router.post("", status_code=status.HTTP_201_CREATED)
def add_token(body: TokenIn, services: ServicesDep, principal: Admin) -> NewTokenOut:
    """Make a token. It is shown in this answer and never again."""
    now_ms = services.now_ms()
    if body.expires is not None and body.expires <= now_ms:
        raise Problem(ProblemCode.INVALID, "expires is in the past")
    if not _may_give(principal, body.role, body.areas):
        raise Problem(ProblemCode.FORBIDDEN, "you may give areas inside your own only")
    token, token_id = new_token(), new_token_id()
    services.tokens.add(
        token_id=token_id,
        token_hash=token.hash,
        name=body.name,
        role=body.role,
        areas=body.areas,
        owner_id=body.owner_id,
        expires_ms=body.expires,
        audit=audit_of(principal, "token_made", f"token:{token_id}", at_ms=now_ms),
    )
    return NewTokenOut(
        id=token_id,
        name=body.name,
        role=body.role,
        areas=body.areas,
        owner_id=body.owner_id,
        created_ms=now_ms,
        expires_ms=body.expires,
        revoked_ms=None,
        token=token.plain,
    )


@router.delete("/{token_id}", status_code=status.HTTP_204_NO_CONTENT)
def revoke_token(
    token_id: PathId, request: Request, services: ServicesDep, principal: Admin
) -> None:
    """Take a token back: refused from now on here, within seconds everywhere."""
    row = services.tokens.one(token_id)
    if row is None or not _governs(principal, row):
        not_found()
    now_ms = services.now_ms()
    services.tokens.revoke(
        token_id, audit=audit_of(principal, "token_revoked", f"token:{token_id}", at_ms=now_ms)
    )
    gate: Gate = request.app.state.gate
    gate.forget(token_id)


def _may_give(principal: Principal, role: Role, areas: list[str]) -> bool:
    """Tokens without an area (owners, scrapers, devices) are the city's admins' business."""
    scope = principal.scope
    if not areas or role is Role.OWNER:
        return scope.covers("")
    return all(scope.covers(area) for area in areas)


def _governs(principal: Principal, row: TokenRow) -> bool:
    return _may_give(principal, Role(row.role), list(row.areas))

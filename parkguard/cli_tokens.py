"""``parkguard tokens``: who may call the API."""

from typing import Annotated

import msgspec
import typer

from api.roles import Role
from api.tokens import new_token, new_token_id
from parkguard.cli_shared import (
    CommandError,
    Json,
    audit_row,
    complain,
    print_json,
    print_rows,
    records_of,
)
from parkguard.clock import wall_ms
from stores.queries_tokens import TokenQueries

WORDS_MAX = 64
"""Longest name or owner: the width of their columns."""
DAY_MS = 86_400_000
PAGE = 1_000

tokens_app = typer.Typer(no_args_is_help=True, help="Make, list and take back API tokens.")


@tokens_app.command(
    epilog="Examples: parkguard tokens add --name wang --role officer --area 340103 · "
    "parkguard tokens add --name li --role owner --owner owner-000017 --days 365"
)
def add(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Option(help="Whose it is, for lists and the audit")],
    role: Annotated[Role, typer.Option(help="What it may do")],
    area: Annotated[
        list[str] | None, typer.Option(help="Area prefix it may see; repeat; default: all")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Whose vehicles (role owner)")] = None,
    days: Annotated[int | None, typer.Option(help="Valid for so many days", min=1)] = None,
    as_json: Json = False,
) -> None:
    """Make a token. It is shown once, here, and stored only as a hash."""
    if (role is Role.OWNER) is (owner is None):
        raise typer.BadParameter("--owner belongs to --role owner, and that role needs it")
    for option, value in (("--name", name), ("--owner", owner or "")):
        if len(value) > WORDS_MAX or not value.isprintable():
            raise typer.BadParameter(f"{option} has at most {WORDS_MAX} printable characters")
    token, token_id, now_ms = new_token(), new_token_id(), wall_ms()
    with records_of(ctx) as engine:
        TokenQueries(engine).add(
            token_id=token_id,
            token_hash=token.hash,
            name=name,
            role=role.value,
            areas=area or [""],
            owner_id=owner,
            expires_ms=None if days is None else now_ms + days * DAY_MS,
            audit=audit_row("token_made", f"token:{token_id}", now_ms),
        )
    if as_json:
        print_json({"id": token_id, "token": token.plain})
    else:
        print_rows(
            [{"id": token_id, "name": name, "role": role.value, "token": token.plain}],
            title="shown once",
        )


@tokens_app.command("list", epilog="Example: parkguard tokens list --json")
def list_tokens(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List tokens, newest first; never the tokens themselves."""
    with records_of(ctx) as engine:
        found = TokenQueries(engine).page(before=None, limit=PAGE)
    if as_json:
        print_json([msgspec.to_builtins(token) for token in found])
        return
    now_ms = wall_ms()
    print_rows(
        [
            {
                "id": token.id,
                "name": token.name,
                "role": token.role,
                "areas": ", ".join(area or "all" for area in token.areas),
                "owner": token.owner_id or "",
                "state": _state(token.revoked_ms, token.expires_ms, now_ms),
            }
            for token in found
        ],
        title=f"{len(found)} tokens",
    )


@tokens_app.command(epilog="Example: parkguard tokens revoke tok_0123456789abcdef")
def revoke(ctx: typer.Context, token_id: str, *, as_json: Json = False) -> None:
    """Take a token back; the API stops taking it within seconds."""
    now_ms = wall_ms()
    with records_of(ctx) as engine:
        book = TokenQueries(engine)
        if book.one(token_id) is None:
            raise CommandError(f"there is no token {token_id}: see `parkguard tokens list`")
        book.revoke(token_id, audit=audit_row("token_revoked", f"token:{token_id}", now_ms))
    if as_json:
        print_json({"revoked": token_id})
    else:
        complain(f"{token_id} is revoked")


def _state(revoked_ms: int | None, expires_ms: int | None, now_ms: int) -> str:
    if revoked_ms is not None:
        return "revoked"
    return "expired" if expires_ms is not None and expires_ms <= now_ms else "valid"

"""``parkguard owners``: show a person masked, reveal with a reason, forget."""

from typing import Annotated

import sqlalchemy as sa
import typer

from api.roles import Role
from api.times import format_known_time
from devices.ids import folded
from devices.owners import Owner, mask_name, mask_phone
from parkguard.cli_shared import (
    CommandError,
    Json,
    complain,
    print_json,
    print_rows,
    records_of,
    system_user,
)
from parkguard.clock import wall_ms
from stores.owners import Owners
from stores.queries import AuditRow
from stores.queries_actions import ActionWriter

owners_app = typer.Typer(no_args_is_help=True, help="Look at an owner, or forget one.")


@owners_app.command(
    epilog="Examples: parkguard owners show owner-0001 · "
    "parkguard owners show owner-0001 --reveal 'vehicle found, case 4711'"
)
def show(
    ctx: typer.Context,
    owner_id: str,
    *,
    reveal: Annotated[
        str | None, typer.Option(help="Show name and phone in full; why, for the audit")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show an owner, name and phone masked unless you say why you need them."""
    with records_of(ctx) as engine:
        owner = _one(engine, owner_id)
        if reveal is not None:
            ActionWriter(engine).note([_audit("owner_seen", owner.id, reveal)])
    row = {
        "id": owner.id,
        "name": owner.name if reveal else mask_name(owner.name),
        "phone": owner.phone if reveal else mask_phone(owner.phone),
        "consent": " ".join(owner.consent),
        "consent_ref": owner.consent_ref,
        "consent_at": format_known_time(owner.consent_ms or 0) or "",
    }
    if as_json:
        print_json(row)
    else:
        print_rows([row], title="owner")


@owners_app.command(epilog="Example: parkguard owners erase owner-0001")
def erase(ctx: typer.Context, owner_id: str, *, as_json: Json = False) -> None:
    """Forget a person at once; vehicles keep the id, which says nothing of anybody."""
    with records_of(ctx) as engine:
        owner = _one(engine, owner_id)
        Owners(engine).erase(owner.id, [_audit("owner_erased", owner.id, "")])
    if as_json:
        print_json({"erased": owner.id})
    else:
        complain(f"{owner.id} is forgotten")


def _one(engine: sa.Engine, typed: str) -> Owner:
    name = folded(typed)
    found = Owners(engine).by_id([name, name.lower()])
    owner = found.get(name) or found.get(name.lower())
    if owner is None:
        raise CommandError(f"there is no owner {name}: `parkguard import --kind owners` adds them")
    return owner


def _audit(action: str, owner_id: str, why: str) -> AuditRow:
    return (wall_ms(), system_user(), Role.ADMIN.value, action, f"owner:{owner_id}", why[:32])

"""Commands to a device: send one, and what became of each."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette import status

from api.asking import not_found, page_size
from api.auth import Requires
from api.command_schemas import CommandAcceptedOut, CommandIn, CommandOut, CommandPage
from api.cursors import decode_cursor, encode_cursor
from api.deps import ServicesDep
from api.fields import Cursor, Limit, PathId
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.roles import Permission, Principal, Role
from devices.command import CommandKind, command_id
from devices.control import SendCommand
from devices.model import AdminState

router = APIRouter(prefix="/v1/devices/{device_id}/commands", tags=["devices"])

Commander = Annotated[Principal, Depends(Requires(Permission.DEVICES_COMMAND))]


@router.post("", status_code=status.HTTP_202_ACCEPTED)
def send_command(
    device_id: PathId, body: CommandIn, services: ServicesDep, principal: Commander
) -> CommandAcceptedOut:
    """Send a command to a device: stored before it is sent, never retained, over at its deadline.

    One of a kind is in flight at a time; of those that wait the newest goes. ``disarm`` ends the
    watch over a vehicle: admins only.
    """
    device = services.devices.one(principal.scope, device_id)
    if device is None:
        not_found()
    if body.kind is CommandKind.DISARM and principal.role is not Role.ADMIN:
        raise Problem(ProblemCode.FORBIDDEN, "disarm ends the watch over a vehicle: admins only")
    if device.admin is AdminState.RETIRED:
        raise Problem(ProblemCode.INVALID, f"{device_id} is retired: nothing is sent to it")
    now_ms, order = services.now_ms(), body.order()
    control = SendCommand(at_ms=now_ms, by=principal.name, device_id=device_id, order=order)
    audit = audit_of(principal, f"command_{body.kind}", f"device:{device_id}", at_ms=now_ms)
    return CommandAcceptedOut(
        control_id=services.actions.post(control, audit),
        command_id=command_id(device_id, order, now_ms, principal.name),
    )


@router.get("")
def list_commands(
    *,
    device_id: PathId,
    services: ServicesDep,
    principal: Commander,
    cursor: Cursor = None,
    limit: Limit = None,
) -> CommandPage:
    """List a device's commands, newest first: those of people and our own questions."""
    if services.devices.one(principal.scope, device_id) is None:
        not_found()
    key, size = decode_cursor(cursor, int, str), page_size(services, limit)
    before = (int(key[0]), str(key[1])) if key else None
    rows = services.commands.page(device_id, before=before, limit=size + 1)
    commands = [CommandOut.model_validate(row) for row in rows[:size]]
    more = len(rows) > size
    last = commands[-1] if more else None
    return CommandPage(
        commands=commands,
        next=encode_cursor(last.asked_ms, last.id) if last is not None else None,
    )

"""``parkguard devices command`` and ``commands``: command a device, see what became of it."""

import threading
from typing import Annotated

import sqlalchemy as sa
import typer
from pydantic import ValidationError
from rich.console import Console

from api.command_schemas import CommandIn
from api.roles import CITY
from api.times import format_time
from devices.command import CommandKind, CommandState, command_id
from devices.control import SendCommand
from devices.model import AdminState
from parkguard.cli_shared import (
    CommandError,
    Json,
    audit_row,
    complain,
    print_json,
    print_rows,
    records_of,
    system_user,
)
from parkguard.clock import monotonic_s, wall_ms
from stores.queries_actions import ActionWriter
from stores.queries_commands import CommandQueries, CommandRow
from stores.queries_devices import DeviceQueries

LOOK_S = 0.2
"""``--wait`` looks so often, seconds."""
TAKEN_S = 15.0
"""Not taken by the processor for so long after its deadline: it does not run, seconds."""


def command(
    ctx: typer.Context,
    device_id: Annotated[str, typer.Argument(metavar="ID", help="Device, such as trk-000123")],
    kind: Annotated[CommandKind, typer.Argument(help="What it is to do")],
    *,
    every_s: Annotated[
        float | None, typer.Option(help="interval: report so often, s; 0 = as by itself", min=0)
    ] = None,
    for_s: Annotated[
        float | None, typer.Option(help="interval, find_me: for so long, s; 0 = until told", min=0)
    ] = None,
    deadline_s: Annotated[
        float, typer.Option(help="Over without an answer after so long, s")
    ] = 60.0,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the answer or the end")] = False,
    as_json: Json = False,
) -> None:
    """Command a device. It is stored, then sent; the processor must run.

    With --wait the exit code is 1 unless the device did it.
    """
    try:
        asked = CommandIn(kind=kind, every_s=every_s, for_s=for_s, deadline_s=deadline_s)
    except ValidationError as exc:
        said = "; ".join(str(error["msg"]).removeprefix("Value error, ") for error in exc.errors())
        raise typer.BadParameter(said) from exc
    by, now_ms, order = system_user(), wall_ms(), asked.order()
    with records_of(ctx) as engine:
        device = DeviceQueries(engine).one(CITY, device_id)
        if device is None:
            raise CommandError(f"there is no device {device_id}: see `parkguard devices list`")
        if device.admin is AdminState.RETIRED:
            raise CommandError(f"{device_id} is retired: nothing is sent to it")
        control = SendCommand(at_ms=now_ms, by=by, device_id=device_id, order=order)
        audit = audit_row(f"command_{kind}", f"device:{device_id}", now_ms)
        ActionWriter(engine).post(control, audit)
        name = command_id(device_id, order, now_ms, by)
        if not wait:
            _show_sent(name, as_json=as_json)
            return
        row = _ended(engine, device_id, name, within_s=deadline_s + TAKEN_S, quiet=as_json)
    if as_json:
        print_json(row)
    else:
        print_rows([_line(row)], title=f"{device_id}: {row.state}")
    if row.state != CommandState.DONE:
        raise typer.Exit(1)


def commands(
    ctx: typer.Context,
    device_id: Annotated[str, typer.Argument(metavar="ID", help="Device, such as trk-000123")],
    *,
    limit: Annotated[int, typer.Option(help="Most rows", min=1, max=1_000)] = 20,
    as_json: Json = False,
) -> None:
    """List a device's commands, newest first: those of people and our own questions."""
    with records_of(ctx) as engine:
        if DeviceQueries(engine).one(CITY, device_id) is None:
            raise CommandError(f"there is no device {device_id}: see `parkguard devices list`")
        rows = CommandQueries(engine).page(device_id, before=None, limit=limit)
    if as_json:
        print_json(rows)
    else:
        print_rows([_line(row) for row in rows], title=device_id if rows else "no commands yet")


def _show_sent(name: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"command_id": name, "state": CommandState.QUEUED.value})
    else:
        complain(f"queued as {name}: `parkguard devices commands ID` says what becomes of it")


def _ended(
    engine: sa.Engine, device_id: str, name: str, *, within_s: float, quiet: bool
) -> CommandRow:
    """The command at its end.

    Raises:
        CommandError: The processor did not take it.
    """
    book, row = CommandQueries(engine), None
    pause, gives_up_s = threading.Event(), monotonic_s() + within_s
    with Console(stderr=True, quiet=quiet).status("waiting for the device"):
        while monotonic_s() < gives_up_s:
            row = book.one(device_id, name)
            if row is not None and not CommandState(row.state).is_open:
                return row
            pause.wait(LOOK_S)
    if row is None:
        raise CommandError("nobody took the command: does `parkguard process` run?")
    raise CommandError(f"{row.state} and no end: does `parkguard process` run?")


def _line(row: CommandRow) -> dict[str, object]:
    """One row of the table."""
    spans = (("every", row.every_s), ("for", row.for_s))
    shown = " ".join(f"{name} {value:g} s" for name, value in spans if value)
    took_s = (row.changed_ms - row.asked_ms) / 1000
    return {
        "id": row.id,
        "kind": f"{row.kind} {shown}".strip(),
        "state": row.state,
        "asked": format_time(row.asked_ms),
        "by": row.by + (f" ({row.why})" if row.why else ""),
        "after_s": round(took_s, 1),
        "sends": row.sends,
        "detail": row.detail,
    }

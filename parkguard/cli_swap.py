"""``parkguard devices swap`` and ``history``: one device in the place of another, and what was."""

from typing import Annotated

import typer

from api.times import format_known_time
from devices.bindings import Period
from devices.ids import canonical_id
from devices.registration_faults import SwapRefused
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
from parkguard.clock import wall_ms
from stores.queries_bindings import BindingQueries
from stores.registry import Registry


def swap(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(help="The device that comes off; it is retired")],
    new: Annotated[str, typer.Argument(help="Registered, of the same class, on nothing")],
    *,
    why: Annotated[str, typer.Option(help="Kept with the old one's history")] = "",
    as_json: Json = False,
) -> None:
    """Put NEW in the place of OLD: on its vehicle, at its site. Tracks show both, each in its time.

    The running processor hears of it at once; OLD is disconnected and its history stays.
    """
    names = (canonical_id(old), canonical_id(new))
    with records_of(ctx) as engine:
        audit = [audit_row("device_swapped", f"device:{name}", wall_ms()) for name in names]
        try:
            done = Registry(engine, wall_ms, system_user()).swap_devices(*names, audit, why=why)
        except SwapRefused as exc:
            raise CommandError("\n".join(exc.faults)) from exc
    row = {
        "old": done.old.id,
        "new": done.new.id,
        "vehicle": done.new.vehicle_id,
        "site": done.new.site_id,
        "area": done.new.area,
    }
    if as_json:
        print_json(row)
    else:
        print_rows([row], title="swapped: the old one is retired")


def history(ctx: typer.Context, device_id: str, *, as_json: Json = False) -> None:
    """Show the vehicles and sites a device was on, oldest first."""
    name = canonical_id(device_id)
    with records_of(ctx) as engine:
        periods = BindingQueries(engine).of_device(name)
    if as_json:
        print_json(periods)
    elif periods:
        print_rows([_row(each) for each in periods], title=name)
    else:
        complain(f"{name} was on no vehicle and at no site: see `parkguard devices list`")


def _row(period: Period) -> dict[str, object]:
    until = "now" if period.to_ms is None else format_known_time(period.to_ms)
    return {
        "vehicle": period.vehicle_id or "",
        "site": period.site_id or "",
        "since": format_known_time(period.from_ms) or "registered",
        "until": until,
        "ended": period.ended,
        "why": period.why,
        "by": period.by,
    }

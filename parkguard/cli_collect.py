"""``parkguard collect``: which coin boxes to empty first; say that somebody is on the way."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from api.charging_answers import collection_out
from api.charging_schemas import CollectionOut
from api.roles import CITY
from devices.charger_days import city_day
from devices.control import CollectionTask
from devices.model import AdminState, DeviceClass
from parkguard.cli_revenue import yuan
from parkguard.cli_shared import (
    CommandError,
    Json,
    ago_ms,
    audit_row,
    complain,
    print_json,
    print_rows,
    records_of,
    refuse,
    settings_of,
    system_user,
)
from parkguard.clock import wall_ms
from stores.queries_actions import ActionWriter
from stores.queries_charging import ChargingQueries
from stores.queries_devices import DeviceQueries

EXAMPLES = (
    "Examples: parkguard collect · parkguard collect --area 340104 --json · "
    "parkguard collect --send chg-001007 --for 90min"
)


def collect(
    ctx: typer.Context,
    *,
    area: Annotated[str | None, typer.Option(help="Only areas that start so")] = None,
    send: Annotated[
        str | None, typer.Option(metavar="ID", help="Somebody empties this station's box now")
    ] = None,
    for_: Annotated[
        str, typer.Option("--for", help="So long (90min, 2h); 0min: he is done")
    ] = "60min",
    limit: Annotated[int, typer.Option(help="Most rows of the table", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """List coin boxes, the most urgent first, with a forecast of when each is full."""
    if send is not None:
        _send(ctx, send, for_, as_json=as_json)
        return
    today = city_day(wall_ms(), ZoneInfo(settings_of(ctx).timezone))
    with records_of(ctx) as engine:
        boxes = collection_out(ChargingQueries(engine), CITY, today=today, area=area)
    if as_json:
        print_json([box.model_dump() for box in boxes])
        return
    if not boxes:
        complain("no charging station has spoken yet")
        return
    print_rows([_row(box) for box in boxes[:limit]], title=f"{len(boxes)} boxes")
    if len(boxes) > limit:
        complain(f"{len(boxes) - limit} more: use --limit or --json")


def _send(ctx: typer.Context, device_id: str, how_long: str, *, as_json: bool) -> None:
    length_ms, now_ms = ago_ms(how_long), wall_ms()
    if length_ms is None:
        refuse(f"--for {how_long}: write hours or minutes, such as 2h, 90min")
    with records_of(ctx) as engine:
        device = DeviceQueries(engine).one(CITY, device_id)
        if device is None or device.cls is not DeviceClass.CHARGER:
            raise CommandError(f"there is no charging station {device_id}")
        if device.admin is AdminState.RETIRED:
            raise CommandError(f"{device_id} is retired: there is nothing to empty")
        task = CollectionTask(
            at_ms=now_ms, by=system_user(), device_id=device_id, until_ms=now_ms + length_ms
        )
        audit = audit_row("collection", f"device:{device_id}", now_ms)
        ActionWriter(engine).post(task, audit)
    if as_json:
        print_json({"device_id": device_id, "until_ms": task.until_ms})
    else:
        complain(f"{device_id}: its box may be opened as soon as the processor reads it")


def _row(box: CollectionOut) -> dict[str, object]:
    held = "" if box.coins is None else f"{box.coins} of {box.cap_coins or '?'}"
    return {
        "station": box.id,
        "site": box.site_id,
        "urgency": box.urgency,
        "coins": held,
        "full": "" if box.share is None else f"{100 * box.share:.0f} %",
        "counted": "" if box.counted_fen is None else yuan(box.counted_fen),
        "days until full (90 %)": _days(box),
        "door": "open" if box.open else "",
    }


def _days(box: CollectionOut) -> str:
    full = box.full
    if full is None:
        return "no whole day known yet"
    if full.days is None or full.high_days is None:
        return f"more than {full.low_days:.0f}"
    if not full.days:
        return "now"
    return f"{full.days:.1f} ({full.low_days:.1f} to {full.high_days:.1f})"

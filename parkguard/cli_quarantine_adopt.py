"""``parkguard quarantine adopt``: a device is registered and its held messages are run."""

from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from api.roles import CITY
from devices.errors import WireReason
from devices.model import AdminState, Device, DeviceClass
from parkguard.cli_devices import fresh_vehicles
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
from parkguard.registration import (
    DeviceEntry,
    Registered,
    Wanted,
    add_credentials,
    profile_of,
    register,
)
from stores.queries_devices import DeviceQueries
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry

ADOPT_EXAMPLES = (
    "Examples: parkguard quarantine adopt trk-000123 --class trk --vehicle ah-1 · "
    "parkguard quarantine adopt trk-9 --class trk --foreign jt808=013912345678"
)
KEPT = Registered(added=0, kept=1, vehicles=0, sites=0, grids=0, held=0, left=0, secrets={})
"""A device that was registered already."""


def adopt(
    ctx: typer.Context,
    device_id: Annotated[str, typer.Argument(help="The unknown device", metavar="DEVICE")],
    *,
    cls: Annotated[
        DeviceClass | None, typer.Option("--class", help="Default: as its held topics say")
    ] = None,
    vehicle: Annotated[str | None, typer.Option(help="The vehicle it is bolted to")] = None,
    site: Annotated[str | None, typer.Option(help="The parking site it stands at")] = None,
    area: Annotated[str, typer.Option(help="Grid code, up to 14 digits")] = "",
    model: Annotated[str, typer.Option(help="Maker's model")] = "",
    foreign: Annotated[
        list[str] | None, typer.Option(help="Its id in an adapter: jt808=013912345678; repeat")
    ] = None,
    credentials: Annotated[
        Path | None, typer.Option(help="Write its secret here (JSON, 0600) instead of printing")
    ] = None,
    as_json: Json = False,
) -> None:
    """Register an unknown device and run what is held of it, oldest first, until nothing is left.

    Of one that is registered already only the held messages are run: give no options.
    """
    with records_of(ctx) as engine:
        registry = Registry(engine, wall_ms, "cli")
        device = DeviceQueries(engine).one(CITY, device_id)
        done = KEPT
        if device is None:
            entry = DeviceEntry(
                id=device_id,
                cls=cls or _class_of(engine, device_id),
                vehicle_id=vehicle,
                site_id=site,
                area=area,
                model=model,
                profile=profile_of(_foreign(foreign or [])),
            )
            done = register(
                registry,
                Wanted(vehicles=fresh_vehicles(engine, vehicle, area), devices=[entry]),
                keep_secrets=lambda new: add_credentials(credentials, new) if credentials else None,
            )
            device = DeviceQueries(engine).one(CITY, device_id)
        elif any((cls, vehicle, site, area, model, foreign, credentials)):
            raise CommandError(
                f"{device_id} is registered already: give no options to run what is held of it; "
                "`parkguard devices add` changes it"
            )
        elif device.admin is AdminState.RETIRED:
            raise CommandError(f"{device_id} is retired: register it anew (parkguard devices add)")
        queued, left = _run_all(registry, device, done.held, done.left)
    shown = {} if credentials is not None else done.secrets
    if as_json:
        said = {"device": device_id, "added": done.added, "held": queued, "left": left}
        print_json(said | {"secrets": shown})
        return
    if shown:
        print_rows([{"device": device_id, "secret": shown[device_id]}], title="shown once")
    elif done.added:
        complain(f"secret: {credentials}")
    complain(f"{device_id}: {queued} held messages will be run by the processor, {left} are left")


def _run_all(registry: Registry, device: Device | None, queued: int, left: int) -> tuple[int, int]:
    """Ask again until nothing is queued; how many were, and how many are left."""
    while device is not None and (left or not queued):
        target = f"devices:{device.id}"
        done = registry.run_held(device, audit_row("quarantine_replayed", target, wall_ms()))
        queued, left = queued + done.queued, done.left
        if not done.queued:
            break
    return queued, left


def _class_of(engine: sa.Engine, device_id: str) -> DeviceClass:
    """The class that all held topics of a device name."""
    lines = QuarantineQueries(engine).page(
        CITY, reason=WireReason.UNKNOWN_DEVICE, device=device_id, limit=1_000
    )
    words = {line.topic.split("/")[-3] for line in lines if line.topic.count("/") > 1}
    try:
        [word] = words
        return DeviceClass(word)
    except ValueError:
        raise CommandError(f"give --class: nothing held of {device_id} says one") from None


def _foreign(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    if any(not (adapter and named) for adapter, _, named in pairs):
        raise typer.BadParameter("--foreign is ADAPTER=ID, such as jt808=013912345678")
    return {f"foreign.{adapter}": named for adapter, _, named in pairs}

"""``parkguard devices``: add, list and revoke."""

from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import Progress

from devices.model import AdminState, DeviceClass, Vehicle
from parkguard.cli_commands import command, commands
from parkguard.cli_shared import (
    CommandError,
    Json,
    complain,
    print_json,
    print_rows,
    records_of,
)
from parkguard.cli_swap import history, swap
from parkguard.clock import wall_ms
from parkguard.registration import (
    DeviceEntry,
    Wanted,
    add_credentials,
    read_wanted,
    register,
)
from stores.queries_devices import VehicleQueries
from stores.registry import Registry

SHOWN = 50
"""Secrets printed to a terminal; more go to a file."""

devices_app = typer.Typer(no_args_is_help=True, help="Register devices and look at them.")


@devices_app.command(
    epilog="Examples: parkguard devices add --cls trk --id trk-000123 --vehicle ah-1 · "
    "parkguard devices add --file registry.json --credentials devices.json"
)
def add(
    ctx: typer.Context,
    *,
    device_id: Annotated[str | None, typer.Option("--id", help="[a-z0-9-]{1,64}")] = None,
    cls: Annotated[DeviceClass | None, typer.Option(help="Class of the device")] = None,
    vehicle: Annotated[str | None, typer.Option(help="The vehicle it is bolted to")] = None,
    site: Annotated[str | None, typer.Option(help="The parking site it stands at")] = None,
    area: Annotated[str, typer.Option(help="Grid code, up to 14 digits")] = "",
    model: Annotated[str, typer.Option(help="Maker's model")] = "",
    interval_s: Annotated[int, typer.Option(help="Expected report interval, seconds")] = 0,
    file: Annotated[
        Path | None,
        typer.Option(help=".json {places, vehicles, devices}, or .jsonl or .csv of devices"),
    ] = None,
    credentials: Annotated[
        Path | None, typer.Option(help="Write new secrets here (JSON, 0600) instead of printing")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="New secrets for known devices too")
    ] = False,
    as_json: Json = False,
) -> None:
    """Register one device or a file of them. New secrets are shown once, here, and never again.

    A device that is known already keeps its secret, and its profile unless one is given; the rest
    is as given. What is held of it in quarantine as unknown is run again.
    """
    if (file is None) is (device_id is None or cls is None):
        raise typer.BadParameter("give either --file, or --id and --cls")
    with records_of(ctx) as engine:
        if file is not None:
            wanted = read_wanted(file)
        else:
            wanted = _one(
                engine,
                {
                    "id": device_id,
                    "cls": cls,
                    "vehicle_id": vehicle,
                    "site_id": site,
                    "area": area,
                    "model": model,
                    "interval_s": interval_s,
                },
            )
        if credentials is None and not as_json and len(wanted.devices) > SHOWN:
            raise CommandError(f"more than {SHOWN} devices: give --credentials FILE (or --json)")
        with Progress(console=Console(stderr=True), transient=True, disable=as_json) as progress:
            task = progress.add_task("devices", total=len(wanted.devices))
            done = register(
                Registry(engine, wall_ms, "cli"),
                wanted,
                renew=lambda _device_id: renew,
                keep_secrets=lambda secrets: _keep(credentials, secrets),
                on_progress=lambda count: progress.advance(task, count),
            )
    counts: dict[str, object] = {
        "added": done.added,
        "kept": done.kept,
        "vehicles": done.vehicles,
        "sites": done.sites,
        "grids": done.grids,
        "held": done.held,
        "left": done.left,
    }
    shown = {} if credentials is not None else done.secrets
    if as_json:
        print_json(counts | {"secrets": shown})
        return
    print_rows([counts], title="registered")
    if done.left:
        complain(
            f"{done.left} held messages are left: `parkguard quarantine adopt ID` runs them, "
            "device by device"
        )
    if shown:
        print_rows(
            [{"device": name, "secret": secret} for name, secret in shown.items()],
            title="secrets: shown once, put them into the devices now",
        )
    elif done.added:
        complain(f"secrets: {credentials}")


@devices_app.command("list", epilog="Example: parkguard devices list --cls trk --json")
def list_devices(
    ctx: typer.Context,
    *,
    cls: Annotated[DeviceClass | None, typer.Option(help="Only this class")] = None,
    limit: Annotated[int, typer.Option(help="Most rows of the table", min=1)] = 100,
    as_json: Json = False,
) -> None:
    """List registered devices. Presence and positions: `GET /v1/devices`."""
    with records_of(ctx) as engine:
        known = Registry(engine, wall_ms, "cli").devices()
        devices = [device for device in known if cls in {None, device.cls}]
    if as_json:
        print_json(devices)
        return
    rows: list[dict[str, object]] = [
        {
            "slot": device.slot,
            "id": device.id,
            "class": device.cls.value,
            "vehicle": device.vehicle_id or "",
            "site": device.site_id or "",
            "area": device.area,
            "admin": device.admin.value,
        }
        for device in devices[:limit]
    ]
    print_rows(rows, title=f"{len(devices)} devices" if devices else "no devices yet")
    if len(devices) > limit:
        complain(f"{len(devices) - limit} more: use --limit or --json")


@devices_app.command(epilog="Example: parkguard devices revoke trk-000123")
def revoke(ctx: typer.Context, device_id: str, *, as_json: Json = False) -> None:
    """Retire a device: it is disconnected within seconds, later messages are quarantined."""
    with records_of(ctx) as engine:
        if Registry(engine, wall_ms, "cli").revoke_device(device_id) is None:
            raise CommandError(f"there is no device {device_id}: see `parkguard devices list`")
    if as_json:
        print_json({"revoked": device_id, "admin": AdminState.RETIRED.value})
    else:
        complain(f"{device_id} is retired")


devices_app.command(
    epilog="Examples: parkguard devices command trk-000123 locate --wait · "
    "parkguard devices command trk-000123 interval --every-s 5 --for-s 180"
)(command)
devices_app.command(
    epilog="Example: parkguard devices swap trk-000123 trk-000987 --why 'battery dead'"
)(swap)
devices_app.command(epilog="Example: parkguard devices history trk-000123 --json")(history)
devices_app.command(epilog="Example: parkguard devices commands trk-000123 --json")(commands)


def _one(engine: sa.Engine, fields: dict[str, object]) -> Wanted:
    """One device, and its vehicle when nobody has registered it yet."""
    entry = DeviceEntry(**fields)  # type: ignore[arg-type]
    return Wanted(vehicles=fresh_vehicles(engine, entry.vehicle_id, entry.area), devices=[entry])


def fresh_vehicles(engine: sa.Engine, vehicle_id: str | None, area: str) -> list[Vehicle]:
    """The vehicle of a device, when nobody has registered it yet."""
    if vehicle_id is None or VehicleQueries(engine).taken([vehicle_id]):
        return []
    return [Vehicle(id=vehicle_id, area=area)]


def _keep(credentials: Path | None, secrets: dict[str, str]) -> None:
    if credentials is not None and secrets:
        add_credentials(credentials, secrets)

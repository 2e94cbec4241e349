"""``parkguard quarantine adopt``: an unknown device is registered and its messages are run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from api.roles import CITY, Role
from devices.errors import WireReason
from devices.model import DeviceClass, Vehicle
from parkguard.cli_shared import (
    CommandError,
    Json,
    complain,
    print_json,
    print_rows,
    settings_of,
    start_logs,
)
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.registration import (
    DeviceEntry,
    Registered,
    Wanted,
    add_credentials,
    profile_of,
    register,
)
from stores.quarantine_replay import LIMIT_MAX
from stores.queries import AuditRow
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry

ADOPT_EXAMPLES = (
    "Examples: parkguard quarantine adopt trk-000123 --class trk --vehicle ah-1 · "
    "parkguard quarantine adopt trk-9 --foreign jt808=013912345678"
)


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
    """Register an unknown device and run what is held of it, oldest first, all at once.

    One that is registered already keeps everything; only its held messages are run.
    """
    now_ms = wall_ms()
    with records_of(ctx) as engine:
        registry, book = Registry(engine, wall_ms, "cli"), QuarantineQueries(engine)
        if device_id in {device.id for device in registry.devices()}:
            done = book.queue(
                CITY,
                by="cli",
                at_ms=now_ms,
                audit=audit_row("quarantine_replayed", f"device:{device_id}", now_ms),
                limit=LIMIT_MAX,
                reason=WireReason.UNKNOWN_DEVICE,
                device=device_id,
            )
            _say(_only_held(done.queued), device_id, credentials, as_json=as_json)
            return
        known = {one.id for one in registry.vehicles()}
        entry = DeviceEntry(
            id=device_id,
            cls=cls or _class_of(book, device_id),
            vehicle_id=vehicle,
            site_id=site,
            area=area,
            model=model,
            profile=profile_of(_foreign(foreign or [])),
        )
        fresh = [Vehicle(id=vehicle, area=area)] if vehicle and vehicle not in known else []
        done_all = register(
            registry,
            Wanted(vehicles=fresh, devices=[entry]),
            keep_secrets=lambda new: add_credentials(credentials, new) if credentials else None,
            audit=[audit_row("devices_added", f"device:{device_id}", now_ms)],
        )
    _say(done_all, device_id, credentials, as_json=as_json)


def _say(done: Registered, device_id: str, credentials: Path | None, *, as_json: bool) -> None:
    shown = {} if credentials is not None else done.secrets
    if as_json:
        print_json({"device": device_id, "added": done.added, "held": done.held, "secrets": shown})
        return
    if shown:
        print_rows([{"device": device_id, "secret": shown[device_id]}], title="shown once")
    elif done.added:
        complain(f"secret: {credentials}")
    complain(f"{device_id}: {done.held} held messages will be run by the processor")


def _class_of(book: QuarantineQueries, device_id: str) -> DeviceClass:
    """The class that all held topics of a device name."""
    lines = book.page(CITY, reason=WireReason.UNKNOWN_DEVICE, device=device_id, limit=1_000)
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


def _only_held(held: int) -> Registered:
    return Registered(added=0, kept=1, vehicles=0, sites=0, grids=0, held=held, secrets={})


def audit_row(action: str, target: str, at_ms: int) -> AuditRow:
    """The audit row of something done on the command line, at a moment, ms UTC."""
    return (at_ms, "cli", Role.ADMIN.value, action, target[:128], "")


@contextmanager
def records_of(ctx: typer.Context) -> Iterator[sa.Engine]:
    """The records database of the settings, at the present schema; closed afterwards."""
    settings = settings_of(ctx)
    start_logs(settings, "cli", as_json=False)
    engine = open_migrated(settings)
    try:
        yield engine
    finally:
        engine.dispose()

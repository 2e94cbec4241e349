"""``parkguard stores``: set the telemetry store up, erase a device, see what was refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from devices.errors import StoreError
from devices.telemetry import MEASUREMENTS
from parkguard.cli_shared import CommandError, Json, print_json, print_rows, settings_of
from parkguard.wiring.shared import Places
from parkguard.wiring.telemetry import build_telemetry, influx_place, keep_days
from stores.influx_setup import set_up
from stores.telemetry_refused import SqliteRefusedRows

FAR_MS = 4_102_444_800_000
"""Year 2100: no row is later."""

stores_app = typer.Typer(
    no_args_is_help=True, help="Set up the telemetry store, erase a device, list refused rows."
)


@stores_app.command(
    epilog="Examples: parkguard stores init · "
    "PARKGUARD_TELEMETRY__INFLUX__USER=admin "
    "PARKGUARD_TELEMETRY__INFLUX__SECRET_FILE=/root/influx_admin parkguard stores init"
)
def init(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Make databases or buckets in InfluxDB, and set how long each class of data is kept."""
    settings = settings_of(ctx)
    if settings.telemetry.store != "influx":
        raise CommandError("telemetry.store is sqlite: its file makes itself, nothing to do")
    with _told():
        said = set_up(influx_place(settings), keep_days(settings))
    if as_json:
        print_json(said)
    else:
        print_rows([{"there is": line} for line in said], title=settings.telemetry.influx.url)


@stores_app.command(epilog="Example: parkguard stores erase trk-000017")
def erase(
    ctx: typer.Context,
    device: Annotated[str, typer.Argument(help="Registry id of the device")],
    *,
    as_json: Json = False,
) -> None:
    """Erase every row of one device, and show by query that none is left."""
    settings = settings_of(ctx)
    with _told():
        store = build_telemetry(settings)
        try:
            store.erase(device)
            SqliteRefusedRows(Places(settings.data_dir).refused).forget(device)
            left = {
                name: len(store.rows(name, device, 0, FAR_MS, None, 1)) for name in MEASUREMENTS
            }
        finally:
            store.close()
    if as_json:
        print_json({"device": device, "left": left})
    else:
        print_rows([left], title=f"rows left of {device}")
        hours = settings.journal.retention_h
        typer.echo(f"The journal holds its messages for up to {hours:g} h; a rebuild reads them.")
    if any(left.values()):
        raise CommandError(f"there are still rows of {device}: ask again in a minute")


@stores_app.command(epilog="Example: parkguard stores refused --json")
def refused(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List rows that the telemetry store did not take (personal data)."""
    with _told():
        kept = SqliteRefusedRows(Places(settings_of(ctx).data_dir).refused).all()
    rows = [
        {
            "measurement": one.row.measurement,
            "device": one.row.device_id,
            "t_ms": one.row.t_ms,
            "seq": one.row.seq,
            "reason": one.reason.value,
            "said": one.said,
        }
        for one in kept
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title="refused rows")


@contextmanager
def _told() -> Iterator[None]:
    """A store's error as one line."""
    try:
        yield
    except StoreError as exc:
        raise CommandError(str(exc)) from exc

"""The command ``parkguard``: every part, the supervisor, the registry, the doctor."""

import faulthandler
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from parkguard.cli_lazy import LazyCommands
from parkguard.cli_shared import (
    Json,
    exit_code_of,
    print_json,
    print_rows,
    settings_of,
    start_logs,
)
from parkguard.demo_choice import DemoRecords, DemoStore, DemoStores
from parkguard.private_files import ensure_data_dir
from parkguard.settings import Settings

CRASH_EXIT = 70
"""Exit code of a bug (EX_SOFTWARE of sysexits.h); the supervisor starts the part again."""

app = typer.Typer(
    name="parkguard",
    cls=LazyCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="IoT telemetry, theft detection and alerting for vehicle fleets. "
    "Settings: environment PARKGUARD_..., .env, parkguard.toml; see `parkguard settings`.",
)


@app.callback()
def _root(
    ctx: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(help="Effective settings as JSON (the supervisor's)", hidden=True),
    ] = None,
) -> None:
    ctx.obj = settings


def _run(ctx: typer.Context, part: str, *, as_json: bool, run: Callable[[Settings], int]) -> None:
    """Run a part in this process and exit with its code."""
    settings = settings_of(ctx)
    ensure_data_dir(settings.data_dir)
    start_logs(settings, part, as_json=as_json)
    faulthandler.enable()  # on SIGABRT (parkguard.supervisor) every thread says where it stands
    raise typer.Exit(run(settings))


@app.command(epilog="Examples: parkguard up · PARKGUARD_API__PORT=8080 parkguard up --json")
def up(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Run all parts on this machine; a dead one is started again. Ctrl-C stops all in order."""
    from parkguard.up import run_up  # noqa: PLC0415 - each command loads only what it needs

    _run(ctx, "up", as_json=as_json, run=run_up)


@app.command(epilog="Example: parkguard broker")
def broker(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Run the broker alone: mosquitto when installed, else the embedded one for trying out."""
    from parkguard.up import run_broker  # noqa: PLC0415

    _run(ctx, "broker", as_json=as_json, run=run_broker)


@app.command(epilog="Example: parkguard ingest")
def ingest(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Run the receiver alone: broker to journal, acknowledged when stored."""
    from parkguard.wiring.ingest import run_ingest  # noqa: PLC0415

    _run(ctx, "ingest", as_json=as_json, run=run_ingest)


@app.command(epilog="Example: parkguard process")
def process(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Run the processor alone: journal to alerts and incidents."""
    from parkguard.wiring.process import run_process  # noqa: PLC0415

    _run(ctx, "process", as_json=as_json, run=run_process)


@app.command(epilog="Example: parkguard project")
def project(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Run the projector alone: journal to the telemetry store."""
    from parkguard.wiring.project import run_project  # noqa: PLC0415

    _run(ctx, "project", as_json=as_json, run=run_project)


@app.command(epilog="Example: parkguard dispatch")
def dispatch(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Run the dispatcher alone: what is due goes to police, owners and the stream."""
    from parkguard.wiring.dispatch import run_dispatch  # noqa: PLC0415

    _run(ctx, "dispatch", as_json=as_json, run=run_dispatch)


@app.command(epilog="Example: parkguard synthetic")
def synthetic(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Play thefts through the whole chain and call the outside heartbeat when each was seen."""
    from parkguard.wiring.synthetic import run_synthetic  # noqa: PLC0415

    _run(ctx, "synthetic", as_json=as_json, run=run_synthetic)


@app.command(epilog="Example: PARKGUARD_API__PORT=8080 parkguard api")
def api(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Run the HTTP API alone."""
    from parkguard.wiring.api import run_api  # noqa: PLC0415

    _run(ctx, "api", as_json=as_json, run=run_api)


@app.command(
    epilog="Examples: parkguard demo · parkguard demo --seconds 60 --json · "
    "parkguard demo --store influx --records postgres"
)
def demo(
    ctx: typer.Context,
    *,
    seconds: Annotated[
        float | None, typer.Option(help="End by itself after so long; default: stay up", min=45)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write the last picture of the terminal here (SVG)")
    ] = None,
    store: Annotated[
        DemoStore, typer.Option(help="Tracks go to a file, or to an InfluxDB of the demo's own")
    ] = DemoStore.SQLITE,
    records: Annotated[
        DemoRecords, typer.Option(help="Records are a file, or on a PostgreSQL of the demo's own")
    ] = DemoRecords.SQLITE,
    as_json: Json = False,
) -> None:
    """Show a small synthetic city, three thefts and a false alarm, on real parts."""
    from parkguard.demo import run_demo  # noqa: PLC0415

    wanted = DemoStores(telemetry=store, records=records)
    code = run_demo(settings_of(ctx), seconds, wanted, json_out=as_json, picture=picture)
    raise typer.Exit(code)


@app.command(epilog="Examples: parkguard doctor · parkguard doctor --json")
def doctor(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Check every part and say what to do; exit 1 when something is broken."""
    from parkguard.doctor_round import make_round  # noqa: PLC0415

    results = make_round(settings_of(ctx))
    if as_json:
        print_json([result.as_row() for result in results])
    else:
        print_rows([result.as_row() for result in results], title="parkguard doctor")
    raise typer.Exit(any(result.is_fatal for result in results))


@app.command("settings", epilog="Examples: parkguard settings · parkguard settings --markdown")
def show_settings(
    ctx: typer.Context,
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/settings.md: every setting there is")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the settings in effect. Secrets are files of their own and not among them."""
    from parkguard.settings_doc import effective, format_markdown  # noqa: PLC0415

    if markdown:
        sys.stdout.write(format_markdown())
        return
    settings = settings_of(ctx)
    if as_json:
        print_json(settings.model_dump(mode="json"))
    else:
        print_rows(effective(settings), title="parkguard settings")


def main() -> None:
    """Run the command line; a bug is one log line with its trace and exit code 70."""
    os.umask(0o077)  # what we store is nobody else's (reliability.md 5.5)
    try:
        app()
    except Exception as exc:  # noqa: BLE001 - the outermost
        code = exit_code_of(exc)
        if code is None:
            structlog.get_logger().exception("command_crashed")
        sys.exit(CRASH_EXIT if code is None else code)

"""``parkguard simulate``: the simulators as a process, with what they need filled in.

We and the simulators meet on the command line and on the wire only; nothing here imports them.
"""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from parkguard.cli_shared import CommandError, Json, complain, settings_of, start_logs
from parkguard.clock import wall_ms
from parkguard.doctor import admit
from parkguard.records import open_migrated
from parkguard.registration import Registered, Wanted, add_credentials, register
from parkguard.settings import Settings
from stores.registry import Registry

EXAMPLES = (
    "Examples: parkguard simulate --trackers 50 --seconds 60 · "
    "parkguard simulate --rides path/to/ebike-dublin --every-s 1"
)
SIMULATOR = Path(sys.executable).with_name("parkguard-sim")
"""The simulators' own command, installed beside our Python."""


def simulate(
    ctx: typer.Context,
    *,
    rides: Annotated[
        Path | None, typer.Option(help="Play the real rides in this folder instead of a city")
    ] = None,
    trackers: Annotated[int, typer.Option(help="E-bikes of the city", min=0)] = 300,
    chargers: Annotated[int, typer.Option(help="Charging stations of the city", min=0)] = 40,
    cameras: Annotated[int, typer.Option(help="Cameras of the city", min=0)] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same city")] = 1,
    as_json: Json = False,
) -> None:
    """Let a synthetic city (or real rides) publish to our broker until Ctrl-C.

    Its devices are registered first, with secrets of their own. Further options go to the
    simulator: see `parkguard-sim city --help` and `parkguard-sim rides --help`.
    """
    settings = admit(settings_of(ctx), now_ms=wall_ms()).settings
    start_logs(settings, "simulate", as_json=as_json)
    if rides is not None:
        what = ["rides", str(rides)]
    else:
        sizes = {"--trackers": trackers, "--chargers": chargers, "--cameras": cameras}
        what = ["city", "--seed", str(seed)]
        what += [word for name, size in sizes.items() for word in (name, str(size))]
    credentials = settings.data_dir / "simulate" / "credentials.json"
    done = register_simulated(settings, [str(SIMULATOR), "registry", *what], credentials)
    complain(f"registered {done.added} devices, {done.kept} were known")
    broker = settings.broker
    command = [
        *(str(SIMULATOR), *what),
        *("--host", broker.host, "--port", str(broker.port), "--root", broker.root),
        *("--credentials", str(credentials)),
        *(["--json"] if as_json else []),
        *ctx.args,
    ]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own


def register_simulated(settings: Settings, command: list[str], credentials: Path) -> Registered:
    """Ask the simulator what must be registered and do it; its secrets go to ``credentials``.

    A device that is known keeps its secret, unless the credentials file has lost it.

    Raises:
        CommandError: The simulator failed, or says something else than a registry.
    """
    if not SIMULATOR.exists():
        raise CommandError(f"{SIMULATOR} is not installed: run `make setup`")
    asked = subprocess.run(command, check=False, stdout=subprocess.PIPE)  # noqa: S603 - our own
    if asked.returncode:
        raise CommandError(f"{' '.join(command)} ended with {asked.returncode}")
    try:
        wanted = msgspec.json.decode(asked.stdout, type=Wanted)
        known = (
            msgspec.json.decode(credentials.read_bytes(), type=dict[str, str])
            if credentials.exists()
            else {}
        )
    except msgspec.DecodeError as exc:
        raise CommandError(f"simulator's registry or {credentials}: {exc}") from exc
    engine = open_migrated(settings)
    try:
        return register(
            Registry(engine, wall_ms, "simulate"),
            wanted,
            renew=lambda device_id: device_id not in known,
            keep_secrets=lambda secrets: add_credentials(credentials, secrets),
        )
    finally:
        engine.dispose()

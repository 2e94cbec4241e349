"""``parkguard-sim``: a synthetic city, real rides and load, all on a real broker."""

import asyncio
import math
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from simulators.backfill import backfill
from simulators.chargers import Wire
from simulators.city import (
    CityPlan,
    RunOptions,
    build_actors,
    build_intruder,
    run_actors,
)
from simulators.cli_options import (
    AsJson,
    Bar,
    Credentials,
    Host,
    Port,
    Root,
    Seed,
    StatusFile,
    TruthFile,
    UsageError,
    end_with,
    progress_bar,
    read_credentials,
    speak_on_stderr,
)
from simulators.clock import steady_s, wall_ms
from simulators.connection import Broker
from simulators.faults.commands import faults
from simulators.load import load
from simulators.load_fleet import LoadSize, load_registry_json
from simulators.outgoing import Actor, wall_from
from simulators.ride_files import RideError, read_rides, side_by_side
from simulators.rides import RidePlan, RideTracker, ride_truth, rides_registry_json
from simulators.scenarios import (
    Story,
    behaviour_json,
    build_story,
    truth_lines,
    truth_of,
)
from simulators.sender_books import Summary
from simulators.thefts.commands import scenario, scenarios
from simulators.world import WorldSize, build_world

Trackers = Annotated[int, typer.Option(min=0, help="E-bikes with a tracker.")]
Chargers = Annotated[int, typer.Option(min=0, help="Charging stations.")]
Cameras = Annotated[int, typer.Option(min=0, help="Cameras.")]
Out = Annotated[Path | None, typer.Option(help="Write there instead of to stdout.")]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Synthetic devices that meet ParkGuard only on the wire. Nothing in it is real but rides.",
)
registry = typer.Typer(
    no_args_is_help=True, help="Print what must be registered before a run (JSON)."
)
app.add_typer(registry, name="registry")
app.command()(load)
app.command()(backfill)
app.command()(scenarios)
app.command()(scenario)
app.command()(faults)


@app.command()
def city(
    *,
    seconds: Annotated[float, typer.Option(min=0.0, help="Length; 0 = until stopped.")] = 120.0,
    report_s: Annotated[float, typer.Option(min=0.5, help="Trackers report so often, s.")] = 10.0,
    story: Annotated[Story, typer.Option(help="What happens; see `scenarios`.")] = Story.THEFTS,
    story_s: Annotated[
        float, typer.Option(min=30.0, help="Length of the story when the run has no end, s.")
    ] = 120.0,
    trackers: Trackers = 300,
    chargers: Chargers = 40,
    cameras: Cameras = 30,
    wire: Annotated[Wire, typer.Option(help="Charger channels that are sent.")] = Wire.FIRST,
    intruder: Annotated[bool, typer.Option(help="Let an unknown device try to log in.")] = True,
    behaviour: Annotated[
        Path | None, typer.Option(help="Write here how owners answer (for the owner gateway).")
    ] = None,
    answer_s: Annotated[
        float, typer.Option(min=0.0, help="Owners answer after so long, s.")
    ] = 10.0,
    host: Host = "127.0.0.1",
    port: Port = 1883,
    root: Root = "pg/v1",
    credentials: Credentials = None,
    truth: TruthFile = None,
    status: StatusFile = None,
    receipts: Annotated[
        bool, typer.Option(help="Trackers keep records until the platform's receipt.")
    ] = False,
    heartbeat_s: Annotated[
        float, typer.Option(min=0.0, help="Parked trackers sleep so long; 0 = they never do, s.")
    ] = 0.0,
    commands: Annotated[bool, typer.Option(help="Trackers listen to commands.")] = False,
    deaf: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of these that does not answer.")
    ] = 0.1,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Run a small synthetic city in real time, with ordinary life and a story in it.

    Examples:
      parkguard-sim city --credentials secrets.json --truth truth.jsonl

      parkguard-sim city --seconds 60 --report-s 2 --seed 7 --json

      parkguard-sim city --receipts --credentials secrets.json

      parkguard-sim city --heartbeat-s 3600 --report-s 60 --commands --deaf 0.1
    """
    speak_on_stderr()
    try:
        world = build_world(seed, WorldSize(trackers=trackers, chargers=chargers, cameras=cameras))
        plan = CityPlan(
            report_s=report_s,
            wire=wire,
            heartbeat_s=heartbeat_s,
            commands=commands,
            deaf=deaf,
        )
        acts = build_story(story, world, report_s=report_s, seconds=seconds or story_s)
        options = RunOptions(
            broker=Broker(host=host, port=port, root=root),
            secrets=read_credentials(credentials),
            seed=seed,
            seconds=seconds or math.inf,
            status_file=status,
            receipts=receipts,
            commands=commands,
        )
        start_s, start_ms = steady_s(), wall_ms()
        to_wall = wall_from(start_ms)
        _write(truth, truth_lines(truth_of(act, to_wall) for act in acts))
        _write(behaviour, behaviour_json(acts, answer_s=answer_s))
        actors = build_actors(world, plan, acts=acts, start_ms=start_ms, to_wall=to_wall)
        with progress_bar(total=seconds or None, as_json=as_json) as bar:
            summary = asyncio.run(
                run_actors(
                    actors,
                    options,
                    start_steady_s=start_s,
                    intruder=build_intruder(seed, plan, start_ms=start_ms, to_wall=to_wall)
                    if intruder
                    else None,
                    progress=lambda done_s, books: _show(bar, done_s, books),
                )
            )
    except (UsageError, LookupError, ValueError) as exc:
        end_with(str(exc))
    _print(summary, as_json=as_json)


@app.command()
def rides(
    folder: Annotated[Path, typer.Argument(help="Folder with trip_NUMBER.csv files, or above.")],
    *,
    every_s: Annotated[float, typer.Option(min=1.0, help="Thin fixes to this, seconds.")] = 10.0,
    parked_s: Annotated[float, typer.Option(min=0.0, help="Parking before the ride, s.")] = 120.0,
    shake: Annotated[bool, typer.Option(help="A vibration event before every ride.")] = True,
    seconds: Annotated[float, typer.Option(min=0.0, help="Stop after; 0 = ride to the end.")] = 0.0,
    host: Host = "127.0.0.1",
    port: Port = 1883,
    root: Root = "pg/v1",
    credentials: Credentials = None,
    truth: TruthFile = None,
    status: StatusFile = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Publish real rides as thefts after simulated parking, all at once and in real time.

    Each ride has its own tracker. What is malformed in a file is sent malformed.

    Examples:
      parkguard-sim rides ../shared/data/ebike-dublin --credentials secrets.json

      parkguard-sim rides my-rides --every-s 1 --parked-s 60 --truth truth.jsonl --json
    """
    speak_on_stderr()
    try:
        plan = RidePlan(every_s=every_s, parked_s=parked_s, shake=shake)
        found = read_rides(folder)
        options = RunOptions(
            broker=Broker(host=host, port=port, root=root),
            secrets=read_credentials(credentials),
            seed=seed,
            seconds=seconds or parked_s + max(ride.rows[-1].after_s for ride in found) + 1.0,
            status_file=status,
        )
        start_s, start_ms = steady_s(), wall_ms()
        to_wall = wall_from(start_ms)
        _write(truth, truth_lines(ride_truth(ride, plan, to_wall) for ride in found))
        actors: list[Actor] = [
            RideTracker(ride, plan, seed=seed, start_ms=start_ms, to_wall=to_wall)
            for ride in side_by_side(found)
        ]
        with progress_bar(total=options.seconds, as_json=as_json) as bar:
            summary = asyncio.run(
                run_actors(
                    actors,
                    options,
                    start_steady_s=start_s,
                    progress=lambda done_s, books: _show(bar, done_s, books),
                )
            )
    except (UsageError, LookupError, RideError) as exc:
        end_with(str(exc))
    _print(summary, as_json=as_json)


@registry.command("city")
def registry_city(
    *,
    trackers: Trackers = 300,
    chargers: Chargers = 40,
    cameras: Cameras = 30,
    seed: Seed = 1,
    out: Out = None,
) -> None:
    """Print the registry of `city` with the same sizes and seed.

    Examples:
      parkguard-sim registry city --seed 7 --out registry.json
    """
    world = build_world(seed, WorldSize(trackers=trackers, chargers=chargers, cameras=cameras))
    _put(world.registry_json(), out)


@registry.command("rides")
def registry_rides(
    folder: Annotated[Path, typer.Argument(help="As for `rides`.")], *, out: Out = None
) -> None:
    """Print the registry of `rides` over the same folder.

    Examples:
      parkguard-sim registry rides ../shared/data/ebike-dublin --out registry.json
    """
    try:
        found = read_rides(folder)
    except RideError as exc:
        end_with(str(exc))
    _put(rides_registry_json(found), out)


@registry.command("load")
def registry_load(
    *,
    devices: Annotated[int, typer.Option(min=1, help="As for `load`.")] = 1_000,
    first: Annotated[int, typer.Option(min=1, help="As for `load`.")] = 1,
    seed: Seed = 1,
    out: Out = None,
) -> None:
    """Print the registry of `load` with the same sizes and seed.

    Examples:
      parkguard-sim registry load --devices 1000 --out registry.json
    """
    _put(load_registry_json(seed, LoadSize(first=first, count=devices)), out)


def main() -> None:
    """Run ``parkguard-sim``."""
    app()


def _show(bar: Bar, done_s: float, books: Summary) -> None:
    bar.show(done_s, f"{books.made} made, {books.acked} acknowledged, {books.connected} connected")


def _write(path: Path | None, content: bytes) -> None:
    if path is not None:
        path.write_bytes(content)


def _put(value: object, out: Path | None) -> None:
    content = msgspec.json.encode(value)
    if out is None:
        typer.echo(content.decode())
    else:
        out.write_bytes(content)


def _print(summary: Summary, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(summary).decode())
        return
    typer.echo(
        f"{summary.made} made, {summary.acked} acknowledged, {summary.refused} refused, "
        f"{summary.pending} pending, {summary.resent} sent again"
    )

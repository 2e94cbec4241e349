"""The command ``load``: ``parkguard-sim load`` or ``python -m simulators.load``."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from simulators.cli_options import (
    AsJson,
    Credentials,
    Host,
    Port,
    Root,
    Seed,
    TruthFile,
    UsageError,
    end_with,
    progress_bar,
    read_credentials,
)
from simulators.connection import Broker
from simulators.load_fleet import LoadSize
from simulators.load_run import Load, LoadOptions, LoadSummary, total_of
from simulators.mqtt_publisher import RefusedError
from simulators.scenarios import truth_lines


def load(
    *,
    devices: Annotated[int, typer.Option(min=1, help="Trackers, one connection each.")] = 1_000,
    first: Annotated[int, typer.Option(min=1, help="Number of the first tracker.")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, help="Fixes a second, all together.")] = 2_000.0,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Length of the load.")] = None,
    total: Annotated[int | None, typer.Option(min=1, help="Or: number of fixes.")] = None,
    burst: Annotated[
        int, typer.Option(min=1, max=100, help="Fixes a tracker sends at once; 1 = as in life.")
    ] = 1,
    thefts: Annotated[int, typer.Option(min=0, help="So many trackers are stolen.")] = 0,
    drain_s: Annotated[float, typer.Option(min=0.0, help="Wait for the last PUBACK, s.")] = 60.0,
    made: Annotated[
        Path | None, typer.Option(help="Write device,boot,seq of everything made here (CSV).")
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 1883,
    root: Root = "pg/v1",
    credentials: Credentials = None,
    truth: TruthFile = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Publish a set rate of fixes from many parked trackers; every record is kept until acked.

    Examples:
      parkguard-sim load --devices 1000 --rate 2000 --seconds 60 --credentials secrets.json

      parkguard-sim load --devices 200 --rate 2000 --total 20000 --made made.csv --json

      python -m simulators.load --thefts 20 --truth truth.jsonl --seconds 120
    """
    try:
        options = LoadOptions(
            broker=Broker(host=host, port=port, root=root),
            secrets=read_credentials(credentials),
            seed=seed,
            size=LoadSize(first=first, count=devices),
            rate=rate,
            total=total_of(rate=rate, seconds=seconds, total=total),
            burst=burst,
            thefts=thefts,
            drain_s=drain_s,
        )
        run = Load(options)
        with progress_bar(total=options.total, as_json=as_json) as bar:
            summary = asyncio.run(run.run(progress=lambda sent: bar.show(sent, f"{sent} made")))
    except (UsageError, LookupError, ValueError, RefusedError) as exc:
        end_with(str(exc))
    if made is not None:
        lines = (line for tracker in run.trackers for line in tracker.made())
        made.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if truth is not None:
        truths = [tracker.truth(summary.start_ms) for tracker in run.trackers]
        truth.write_bytes(truth_lines(t for t in truths if t is not None))
    typer.echo(msgspec.json.encode(summary).decode() if as_json else _text(summary))
    if summary.pending:
        raise typer.Exit(1)


def _text(summary: LoadSummary) -> str:
    return (
        f"{summary.made} made, {summary.acked} acknowledged, {summary.pending} pending, "
        f"{summary.resent} sent again; {summary.rate:.0f} fixes/s over {summary.wall_s:.1f} s, "
        f"{summary.cpu_us_per_message:.1f} us of processor time each"
    )


def main() -> None:
    """Run the command by itself."""
    typer.run(load)


if __name__ == "__main__":
    main()

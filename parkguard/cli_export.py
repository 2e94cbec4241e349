"""``parkguard export``: telemetry as Parquet by day, for DuckDB, Polars and the like."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from devices.telemetry import MEASUREMENTS
from parkguard.cli_shared import CommandError, Json, complain, refuse, settings_of, start_logs
from parkguard.clock import wall_ms
from parkguard.wiring.shared import Places

EXAMPLES = (
    "Examples: parkguard export --from 2026-11-01 --to 2026-11-30 · "
    "parkguard export --from 2026-11-28 --to 2026-11-28 --measurement fix --measurement event "
    "--out /srv/analysts --json"
)
_FIRST_DAY = date(2000, 1, 1)
"""The core keeps no earlier time (devices.units)."""


def export(
    ctx: typer.Context,
    *,
    first: Annotated[str, typer.Option("--from", help="First day, UTC, such as 2026-11-28")],
    last: Annotated[str, typer.Option("--to", help="Last day, UTC; it belongs to the period")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the files; default: export below data_dir")
    ] = None,
    measurement: Annotated[
        list[str] | None,
        typer.Option(help=f"Repeat it for more; default all: {' '.join(MEASUREMENTS)}"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write telemetry as Parquet, a file a measurement and day (UTC). Holds personal data."""
    settings = settings_of(ctx)
    start_logs(settings, "cli", as_json=as_json)
    days = _period(first, last)
    measurements = _measurements(measurement or [])
    if find_spec("pyarrow") is None:
        raise CommandError("export needs pyarrow, an extra of 55 MB: pip install 'pyarrow>=26'")
    if settings.telemetry.store == "sqlite" and not Places(settings.data_dir).telemetry.exists():
        raise CommandError(
            f"there is no telemetry.db below {settings.data_dir}: run parkguard up first, or name "
            "the right folder with PARKGUARD_DATA_DIR"
        )
    from parkguard.cli_export_run import run_export  # noqa: PLC0415 - loads pyarrow

    folder = (out or settings.data_dir / "export").absolute()
    run_export(settings, days, measurements, folder, as_json=as_json)


def _period(first: str, last: str) -> tuple[date, date]:
    """The days that are asked for and have begun."""
    begin, end = _day("--from", first), _day("--to", last)
    if begin > end:
        refuse(f"the period is empty: --from {begin} is after --to {end}")
    today = datetime.fromtimestamp(wall_ms() / 1000, UTC).date()
    if begin > today:
        refuse(f"--from {begin} is in the future: today is {today} (UTC)")
    if end >= today:
        complain(f"{today} (UTC) is not over: export it again tomorrow")
    return begin, min(end, today)


def _day(option: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        refuse(f"{option} {text}: write a day (UTC) such as 2026-11-28")
    if day < _FIRST_DAY:
        refuse(f"{option} {text}: there is nothing before {_FIRST_DAY}")
    return day


def _measurements(names: Sequence[str]) -> list[str]:
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        refuse(f"--measurement {unknown[0]}: take one of {', '.join(MEASUREMENTS)}")
    return list(dict.fromkeys(names)) or list(MEASUREMENTS)

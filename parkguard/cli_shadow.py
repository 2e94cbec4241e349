"""``parkguard shadow``: the candidate of shadow mode against what was really sent."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console

from alerts.comparing import Pair, Sent, differences, pairs
from parkguard.cli_shared import (
    CommandError,
    Json,
    complain,
    print_json,
    print_rows,
    records_of,
    settings_of,
)
from parkguard.difference_table import difference_table
from stores.queries_outcomes import OutcomeQueries
from stores.queries_shadow import ShadowRecords, live_sent

EXAMPLES = "Examples: parkguard shadow · parkguard shadow --alerts 20 · parkguard shadow --json"


def shadow(
    ctx: typer.Context,
    *,
    alerts: Annotated[
        int, typer.Option(help="Also list so many alerts that only one of them has", min=0)
    ] = 0,
    as_json: Json = False,
) -> None:
    """Compare the candidate (settings `detection.shadow`) with what was sent since it runs."""
    zone = ZoneInfo(settings_of(ctx).timezone)
    with records_of(ctx) as engine:
        book = ShadowRecords(engine)
        run = book.newest()
        if run is None:
            raise CommandError(
                "no candidate ever ran: set detection.shadow (docs/operate.md, Shadow mode) and "
                "start parkguard again"
            )
        live = live_sent(engine, since_ms=run.started_ms, upto_ms=run.seen_ms)
        candidate = book.candidate_sent(run)
        verdicts = OutcomeQueries(engine).verdicts(since_ms=run.started_ms)
    found = pairs(live, candidate)
    lines = differences(found, verdicts)
    alone = [pair for pair in found if None in pair]
    if as_json:
        print_json(
            {
                "candidate": msgspec.json.decode(run.candidate),
                "started_ms": run.started_ms,
                "seen_ms": run.seen_ms,
                "failure": run.failure,
                "steps": [asdict(line) for line in lines],
                "alone": [_row(pair, zone) for pair in alone[:alerts]],
            }
        )
        return
    days = (run.seen_ms - run.started_ms) / 86_400_000
    title = f"candidate {run.candidate} since {_when(run.started_ms, zone)} ({days:.1f} days)"
    Console().print(difference_table(lines, title=title))
    if alerts and alone:
        print_rows([_row(pair, zone) for pair in alone[:alerts]], title="only one of them")
    if run.failure:
        complain(f"it ended by a failure: {run.failure}; the live detection was not touched")


def _row(pair: Pair, zone: ZoneInfo) -> dict[str, object]:
    live, candidate = pair
    sent: Sent | None = live or candidate
    assert sent is not None  # noqa: S101 - one of a pair is always there
    return {
        "alert": sent.alert_id,
        "vehicle": sent.vehicle_id,
        "who": "candidate" if live is None else "live",
        "raised": _when(sent.raised_ms, zone),
        "police_ready": sent.ready_ms is not None,
    }


def _when(at_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).isoformat(timespec="seconds")

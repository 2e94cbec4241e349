"""``parkguard precision``: how often alerts were thefts, and what is demoted for false alarms."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.precision import By, Line, precision_of
from api.roles import CITY
from devices.control import LiftDemotion
from parkguard.cli_shared import (
    CommandError,
    Json,
    ago_ms,
    audit_row,
    complain,
    print_json,
    print_rows,
    records_of,
    refuse,
    settings_of,
)
from parkguard.clock import wall_ms
from stores.queries_actions import ActionWriter
from stores.queries_outcomes import OutcomeQueries

EXAMPLES = (
    "Examples: parkguard precision · parkguard precision --by model,week --since 90d --json · "
    "parkguard precision --demoted · parkguard precision --lift device:trk-000123"
)


def precision(
    ctx: typer.Context,
    *,
    by: Annotated[
        str, typer.Option(help="Split by these, with commas: rule, site, model, week")
    ] = "rule",
    since: Annotated[str, typer.Option(help="Alerts raised since: 90d, 12h")] = "90d",
    demoted: Annotated[
        bool, typer.Option("--demoted", help="List what is demoted now instead")
    ] = False,
    lift: Annotated[
        str | None,
        typer.Option(metavar="SUBJECT", help="Believe this demoted tracker or rule again"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the share of thefts among alerts that people labelled, with 95 % intervals."""
    split, length_ms, now_ms = _split(by), ago_ms(since), wall_ms()
    if length_ms is None:
        refuse(f"--since {since}: write days or hours, such as 90d, 12h")
    zone = settings_of(ctx).timezone
    with records_of(ctx) as engine:
        book = OutcomeQueries(engine)
        if demoted or lift is not None:
            rows = book.demoted(CITY, now_ms=now_ms)
            if lift is None:
                _print_demoted([asdict(row) for row in rows], zone, as_json=as_json)
                return
            if lift not in {row.subject for row in rows}:
                raise CommandError(f"{lift} is not demoted: see `parkguard precision --demoted`")
            control = LiftDemotion(at_ms=now_ms, by="cli", subject=lift)
            ActionWriter(engine).post(control, audit_row("demotion_lifted", lift, now_ms))
            complain(f"{lift} is believed again as soon as the processor reads it")
            return
        labels = book.labels(CITY, since_ms=now_ms - length_ms)
        raised = book.raised(CITY, since_ms=now_ms - length_ms)
    lines = precision_of(labels, split, ZoneInfo(zone))
    if as_json:
        print_json(
            {
                "by": [one.value for one in split],
                "from_ms": now_ms - length_ms,
                "raised": raised,
                "labelled": len(labels),
                "lines": [asdict(line) for line in lines],
            }
        )
        return
    said = f"{len(labels)} of {raised} alerts of the last {since} were labelled"
    if not lines:
        complain(f"{said}: close incidents with an outcome, let owners and the desk answer")
        return
    print_rows([_row(line, split) for line in lines], title=said)


def share_words(line: Line) -> str:
    """The share for people: never a bare 0 or 100 %."""
    low, high = 100 * line.low, 100 * line.high
    if line.precision is None:
        return "nothing counts"
    if not line.true:
        return f"at most {high:.0f} % (none was a theft)"
    if not line.false:
        return f"at least {low:.0f} % (all were thefts)"
    return f"{100 * line.precision:.0f} % ({low:.0f} to {high:.0f} %)"


def _split(by: str) -> list[By]:
    words = dict.fromkeys(word.strip() for word in by.split(",") if word.strip())
    try:
        return [By(word) for word in words]
    except ValueError:
        refuse(f"--by {by}: write some of {', '.join(By)}, with commas")


def _row(line: Line, split: list[By]) -> dict[str, object]:
    key = {one.value: word or "-" for one, word in zip(split, line.key, strict=True)}
    return key | {
        "thefts": line.true,
        "false": line.false,
        "not counted": line.not_counted,
        "precision (95 %)": share_words(line),
        "outcomes": ", ".join(f"{word} {number}" for word, number in line.outcomes.items()),
    }


def _print_demoted(rows: list[dict[str, object]], zone: str, *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    if not rows:
        complain("nothing is demoted")
        return
    shown = [
        {
            "subject": row["subject"],
            "false alarms": row["false_alarms"],
            "since": _day(row["since_ms"], zone),
            "until": _day(row["until_ms"], zone),
        }
        for row in rows
    ]
    print_rows(shown, title=f"{len(rows)} demoted")


def _day(at_ms: object, zone: str) -> str:
    assert isinstance(at_ms, int)  # noqa: S101 - tells the type of a column
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).isoformat(timespec="minutes")

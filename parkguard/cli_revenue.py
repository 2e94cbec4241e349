"""``parkguard revenue``: what charging stations took, and why their sums differ."""

from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from api.charging_answers import RevenueBy, revenue_out
from api.charging_schemas import ComparisonOut, RevenueLineOut
from api.roles import CITY
from devices.charger_days import city_day
from parkguard.cli_shared import (
    Json,
    complain,
    print_json,
    print_rows,
    records_of,
    refuse,
    settings_of,
)
from parkguard.clock import wall_ms
from stores.queries_charging import ChargingQueries

EXAMPLES = (
    "Examples: parkguard revenue · parkguard revenue --by district --from 2025-11-01 --json · "
    "parkguard revenue --by day --area 340104"
)
WEEK_DAYS = 7


def revenue(
    ctx: typer.Context,
    *,
    by: Annotated[RevenueBy, typer.Option(help="Sum by this")] = RevenueBy.STATION,
    from_day: Annotated[
        str | None, typer.Option("--from", help="First day of the city, 2025-11-01")
    ] = None,
    to_day: Annotated[str | None, typer.Option("--to", help="Last day; default: today")] = None,
    area: Annotated[str | None, typer.Option(help="Only areas that start so")] = None,
    as_json: Json = False,
) -> None:
    """Show revenue by station, site, district or day, with every difference. Default: a week."""
    last = _day(to_day) or date.fromisoformat(
        city_day(wall_ms(), ZoneInfo(settings_of(ctx).timezone))
    )
    first = _day(from_day) or last - timedelta(days=WEEK_DAYS - 1)
    with records_of(ctx) as engine:
        book = ChargingQueries(engine)
        found = revenue_out(book, CITY, by=by, first=str(first), last=str(last), area=area)
    if as_json:
        print_json(found.model_dump())
        return
    if found.all is None:
        complain(f"no charging station told of money from {first} to {last}")
        return
    lines = [*found.lines, found.all]
    print_rows([_row(line, by) for line in lines], title=f"{first} to {last}, yuan")
    parts = [row for line in found.lines for row in _differences(line, by)]
    if parts:
        print_rows(parts, title="why sums differ, yuan")


def yuan(fen: int) -> str:
    """Money for people: fen as yuan."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"{text} is no day: write 2025-11-25")


def _row(line: RevenueLineOut, by: RevenueBy) -> dict[str, object]:
    open_fen = sum(abs(one.open_fen) for one in line.comparisons)
    return {
        by.value: line.key,
        "days": line.days,
        "coins": yuan(line.coins_fen),
        "QR": yuan(line.qr_fen),
        "card": yuan(line.card_fen),
        "other": yuan(line.other_fen),
        "refunds": yuan(line.refund_fen),
        "total": yuan(line.total_fen),
        "unproven": yuan(line.unproven_fen),
        "to be looked at": yuan(open_fen) if open_fen else "",
    }


def _differences(line: RevenueLineOut, by: RevenueBy) -> list[dict[str, object]]:
    return [row for one in line.comparisons for row in _parts(line.key, one, by)]


def _parts(key: str, comparison: ComparisonOut, by: RevenueBy) -> list[dict[str, object]]:
    asked = {
        "reports": "counters - coin reports",
        "sessions": "coin sessions - counters",
        "box": "counted in the box - counters",
    }
    return [
        {
            by.value: key,
            "compared": asked[comparison.compared],
            "difference": yuan(part.fen),
            "why": f"{part.en}{' (!)' if part.is_open else ''}",
            "原因": part.zh,
        }
        for part in comparison.lines
    ]

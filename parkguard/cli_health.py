"""``parkguard health``: what is wrong now, worst first; with a device its story."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.text import Text

from api.believed import believe, health_out
from api.device_trends import Trends, trends_of
from api.roles import CITY
from api.routes.availability import STORY_DAYS
from api.spells import spells_out, spent_out, trend_out
from devices.availability import lines
from devices.causes import Cause
from devices.errors import StoreError
from devices.model import Device, DeviceClass
from parkguard.cli_shared import (
    CommandError,
    Json,
    complain,
    print_json,
    records_of,
    refuse,
    settings_of,
)
from parkguard.clock import wall_ms
from parkguard.health_story import Story, print_story
from parkguard.health_text import print_view
from parkguard.health_view import Asked, look
from parkguard.health_words import Lang, lasted
from parkguard.settings import Settings
from parkguard.status_files import read_all
from parkguard.wiring.latest import LatestReader
from parkguard.wiring.shared import Places
from parkguard.wiring.telemetry import build_track_store
from stores.queries_devices import DeviceQueries
from stores.queries_health import HealthQueries

EXAMPLES = (
    "Examples: parkguard health · parkguard health --class cam --area 340104 --limit 50 · "
    "parkguard health --cause frozen --lang zh · parkguard health cam-020315"
)
DAY_MS = 86_400_000
DAYS = 30
"""Availability of a device is told of so many days."""
CHANGES_MAX = 2_000
SILENT_MS = 15_000
"""The processor says once a second how it is; after so long what is shown is the past."""


def health(
    ctx: typer.Context,
    device: Annotated[
        str | None, typer.Argument(metavar="[DEVICE]", help="Tell the story of this one")
    ] = None,
    *,
    cls: Annotated[DeviceClass | None, typer.Option("--class", help="Only of this class")] = None,
    site: Annotated[str | None, typer.Option(help="Only at this site")] = None,
    area: Annotated[
        str | None, typer.Option(help="Only where the area code begins so, such as 340104")
    ] = None,
    cause: Annotated[
        str | None, typer.Option(help="Only with this cause: see docs/operations.md")
    ] = None,
    limit: Annotated[int, typer.Option(help="Most lines", min=1)] = 20,
    lang: Annotated[Lang, typer.Option(help="Language of the tables")] = Lang.EN,
    as_json: Json = False,
) -> None:
    """Show what is wrong with devices now, worst first; or one device's story."""
    settings = settings_of(ctx)
    with records_of(ctx) as engine:
        if device is not None:
            _tell(settings, engine, device, lang, as_json=as_json)
            return
        asked = Asked(cls=cls, site=site, area=area, cause=_cause(cause))
        _show(settings, engine, asked, lang, limit=limit, as_json=as_json)


def _show(
    settings: Settings,
    engine: sa.Engine,
    asked: Asked,
    lang: Lang,
    *,
    limit: int,
    as_json: bool,
) -> None:
    places, book, now_ms = Places(settings.data_dir), HealthQueries(engine), wall_ms()
    latest = LatestReader(places.latest)
    view = look(book, book.fleet(CITY), latest.health, asked, limit=limit, now_ms=now_ms)
    said_ms = _processor_said_ms(places)
    if as_json:
        print_json(
            {
                "at_ms": now_ms,
                "processor_said_ms": said_ms,
                "counts": view.counts,
                "wrong": [one.as_row() for one in view.wrong],
                "wrong_total": view.wrong_total,
            }
        )
        return
    console, zone = Console(), ZoneInfo(settings.timezone)
    at = datetime.fromtimestamp(now_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
    console.print(Text(f"parkguard health  {at}", style="bold"))
    if said_ms is None:
        complain("the processor has never run here: nothing was assessed yet")
    elif now_ms - said_ms > SILENT_MS:
        length = lasted((now_ms - said_ms) / 1000, Lang.EN)
        complain(f"the processor has said nothing for {length}: this is how it was then")
    print_view(console, view, now_ms=now_ms, lang=lang)


def _tell(
    settings: Settings, engine: sa.Engine, device_id: str, lang: Lang, *, as_json: bool
) -> None:
    book, now_ms = HealthQueries(engine), wall_ms()
    device = DeviceQueries(engine).one(CITY, device_id)
    if device is None:
        raise CommandError(f"{device_id} is not registered: see `parkguard devices list`")
    latest = LatestReader(Places(settings.data_dir).latest)
    begin_ms = now_ms - STORY_DAYS * DAY_MS
    changes = book.changes(device.slot, begin_ms, now_ms, limit=CHANGES_MAX)
    held = book.held(device.slot, begin_ms)
    changes += [held] if held is not None else []
    spent = book.spent([device.slot], now_ms - DAYS * DAY_MS, now_ms)
    trends, away = _trends(settings, device, now_ms)
    story = Story(
        device=device,
        state=believe(latest.get(device.slot)),
        changes=changes,
        line=lines(spent, [device.id])[0],
        days=DAYS,
        trends=trends,
        trends_away=away,
        now_ms=now_ms,
    )
    if as_json:
        _print_json(story)
        return
    print_story(Console(), story, ZoneInfo(settings.timezone), lang)


def _print_json(story: Story) -> None:
    trends = story.trends
    print_json(
        {
            "health": health_out(story.device, story.state, story.now_ms).model_dump(),
            "days": story.days,
            "spent": spent_out(story.line).model_dump(),
            "spells": [
                one.model_dump() for one in spells_out(story.changes, story.now_ms, until_ms=None)
            ],
            "trends": [
                trend_out(measure, line).model_dump()
                for measure, line in (trends.lines if trends else {}).items()
            ],
            "trends_away": story.trends_away,
            "fix_days": [
                {"day": one.day, "fixes": one.fixes, "usable": one.usable, "acc_m": one.acc_m}
                for one in (trends.fix_days if trends else [])
            ],
        }
    )


def _trends(settings: Settings, device: Device, now_ms: int) -> tuple[Trends | None, str]:
    """Trends, or why there are none; the rest of the story does not wait for the store."""
    if settings.telemetry.store == "sqlite" and not Places(settings.data_dir).telemetry.exists():
        return None, "no trends: nothing was stored in the telemetry store yet"
    try:
        return trends_of(build_track_store(settings), device, now_ms), ""
    except StoreError as exc:
        return None, f"no trends: {exc}"


def _processor_said_ms(places: Places) -> int | None:
    status = read_all(places.run).get("process")
    return None if status is None else status.at_ms


def _cause(code: str | None) -> Cause | None:
    if code is None:
        return None
    found = {cause.code: cause for cause in Cause}.get(code.strip().lower())
    if found is None:
        refuse(f"--cause {code}: write one of {', '.join(cause.code for cause in Cause)}")
    return found

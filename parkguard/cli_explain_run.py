"""What ``parkguard explain`` does once it knows what is asked: run, say, draw."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from api.roles import Role
from parkguard.cli_journal_runs import opened_journal, registry_of
from parkguard.cli_progress import long_work
from parkguard.cli_replay_runs import open_lines
from parkguard.cli_shared import CommandError, ago_ms, complain, print_json, refuse, system_user
from parkguard.clock import monotonic_s, wall_ms
from parkguard.explain.deadline import Deadline, OutOfTime
from parkguard.explain.near_run import NearRun
from parkguard.explain.running import NothingToExplain, explain_journal, explain_lines, local_text
from parkguard.explain.story import Period, Story
from parkguard.explain.window import Window
from parkguard.explain.words import Narrator
from parkguard.records import open_migrated, records_path
from parkguard.replay.reading import LineError, read_lines
from parkguard.settings import Settings
from parkguard.settings_overrides import overridden
from stores.queries_actions import ActionWriter
from stores.registry_near import Near

FEW = 5_000_000
"""As ``window.FEW``, for somebody who waits at a terminal: ten seconds of reading. Ours."""
_SUFFIXES = (".png", ".svg")
_EPOCH_MS = re.compile(r"[0-9]{12,14}", re.ASCII)
_TIME_OF_DAY = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says, as it was written.

    Attributes:
        file: A replay file, ``-`` for standard input; None for the journal.
        longest: A run of the journal is given up after so long; "" = never.
        everybody: Run what all devices said, not only those near the vehicle.
    """

    vehicle_id: str
    file: str | None
    at: str
    length: str
    warm_up: str
    longest: str
    everybody: bool
    out: Path | None
    lang: str
    as_json: bool


def run_explain(settings: Settings, assignments: Sequence[str], asked: Asked) -> None:
    """Run, then print words or JSON, and draw.

    Raises:
        SettingsError: A wrong assignment.
        CommandError: Nothing to explain, or the picture cannot be made.
    """
    settings = overridden(settings, assignments)
    period = _period(settings, asked)
    _check_out(asked.out)
    try:
        story = _story(settings, period, asked)
    except NothingToExplain as exc:
        raise CommandError(str(exc)) from exc
    except OutOfTime as exc:
        raise CommandError(
            f"given up after {asked.longest} (--longest): {exc}; take a shorter --warm-up or "
            "--for, leave --everybody away, or give it longer"
        ) from exc
    words = {lang: Narrator(story, lang).lines() for lang in ("en", "zh")}
    if asked.as_json:
        print_json(_plain(story) | {"words": words})
    else:
        sys.stdout.write("\n".join(words[asked.lang]) + "\n")
    if asked.out is not None:
        _draw(story, asked.lang, asked.out)


def _story(settings: Settings, period: Period, asked: Asked) -> Story:
    if asked.file is not None:
        try:
            with open_lines(asked.file) as lines:
                return explain_lines(settings, read_lines(lines, asked.file), period)
        except LineError as exc:
            refuse(str(exc))
    with opened_journal(settings) as reader, long_work() as progress:
        _note(settings, period)
        task = progress.add_task("journal", total=None)
        deadline = Deadline(monotonic_s() + _longest_s(asked), monotonic_s)

        def come(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            deadline.come(done, total)

        since_ms = period.from_ms - _length_ms("--warm-up", asked.warm_up)
        records = None if asked.everybody else _records(settings)
        if records is not None:
            run = NearRun(
                settings=settings,
                records=records,
                reader=reader,
                period=period,
                since_ms=since_ms,
                deadline=deadline,
                few=FEW,
                stride_ms=0,
                progress=come,
            )
            try:
                story, near, _ = run.explained()
            finally:
                records.dispose()
            _say_left_out(near)
            return story
        return explain_journal(
            settings,
            Window(reader, since_ms, wanted=None, deadline=deadline, few=FEW),
            period,
            since_ms=since_ms,
            fallback=lambda: registry_of(settings),
            progress=come,
        )


def _say_left_out(near: Near) -> None:
    if not near.whole_area:
        complain(
            f"{near.neighbours} other devices were run with it, and some that may matter were not "
            "(explain.neighbours_max): --everybody runs all"
        )


def _records(settings: Settings) -> sa.Engine | None:
    """The records; None when there are none, or none yet."""
    if not settings.records.is_server and not records_path(settings).exists():
        return None
    return open_migrated(settings)


def _longest_s(asked: Asked) -> float:
    return _length_ms("--longest", asked.longest) / 1000 if asked.longest else inf


def _note(settings: Settings, period: Period) -> None:
    """Whose track is looked at, and by whom, in the audit; a machine without records has none."""
    engine = _records(settings)
    if engine is None:
        return
    what = f"{period.vehicle_id}:{local_text(period.at_ms, period.timezone)}"
    row = (wall_ms(), system_user(), Role.ADMIN.value, "vehicle_explained", what, "")
    try:
        ActionWriter(engine).note([row])
    finally:
        engine.dispose()


def _period(settings: Settings, asked: Asked) -> Period:
    at_ms = _moment_ms(asked.at, settings.timezone)
    half_ms = _length_ms("--for", asked.length) // 2
    return Period(
        vehicle_id=asked.vehicle_id,
        at_ms=at_ms,
        from_ms=at_ms - half_ms,
        to_ms=at_ms + half_ms,
        source=asked.file or "the journal",
        timezone=settings.timezone,
    )


def _moment_ms(text: str, timezone: str) -> int:
    """A time as people write it, ms UTC; a time of day is the last one that was."""
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    zone = ZoneInfo(timezone)
    now = datetime.fromtimestamp(wall_ms() / 1000, zone)
    try:
        if _TIME_OF_DAY.fullmatch(text):
            day, (hour, rest) = now.date().isoformat(), text.split(":", 1)
            moment = datetime.fromisoformat(f"{day}T{hour:0>2}:{rest}").replace(tzinfo=zone)
            moment -= timedelta(days=1) if moment > now else timedelta()
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
    except ValueError:
        refuse(f"--at {text}: write a time such as 2026-11-28T21:30, 21:30, or ms UTC")
    return round(moment.timestamp() * 1000)


def _length_ms(option: str, text: str) -> int:
    length_ms = ago_ms(text)
    if not length_ms:
        refuse(f"{option} {text}: write days, hours or minutes, such as 1d, 2h, 30m")
    return length_ms


def _check_out(out: Path | None) -> None:
    """Whether the picture can be made, before anything is run."""
    if out is None:
        return
    if out.suffix.lower() not in _SUFFIXES:
        refuse(f"--out {out}: name a file that ends in {' or '.join(_SUFFIXES)}")
    if not out.absolute().parent.is_dir():
        raise CommandError(f"cannot write {out}: there is no folder {out.parent}")
    if find_spec("matplotlib") is None:
        raise CommandError(
            "the picture needs matplotlib, an extra of 25 MB: pip install 'matplotlib>=3.11' (the "
            "words come without it: leave --out away)"
        )


def _draw(story: Story, lang: str, out: Path) -> None:
    from parkguard.explain.fonts import INSTALL, typeface  # noqa: PLC0415 - loads matplotlib
    from parkguard.explain.picture import draw  # noqa: PLC0415

    face = typeface()
    if lang == "zh" and not face.has_chinese:
        complain(
            "no font with Chinese characters was found: the picture is in English; install one, "
            f"such as {INSTALL}"
        )
        lang = "en"
    try:
        draw(story, lang=lang, face=face, out=out)
    except OSError as exc:
        raise CommandError(f"cannot write {out}: {exc.strerror or exc}") from exc


def _plain(story: Story) -> dict[str, object]:
    plain = msgspec.to_builtins(story)
    return plain if isinstance(plain, dict) else {}

"""Runs the live pipeline over a file or the journal with an eye on one vehicle."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.sight import Sights
from devices.registry import Registry
from parkguard.explain.story import Period, Story, story_of
from parkguard.explain.window import Window
from parkguard.replay.from_journal import JournalReplay
from parkguard.replay.lines import AnyLine
from parkguard.replay.run import Replay
from parkguard.settings import Settings


class NothingToExplain(Exception):
    """The vehicle or the time is not in what was run; the message says what to ask instead.

    Attributes:
        why: The same as a stable word: ``not_held``, ``no_vehicle`` or ``silent``.
    """

    def __init__(self, message: str, *, why: str) -> None:
        """Say what to ask, and why."""
        super().__init__(message)
        self.why = why


def explain_lines(
    settings: Settings, numbered: Iterable[tuple[int, AnyLine]], period: Period
) -> Story:
    """Run a replay file up to the period's end.

    Raises:
        NothingToExplain: No such vehicle, or nothing of it in the period.
        LineError: A line that cannot be taken.
    """
    run, sights = _watched_run(settings, period)
    run.feed(_until(numbered, period.to_ms))
    run.finish()
    return _told(run, sights, period)


def explain_journal(
    settings: Settings,
    window: Window,
    period: Period,
    *,
    since_ms: int,
    fallback: Callable[[], Registry],
    progress: Callable[[int, int], None],
    stride_ms: int = 0,
) -> Story:
    """Run a window of a journal, which has entries, from ``since_ms`` up to the period's end.

    ``fallback`` gives the registry of the records, for a journal whose first entries are gone;
    ``progress`` is told entries done and entries in all; ticks are taken in strides of
    ``stride_ms`` (``replay.striding``).

    Raises:
        NothingToExplain: The period is not in the journal, or as ``explain_lines``.
        JournalError: A segment cannot be read.
        OutOfTime: The window's deadline has passed.
    """
    _check_range(window, period)
    run, sights = _watched_run(settings, period)
    journal = JournalReplay(
        run, window, since_ms=since_ms, until_ms=period.to_ms, stride_ms=stride_ms
    )
    journal.feed(fallback, progress)
    run.finish()
    return _told(run, sights, period)


def local_text(t_ms: int, timezone: str) -> str:
    """A time in the city's zone as ``--at`` takes it."""
    moment = datetime.fromtimestamp(t_ms / 1000, ZoneInfo(timezone))
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _watched_run(settings: Settings, period: Period) -> tuple[Replay, Sights]:
    run, sights = Replay(settings, name=period.source), Sights(period.vehicle_id)
    run.timeline.show_to(sights)
    return run, sights


def _until(numbered: Iterable[tuple[int, AnyLine]], end_ms: int) -> Iterator[tuple[int, AnyLine]]:
    """Lines received up to ``end_ms``, and those without a time before the first later one."""
    for number, line in numbered:
        if (getattr(line, "recv_t", None) or 0) > end_ms:
            return
        yield number, line


def _check_range(window: Window, period: Period) -> None:
    if not window.holds(period.from_ms, period.to_ms):
        zone = period.timezone
        begin_ms, end_ms = window.held_ms()
        raise NothingToExplain(
            f"the journal holds {local_text(begin_ms, zone)} to {local_text(end_ms, zone)} "
            f"({zone}), not {local_text(period.at_ms, zone)}: choose --at between them (how long "
            "it is kept: journal.retention_h)",
            why="not_held",
        )


def _told(run: Replay, sights: Sights, period: Period) -> Story:
    vehicles = run.timeline.pipeline.admission.registry.vehicles
    if period.vehicle_id not in vehicles:
        near = difflib.get_close_matches(period.vehicle_id, vehicles, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "parkguard devices list has them"
        raise NothingToExplain(
            f"there is no vehicle {period.vehicle_id} in {period.source}: {hint}",
            why="no_vehicle",
        )
    story = story_of(period, sights, run.timeline.observed)
    if not (story.fixes or story.happenings):
        raise NothingToExplain(_silence(sights, period), why="silent")
    return story


def _silence(sights: Sights, period: Period) -> str:
    """Nothing in the period: when something was heard instead."""
    zone = period.timezone
    said = (
        f"nothing was heard of {period.vehicle_id} from {local_text(period.from_ms, zone)} to "
        f"{local_text(period.to_ms, zone)} ({zone})"
    )
    before = max((fix.t_ms for fix in sights.fixes if fix.t_ms < period.from_ms), default=None)
    if before is None:
        return f"{said}, nor before it: take a longer --for, or a longer --warm-up"
    return f"{said}: its last fix before was at {local_text(before, zone)}, take --at that time"

"""``parkguard replay``: files or the live journal through the live code, checked and scored."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Annotated, BinaryIO, NoReturn

import click
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from devices.errors import JournalError
from devices.registry import Registry
from parkguard.cli_shared import (
    SETTINGS_EXIT,
    CommandError,
    Json,
    ago_ms,
    complain,
    print_json,
    settings_of,
)
from parkguard.clock import monotonic_s, wall_ms
from parkguard.records import open_migrated, records_path
from parkguard.replay.from_journal import JournalReplay
from parkguard.replay.outputs import alert_lines, state_lines, write_lines
from parkguard.replay.reading import LineError, read_lines
from parkguard.replay.run import Replay
from parkguard.replay.score_table import score_table
from parkguard.replay.scoring import Tally
from parkguard.settings import Settings
from parkguard.settings_overrides import overridden
from parkguard.wiring.shared import Places, registered
from stores.journal_sqlite import SqliteJournalReader

EXAMPLES = (
    "Examples: parkguard replay ride.jsonl · parkguard replay city.jsonl --alerts alerts.jsonl "
    "--state state.jsonl · parkguard replay scenarios/*.jsonl --score --json · parkguard replay "
    "--from-journal --since 30d --score --set detection.police_threshold=14"
)
_MISS_EXIT = 1
"""Exit code when something that was expected was not seen."""


def replay(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", help="JSON lines (docs/replay.md); - = standard input"),
    ] = None,
    *,
    alerts: Annotated[
        str | None, typer.Option(metavar="OUT", help="Write every change of an alert here (JSONL)")
    ] = None,
    state: Annotated[
        str | None, typer.Option(metavar="OUT", help="Write the state at the end here (JSONL)")
    ] = None,
    score: Annotated[
        bool, typer.Option("--score", help="Compare with the truth lines (or the outcomes)")
    ] = False,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Another setting, for this run"),
    ] = None,
    from_journal: Annotated[
        bool, typer.Option("--from-journal", help="Replay our own journal instead of files")
    ] = False,
    since: Annotated[
        str, typer.Option(help="With --from-journal: how far back, such as 30d, 12h, 90m")
    ] = "30d",
    as_json: Json = False,
) -> None:
    """Run messages through the live code on a simulated clock: no broker, no real time.

    Exit 0: all that was expected was seen. 1: something was not, one line each. 2: a malformed
    line (with its number), or a wrong setting.
    """
    if bool(files) == from_journal:
        _refuse("name the files to replay, or --from-journal (one of the two)")
    settings = overridden(settings_of(ctx), assignments or [])
    began_s = monotonic_s()
    tally, runs = Tally(), 0
    totals: dict[str, int] = {}
    misses: list[str] = []
    changes = messages = 0
    with ExitStack() as stack:
        alerts_out = _opened(alerts, stack)
        state_out = _opened(state, stack)
        for run in _journal_run(settings, since) if from_journal else _runs(settings, files or []):
            runs += 1
            observed = run.timeline.observed
            tally.add(observed, run.truths)
            changes += len({change.alert.alert_id for change in observed.changes})
            messages += run.timeline.messages
            misses += run.misses
            complain(*run.notes)
            for name, number in observed.totals().items():
                totals[name] = totals.get(name, 0) + number
            if alerts_out is not None:
                write_lines(alert_lines(observed), alerts_out)
            if state_out is not None:
                write_lines(state_lines(run.world()), state_out)
    complain(*misses)
    if as_json:
        said: dict[str, object] = {"runs": runs, "messages": messages, "alerts": changes}
        scored = {"score": tally.score()} if score else {}
        print_json(said | {"totals": totals, "misses": misses} | scored)
    else:
        if score:
            Console().print(score_table(tally.score()))
        rate = messages / max(monotonic_s() - began_s, 1e-9)
        complain(
            f"{messages:,} messages, {totals.get('quarantined', 0):,} records in quarantine, "
            f"{changes:,} alerts, {len(misses):,} misses; {rate:,.0f} messages/s"
        )
    if misses:
        raise typer.Exit(_MISS_EXIT)


def _runs(settings: Settings, files: list[str]) -> Iterator[Replay]:
    """One finished run a file: every file is a city of its own."""
    for name in files:
        run = Replay(settings, name=name)
        try:
            with _open_lines(name) as lines:
                run.feed(read_lines(lines, name))
        except LineError as exc:
            _refuse(str(exc))
        run.finish()
        yield run


def _journal_run(settings: Settings, since: str) -> Iterator[Replay]:
    since_ms = wall_ms() - _duration_ms(since)
    reader = SqliteJournalReader(Places(settings.data_dir).journal)
    run = Replay(settings, name="journal")
    journal = JournalReplay(run, reader, since_ms=since_ms)
    try:
        if not reader.last_seq():
            raise CommandError(
                f"there is no journal below {settings.data_dir}: run parkguard up first, or name "
                "the right folder with PARKGUARD_DATA_DIR"
            )
        with _bar("journal") as (progress, task):
            journal.feed(
                lambda: _registered(settings),
                lambda done, total: progress.update(task, completed=done, total=total),
            )
    except JournalError as exc:
        raise CommandError(f"the journal cannot be read: {exc}") from exc
    finally:
        reader.close()
    run.finish()
    yield run


def _registered(settings: Settings) -> Registry:
    if not records_path(settings).exists():
        raise CommandError(
            f"the journal no longer reaches back to its first entry, and there is no "
            f"{records_path(settings)} to take the registry from"
        )
    engine = open_migrated(settings)
    try:
        return registered(engine)
    finally:
        engine.dispose()


@contextmanager
def _open_lines(name: str) -> Iterator[Iterator[bytes]]:
    """The lines of a file, with a bar while a terminal looks on."""
    if name == "-":
        yield iter(sys.stdin.buffer)
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(Path(name).open("rb"))
        except OSError as exc:
            _refuse(f"{name}: {exc.strerror}")
        progress, task = stack.enter_context(_bar(name))
        progress.update(task, total=Path(name).stat().st_size)
        yield _watched(file, progress, task)


def _watched(file: BinaryIO, progress: Progress, task: TaskID) -> Iterator[bytes]:
    if progress.disable:
        yield from file
        return
    done = 0
    for number, line in enumerate(file):
        done += len(line)
        if number % 2_000 == 0:
            progress.update(task, completed=done)
        yield line


@contextmanager
def _bar(name: str) -> Iterator[tuple[Progress, TaskID]]:
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        yield progress, progress.add_task(name, total=None)


def _opened(out: str | None, stack: ExitStack) -> IO[bytes] | None:
    if out is None:
        return None
    try:
        return stack.enter_context(click.open_file(out, "wb"))
    except OSError as exc:
        _refuse(f"cannot write {out}: {exc.strerror}")


def _duration_ms(text: str) -> int:
    duration_ms = ago_ms(text)
    if duration_ms is None:
        _refuse(f"--since {text}: write days, hours or minutes, such as 30d, 12h, 90m")
    return duration_ms


def _refuse(why: str) -> NoReturn:
    complain(why)
    raise typer.Exit(SETTINGS_EXIT)

"""What ``parkguard replay`` does: runs of files or of the journal, their outputs and their sum."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from devices.errors import JournalError
from devices.registry import Registry
from parkguard.cli_progress import long_work
from parkguard.cli_shared import CommandError, ago_ms, complain, print_json, refuse
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
from stores.journal_reading import SqliteJournalReader

_MISS_EXIT = 1
"""Exit code when something that was expected was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says.

    Attributes:
        files: Names, ``-`` for standard input; none for the journal.
        since: Of the journal: how far back; None for files.
        alerts, state: Where these outputs go; None = nowhere.
        is_scored: Whether to compare with what is true.
        as_json: One object instead of tables.
    """

    files: Sequence[str]
    since: str | None
    alerts: str | None
    state: str | None
    is_scored: bool
    as_json: bool


def run_replay(settings: Settings, assignments: Sequence[str], asked: Asked) -> int:
    """Run everything that is asked for; the exit code.

    Raises:
        SettingsError: A wrong assignment.
        CommandError: There is no journal to read.
    """
    settings = overridden(settings, assignments)
    began_s = monotonic_s()
    tally, runs = Tally(), 0
    totals: dict[str, int] = {}
    misses: list[str] = []
    changes = messages = 0
    with ExitStack() as stack:
        alerts_out = _opened(asked.alerts, stack)
        state_out = _opened(asked.state, stack)
        for run in _runs_of(settings, asked):
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
    if asked.as_json:
        said: dict[str, object] = {"runs": runs, "messages": messages, "alerts": changes}
        scored = {"score": tally.score()} if asked.is_scored else {}
        print_json(said | {"totals": totals, "misses": misses} | scored)
    else:
        if asked.is_scored:
            Console().print(score_table(tally.score()))
        rate = messages / max(monotonic_s() - began_s, 1e-9)
        complain(
            f"{messages:,} messages, {totals.get('quarantined', 0):,} records in quarantine, "
            f"{changes:,} alerts, {len(misses):,} misses; {rate:,.0f} messages/s"
        )
    return _MISS_EXIT if misses else 0


def _runs_of(settings: Settings, asked: Asked) -> Iterator[Replay]:
    if asked.since is None:
        return _file_runs(settings, asked.files)
    return _journal_run(settings, asked.since)


def _file_runs(settings: Settings, files: Sequence[str]) -> Iterator[Replay]:
    """One finished run a file: every file is a city of its own."""
    for name in files:
        run = Replay(settings, name=name)
        try:
            with _open_lines(name) as lines:
                run.feed(read_lines(lines, name))
        except LineError as exc:
            refuse(str(exc))
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
        with long_work() as progress:
            task = progress.add_task("journal", total=None)
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
    if not settings.records.is_server and not records_path(settings).exists():
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
            refuse(f"{name}: {exc.strerror}")
        progress = stack.enter_context(long_work())
        task = progress.add_task(name, total=Path(name).stat().st_size)
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


def _opened(out: str | None, stack: ExitStack) -> IO[bytes] | None:
    if out is None:
        return None
    try:
        return stack.enter_context(click.open_file(out, "wb"))
    except OSError as exc:
        refuse(f"cannot write {out}: {exc.strerror}")


def _duration_ms(text: str) -> int:
    duration_ms = ago_ms(text)
    if duration_ms is None:
        refuse(f"--since {text}: write days, hours or minutes, such as 30d, 12h, 90m")
    return duration_ms

"""What ``parkguard replay`` does: runs of files or of the journal, their outputs and their sum."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, BinaryIO
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from alerts.outcomes import verdict_of
from parkguard.backtest_picture import check_picture, draw_back_test
from parkguard.backtest_text import print_back_test
from parkguard.cli_journal_runs import feed, opened_journal
from parkguard.cli_progress import long_work
from parkguard.cli_shared import CommandError, ago_ms, complain, print_json, refuse
from parkguard.clock import monotonic_s, wall_ms
from parkguard.records_sent import sent_since
from parkguard.replay.backtest import BackTest, back_test, sent_of
from parkguard.replay.from_journal import JournalReplay
from parkguard.replay.outputs import alert_lines, notice_lines, state_lines, write_lines
from parkguard.replay.reading import LineError, read_lines
from parkguard.replay.run import Replay
from parkguard.replay.score_table import score_table
from parkguard.replay.scoring import Tally
from parkguard.settings import Settings
from parkguard.settings_overrides import overridden

_MISS_EXIT = 1
"""Exit code when something that was expected was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says.

    Attributes:
        files: Names, ``-`` for standard input; none for the journal.
        since: Of the journal: how far back; None for files.
        alerts, state, notices: Where these outputs go; None = nowhere.
        is_scored: Whether to compare with what is true.
        as_json: One object instead of tables.
        picture: Where the picture of a back-test goes; None = nowhere.
        stride_s: Of the journal: ticks are taken in strides of so long, seconds.
    """

    files: Sequence[str]
    since: str | None
    alerts: str | None
    state: str | None
    is_scored: bool
    as_json: bool
    picture: Path | None = None
    stride_s: float = 0.0
    notices: str | None = None


def run_replay(settings: Settings, assignments: Sequence[str], asked: Asked) -> int:
    """Run everything that is asked for; the exit code.

    Raises:
        SettingsError: A wrong assignment.
        CommandError: There is no journal to read.
    """
    settings = overridden(settings, assignments)
    if asked.picture is not None:
        check_picture(asked.picture)
    tests: list[BackTest] = []
    began_s = monotonic_s()
    tally, runs = Tally(), 0
    totals: dict[str, int] = {}
    misses: list[str] = []
    changes = messages = 0
    with ExitStack() as stack:
        alerts_out = _opened(asked.alerts, stack)
        state_out = _opened(asked.state, stack)
        notices_out = _opened(asked.notices, stack)
        for run in _runs_of(settings, asked, tests):
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
            if notices_out is not None:
                write_lines(notice_lines(observed), notices_out)
            if state_out is not None:
                write_lines(state_lines(run.world()), state_out)
    complain(*misses)
    if asked.as_json:
        said: dict[str, object] = {"runs": runs, "messages": messages, "alerts": changes}
        scored = {"score": tally.score()} if asked.is_scored else {}
        tested = {"backtest": asdict(tests[0])} if tests else {}
        print_json(said | {"totals": totals, "misses": misses} | scored | tested)
    else:
        for test in tests:
            print_back_test(test, settings.timezone)
        if asked.is_scored:
            Console().print(score_table(tally.score()))
        rate = messages / max(monotonic_s() - began_s, 1e-9)
        complain(
            f"{messages:,} messages, {totals.get('quarantined', 0):,} records in quarantine, "
            f"{changes:,} alerts, {len(misses):,} misses; {rate:,.0f} messages/s"
        )
    _draw(tests, asked.picture, " ".join(assignments) or "the settings in effect")
    return _MISS_EXIT if misses else 0


def _draw(tests: list[BackTest], path: Path | None, candidate: str) -> None:
    if path is None:
        return
    try:
        for test in tests:
            draw_back_test(test, path, title=f"back-test of {candidate}")
    except OSError as exc:
        raise CommandError(f"--picture {path}: {exc.strerror}; name another file") from exc


def _runs_of(settings: Settings, asked: Asked, tests: list[BackTest]) -> Iterator[Replay]:
    """The runs; a run of the journal leaves its back-test in ``tests``."""
    if asked.since is None:
        return _file_runs(settings, asked.files)
    return _journal_run(settings, asked.since, stride_s=asked.stride_s, tests=tests)


def _file_runs(settings: Settings, files: Sequence[str]) -> Iterator[Replay]:
    """One finished run a file: every file is a city of its own."""
    for name in files:
        run = Replay(settings, name=name)
        try:
            with open_lines(name) as lines:
                run.feed(read_lines(lines, name))
        except LineError as exc:
            refuse(str(exc))
        run.finish()
        yield run


def _journal_run(
    settings: Settings, since: str, *, stride_s: float, tests: list[BackTest]
) -> Iterator[Replay]:
    since_ms = wall_ms() - _duration_ms(since)
    sent = sent_since(settings, since_ms)
    run = Replay(settings, name="journal")
    with opened_journal(settings) as reader:
        journal = JournalReplay(
            run,
            reader,
            since_ms=since_ms,
            stride_ms=round(stride_s * 1000),
            live=None if sent is None else {one.alert_id: one.vehicle_id for one in sent.alerts},
        )
        feed(journal, settings)
    run.finish()
    if sent is not None and journal.inside is not None:
        said = {name: verdict_of(outcome) for name, outcome in journal.said.items()}
        tests.append(
            back_test(
                sent.alerts,
                sent_of(run.timeline.observed),
                said | sent.verdicts,
                inside=journal.inside,
                zone=ZoneInfo(settings.timezone),
            )
        )
    yield run


@contextmanager
def open_lines(name: str) -> Iterator[Iterator[bytes]]:
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

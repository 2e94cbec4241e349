"""``parkguard journal``: what it holds, whether it is whole, what came last."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devices.entry import Entry, EntryKind
from devices.errors import JournalError
from parkguard.cli_journal_text import as_line, as_row, stats_rows
from parkguard.cli_progress import long_work
from parkguard.cli_shared import CommandError, Json, complain, print_json, print_rows, settings_of
from parkguard.clock import wall_ms
from parkguard.locks import is_held
from parkguard.wiring.shared import READERS, Places
from stores.journal_checking import Checked, verify
from stores.journal_files import first_numbers
from stores.journal_rescue import rescue as rescue_segment

if TYPE_CHECKING:
    from stores.journal_reading import SqliteJournalReader

_LOOK_BACK = 2_000
"""Entries read at once, looking back for messages among the ticks."""
_POLL_S = 0.2
"""Between two looks for new entries."""
_JOURNAL_PARTS = ("up", "ingest", "process", "project")
"""Who has the journal's files open, or starts somebody who has."""

journal_app = typer.Typer(
    no_args_is_help=True,
    help="Look into the journal of raw messages, check it, save what can be read of it.",
)


@journal_app.command(epilog="Examples: parkguard journal stats · parkguard journal stats --json")
def stats(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Print segments, bytes, entries, how far each reader is, and the room that is left."""
    from stores.journal_stats import take_stats  # noqa: PLC0415 - no other command waits for it

    settings = settings_of(ctx)
    folder = _journal(ctx)
    with _told():
        found = take_stats(folder, READERS)
    if as_json:
        limits = {
            "alarm_bytes": settings.journal.alarm_bytes,
            "reserve_bytes": settings.journal.reserve_bytes,
        }
        print_json(asdict(found) | limits)
        return
    print_rows(stats_rows(found, settings.journal, settings.timezone), title=f"journal {folder}")


@journal_app.command(
    "verify", epilog="Examples: parkguard journal verify · parkguard journal verify --json"
)
def verify_(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Read every segment to its end: pages, checksums, numbers without holes.

    Exit 1 when something is wrong. May run beside `up`; an archive is unpacked beside the journal
    and read at about 60 MiB/s.
    """
    folder = _journal(ctx)
    with _told():
        checked = _verified(folder)
    bad = [one for one in checked if one.faults]
    if as_json:
        print_json({"whole": not bad, "segments": [asdict(one) for one in checked]})
    else:
        print_rows(_checked_rows(checked, bad), title=f"journal {folder}")
    if bad:
        complain(
            f"{len(bad)} of {len(checked)} segments are not whole: put them back from a backup, or "
            "see docs/journal.md, Damage"
        )
        raise typer.Exit(1)


@journal_app.command(
    epilog="Examples: parkguard journal tail -n 20 · parkguard journal tail --follow --json"
)
def tail(
    ctx: typer.Context,
    *,
    count: Annotated[
        int, typer.Option("--count", "-n", help="So many of the newest", min=0, max=100_000)
    ] = 10,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C")
    ] = False,
    ticks: Annotated[bool, typer.Option("--ticks", help="The tick of every second, too")] = False,
    personal: Annotated[
        bool,
        typer.Option("--personal", help="Show places, persons and unknown keys, too, not …"),
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the newest entries, a line each: number, time, topic, what it says.

    With --json an object a line.
    """
    from stores.journal_reading import SqliteJournalReader  # noqa: PLC0415 - as above

    zone = settings_of(ctx).timezone
    reader = SqliteJournalReader(_journal(ctx))

    def show(entries: list[Entry]) -> None:
        for entry in entries:
            if as_json:
                print_json(as_row(entry, hidden=not personal))
            else:
                typer.echo(as_line(entry, zone, hidden=not personal))
        sys.stdout.flush()

    pause = threading.Event()
    with _told(), suppress(KeyboardInterrupt):
        last = reader.last_seq()
        show(_newest(reader, last, count, ticks=ticks))
        while follow:
            entries = reader.read(last, _LOOK_BACK)
            show([entry for entry in entries if ticks or entry.kind != EntryKind.TICK])
            last = entries[-1].seq if entries else last
            pause.wait(_POLL_S)
    reader.close()


@journal_app.command(
    epilog="Examples: parkguard journal rescue · parkguard journal rescue --segment 48213"
)
def rescue(
    ctx: typer.Context,
    *,
    segment: Annotated[
        int | None, typer.Option(help="First number of the segment; default: the newest", min=1)
    ] = None,
    as_json: Json = False,
) -> None:
    """Replace a damaged segment by one of all its sound entries. Stop all parts first.

    The damaged files are moved to damaged-... in the journal, and deleted after its retention.
    """
    settings = settings_of(ctx)
    folder = _journal(ctx)
    for part in _JOURNAL_PARTS:
        if is_held(Places(settings.data_dir).run / f"{part}.lock"):
            raise CommandError(f"`parkguard {part}` runs: stop all parts first")
    with _told():
        done = rescue_segment(folder, segment or first_numbers(folder)[-1], now_ms=wall_ms())
    if as_json:
        print_json(asdict(done) | {"aside": str(done.aside)})
        return
    print_rows(
        [
            {"what": "saved", "is": f"{done.saved:,} entries, up to {done.last}"},
            {"what": "missing", "is": ", ".join(f"{a} to {b}" for a, b in done.missing) or "-"},
            {"what": "damaged files", "is": str(done.aside)},
        ],
        title=f"journal {folder}",
    )


def _journal(ctx: typer.Context) -> Path:
    folder = Places(settings_of(ctx).data_dir).journal
    if not first_numbers(folder):
        raise CommandError(
            f"there is no journal in {folder}: run `parkguard up` first, or name the right folder "
            "with PARKGUARD_DATA_DIR"
        )
    return folder


def _verified(folder: Path) -> list[Checked]:
    """Check everything under a bar that counts entries."""
    from stores.journal_reading import SqliteJournalReader  # noqa: PLC0415 - as above

    first = last = first_numbers(folder)[0]
    with suppress(JournalError):  # the check itself says what is wrong
        last = SqliteJournalReader(folder).last_seq()
    with long_work() as progress:
        task = progress.add_task("verify", total=last - first + 1)
        return list(verify(folder, lambda rows: progress.advance(task, rows)))


def _checked_rows(checked: list[Checked], bad: list[Checked]) -> list[dict[str, object]]:
    """The segments that are not whole, a row each, and one row for all others."""
    whole = len(checked) - len(bad)
    rows: list[dict[str, object]] = [
        {
            "segment": f"{one.first:012d}",
            "entries": f"{one.rows:,}",
            "found": "; ".join(one.faults),
        }
        for one in bad
    ]
    entries = sum(one.rows for one in checked if not one.faults)
    return [*rows, {"segment": f"{whole:,} segments", "entries": f"{entries:,}", "found": "whole"}]


def _newest(reader: "SqliteJournalReader", last: int, count: int, *, ticks: bool) -> list[Entry]:
    """The newest entries up to ``last``, ascending."""
    found: list[Entry] = []
    first = reader.first_seq()
    while len(found) < count and last >= first:
        begin = max(first - 1, last - _LOOK_BACK)
        entries: list[Entry] = []
        while more := reader.read(entries[-1].seq if entries else begin, last - begin):
            entries += more
            if more[-1].seq >= last:
                break
        wanted = [
            entry
            for entry in entries
            if entry.seq <= last and (ticks or entry.kind != EntryKind.TICK)
        ]
        found = wanted[-(count - len(found)) :] + found
        last = begin
    return found


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be read, as one line."""
    try:
        yield
    except JournalError as exc:
        raise CommandError(str(exc)) from exc
    except OSError as exc:
        raise CommandError(f"cannot read {exc.filename or 'the journal'}: {exc.strerror}") from exc

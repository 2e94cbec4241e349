"""The doctor's look at what is stored: journal, records, telemetry, LatestState. Read only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from devices.errors import JournalError
from parkguard.doctor import Finding, Grade, Patient
from parkguard.doctor_records import check_server_records, revision_found
from parkguard.records import records_path
from parkguard.settings import Settings
from parkguard.wiring.shared import READERS, Places
from stores.journal_checking import check_newest, faults_of_closed
from stores.journal_files import first_numbers, live_path
from stores.journal_stats import JournalStats, take_stats

MIB = 1_048_576


def check_journal(patient: Patient) -> Iterator[Finding]:
    """The newest segment as a start checks it, the others by their first bytes; the readers."""
    folder = Places(patient.settings.data_dir).journal
    firsts = first_numbers(folder)
    if not firsts:
        yield patient.absent("journal", "nothing stored yet")
        return
    faults = faults_of_closed(folder)
    if live_path(folder, firsts[-1]).exists():
        newest = check_newest(folder, firsts[-1])
        faults += [f"{live_path(folder, firsts[-1]).name}: {newest}"] if newest else []
    else:
        faults.append("the newest segment is missing")
    if not faults:
        try:
            yield from _journal_found(take_stats(folder, READERS), _patience_ms(patient.settings))
        except JournalError as exc:
            faults.append(str(exc))
    if faults:
        yield Finding(
            check="journal",
            grade=Grade.FAIL,
            found="; ".join(faults),
            todo="see docs/journal.md, Damage: a backup, or `parkguard journal rescue`",
        )


def _patience_ms(settings: Settings) -> int:
    """A reader says how far it is at every checkpoint: after two of them it should have, ms."""
    return int(2_000 * max(settings.process.checkpoint_s, settings.project.checkpoint_s))


def _journal_found(stats: JournalStats, patience_ms: int) -> Iterator[Finding]:
    size_mib = sum(segment.bytes for segment in stats.segments) / MIB
    yield Finding(
        check="journal",
        grade=Grade.OK,
        found=f"{len(stats.segments)} segments, {size_mib:,.0f} MiB, the newest is whole",
    )
    never = [
        lag.reader for lag in stats.readers if lag.noted is None and lag.behind_ms > patience_ms
    ]
    lags = ", ".join(f"{lag.reader} {lag.entries:,} behind" for lag in stats.readers)
    yield Finding(
        check="journal_readers",
        grade=Grade.WARN if never else Grade.OK,
        found=lags,
        todo=f"{', '.join(never)} never read: nothing may be dropped" if never else "",
    )


def check_records(patient: Patient) -> Iterator[Finding]:
    """The records database: whole, and at the revision of this program."""
    if patient.settings.records.is_server:
        yield check_server_records(patient)
        return
    path = records_path(patient.settings)
    if not path.exists():
        yield patient.absent("records", "no database yet")
        return
    fault = _fault_of(path)
    if fault:
        yield Finding(
            check="records",
            grade=Grade.FAIL,
            found=fault,
            todo="stop `up`, restore records.db from a backup (docs/operate.md)",
        )
        return
    engine = sa.create_engine(f"sqlite:///file:{path.absolute()}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            yield revision_found(connection, "SQLite")
    finally:
        engine.dispose()


def check_telemetry(patient: Patient) -> Iterator[Finding]:
    """The telemetry store and the projector's own books: can be opened and read."""
    for name, file in (("telemetry", "telemetry.db"), ("project_books", "project.db")):
        if name == "telemetry" and patient.settings.telemetry.store != "sqlite":
            continue
        path = patient.settings.data_dir / file
        if not path.exists():
            yield patient.absent(name, "nothing stored yet")
            continue
        fault = _fault_of(path, pragma="schema_version")
        yield Finding(
            check=name,
            grade=Grade.FAIL if fault else Grade.OK,
            found=fault or f"{path.stat().st_size / MIB:,.0f} MiB",
            todo="stop `up` and delete the file: the journal builds it again" if fault else "",
        )


def check_latest(patient: Patient) -> Iterator[Finding]:
    """LatestState, which the API serves positions from."""
    path = patient.settings.data_dir / "latest" / "latest.bin"
    if not path.exists():
        yield patient.absent("latest", "nothing stored yet")
        return
    size = path.stat().st_size
    yield Finding(
        check="latest",
        grade=Grade.OK if size else Grade.FAIL,
        found=f"{size:,} bytes",
        todo="" if size else "restart `parkguard up`: the processor makes it again",
    )


def _fault_of(path: Path, *, pragma: str = "quick_check(1)") -> str:
    """What SQLite says is wrong with a file, or ""."""
    try:
        with closing(sqlite3.connect(f"file:{path.absolute()}?mode=ro", uri=True)) as connection:
            (answer,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    except sqlite3.Error as exc:
        return str(exc)
    return "" if answer == "ok" or isinstance(answer, int) else str(answer)

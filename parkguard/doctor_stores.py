"""The doctor's look at what is stored: journal, records, telemetry, LatestState. Read only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from parkguard.doctor import Finding, Grade, Patient
from parkguard.doctor_records import check_server_records, revision_found
from parkguard.records import records_path

MIB = 1_048_576
LOOKED_AT = 2
"""So many of the newest segments are checked page by page; a segment takes about a second."""


def check_journal(patient: Patient) -> Iterator[Finding]:
    """Segments: readable and whole, by SQLite's own quick check of the newest."""
    segments = sorted((patient.settings.data_dir / "journal").glob("[0-9]*.db"))
    if not segments:
        yield patient.absent("journal", "nothing stored yet")
        return
    faults = {path.name: fault for path in segments[-LOOKED_AT:] if (fault := _fault_of(path))}
    size_mib = sum(path.stat().st_size for path in segments) / MIB
    if faults:
        name, fault = next(iter(faults.items()))
        yield Finding(
            check="journal",
            grade=Grade.FAIL,
            found=f"{name}: {fault}",
            todo="stop `up`, restore this segment from a backup (docs/operate.md)",
        )
        return
    yield Finding(
        check="journal",
        grade=Grade.OK,
        found=f"{len(segments)} segments, {size_mib:,.0f} MiB, the newest are whole",
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

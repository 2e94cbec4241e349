"""What ``parkguard export`` does once it knows what is asked: lock, audit, files, their list."""

import dataclasses
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from api.roles import Role
from devices.errors import StoreError
from parkguard.cli_progress import long_work
from parkguard.cli_shared import CommandError, print_json, print_rows, system_user
from parkguard.clock import wall_ms
from parkguard.export_days import Asked, Exported, export_days
from parkguard.locks import AlreadyRunning, hold_lock
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.export import build_row_reader
from stores.parquet_days import sweep
from stores.queries_actions import ActionWriter
from stores.registry import Registry

_LOCK = ".export.lock"
_TERMINATED = 128 + signal.SIGTERM


def run_export(
    settings: Settings,
    days: tuple[date, date],
    measurements: Sequence[str],
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Write the files and say which.

    Raises:
        CommandError: No rows, a folder that cannot be written, a store that cannot be read.
    """
    engine = open_migrated(settings)
    try:
        asked = Asked(
            first=days[0],
            last=days[1],
            measurements=measurements,
            device_ids=sorted(device.id for device in Registry(engine, wall_ms).devices()),
            folder=folder,
        )
        with _told(folder), _alone(folder), closing(build_row_reader(settings)) as reader:
            _note(engine, asked)
            with terminable(), _bar(asked) as progressed:
                done = list(export_days(reader, asked, progressed))
    finally:
        engine.dispose()
    _tell(asked, [one for one in done if one.rows], as_json=as_json)


def _tell(asked: Asked, files: Sequence[Exported], *, as_json: bool) -> None:
    if not files:
        raise CommandError(
            f"no rows of {', '.join(asked.measurements)} from {asked.first} to {asked.last} (UTC) "
            f"of {len(asked.device_ids):,} devices in the registry: nothing was written"
        )
    if as_json:
        print_json({"folder": str(asked.folder), "files": files})
        return
    print_rows([dataclasses.asdict(one) for one in files], title="exported; days are UTC")
    sys.stdout.write("Tracks are personal data: delete the files when they are not needed.\n")


def _note(engine: sa.Engine, asked: Asked) -> None:
    """Who exports what, in the audit before the first row is read."""
    what = f"export:{asked.first}..{asked.last}:{','.join(asked.measurements)}"
    row = (wall_ms(), system_user(), Role.ADMIN.value, "telemetry_exported", what, "")
    ActionWriter(engine).note([row])


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the machine refuses, as one line."""
    try:
        yield
    except OSError as exc:
        why = exc.strerror or exc
        raise CommandError(f"cannot write {exc.filename or folder}: {why}") from exc
    except StoreError as exc:
        raise CommandError(f"{exc}; files that were done stay in {folder}") from exc


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder, made when missing, for this export alone, without what a killed one left."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with hold_lock(folder / _LOCK):
            sweep(folder)
            yield
    except AlreadyRunning as exc:
        raise CommandError(f"another export writes to {folder}: wait for it") from exc


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM ends the block as an exception does: what is half done is deleted."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _bar(asked: Asked) -> Iterator[Callable[[str, int], None]]:
    """A bar while a terminal looks on."""
    files = len(asked.days()) * len(asked.measurements)
    with long_work() as progress:
        task = progress.add_task("export", total=files * len(asked.device_ids))
        yield lambda what, devices: progress.update(task, description=what, advance=devices)

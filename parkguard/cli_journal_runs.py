"""The live journal for commands that run it again: opened, fed with a bar, its faults in words."""

from collections.abc import Iterator
from contextlib import contextmanager

from devices.errors import JournalError
from devices.registry import Registry
from parkguard.cli_progress import long_work
from parkguard.cli_shared import CommandError
from parkguard.records import open_migrated, records_path
from parkguard.replay.from_journal import JournalReplay
from parkguard.settings import Settings
from parkguard.wiring.shared import Places, registered
from stores.journal_picking import JournalPicker


@contextmanager
def opened_journal(settings: Settings) -> Iterator[JournalPicker]:
    """A reader of the journal, closed at the end.

    Raises:
        CommandError: There is no journal, or it cannot be read; says what to do.
    """
    reader = JournalPicker(Places(settings.data_dir).journal)
    try:
        if not reader.last_seq():
            raise CommandError(
                f"there is no journal below {settings.data_dir}: name the right folder with "
                "PARKGUARD_DATA_DIR, or run parkguard up first"
            )
        yield reader
    except JournalError as exc:
        raise CommandError(f"the journal cannot be read: {exc}") from exc
    finally:
        reader.close()


def feed(journal: JournalReplay, settings: Settings) -> None:
    """Run every entry, with a bar while a terminal looks on."""
    with long_work() as progress:
        task = progress.add_task("journal", total=None)
        journal.feed(
            lambda: registry_of(settings),
            lambda done, total: progress.update(task, completed=done, total=total),
        )


def registry_of(settings: Settings) -> Registry:
    """The registry of the records, for a journal whose first entries are gone.

    Raises:
        CommandError: There are no records.
    """
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

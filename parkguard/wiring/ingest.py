"""The receiver and its adapters."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
import structlog

from devices.errors import JournalError
from ingest.ports import StatusSink
from ingest.receiver import Receiver, ReceiverLimits
from ingest.source import MqttSource, SourceSettings
from parkguard import __version__
from parkguard.adapters import foreign_topics
from parkguard.clock import SteadyClock, boottime_ms, wall_ms
from parkguard.journal_watch import JournalWatch
from parkguard.records import open_migrated
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings
from parkguard.wiring.shared import MIB, Places, Stop, one_of
from stores.journal_checking import faults_of_closed
from stores.journal_sqlite import SqliteJournalWriter
from stores.processing import RecordsControl, RecordsProcessLedger
from stores.telemetry_sqlite import SqliteProjectLedger

log = structlog.get_logger()
CLOSED_DAMAGED = "intake goes on; see `parkguard journal verify` and docs/journal.md, Damage"


def run_ingest(settings: Settings, *, source_type: type[MqttSource] = MqttSource) -> int:
    """Broker to journal until SIGTERM. Tests hand in a source that dies in the worst moment."""
    places, stop = Places(settings.data_dir), Stop()
    with one_of(places, "ingest") as said, telling_why(said):
        engine = open_migrated(settings)
        already = _read_already(places, engine)
        journal = SqliteJournalWriter(
            places.journal,
            segment_bytes=int(settings.journal.segment_mb * MIB),
            reserve_bytes=settings.journal.reserve_bytes,
            now_ms=wall_ms,
            start_after=already,
        )
        for fault in faults_of_closed(places.journal):
            log.error("journal_segment_damaged", found=fault, todo=CLOSED_DAMAGED)
        newest = journal.last()
        if newest is None and already:
            log.error("journal_begun_anew", after=already, todo="was it deleted, or moved?")
        clock = SteadyClock(
            places.clock, last=(newest.elapsed_ms, newest.recv_ms) if newest else None
        )
        broker, ingest = settings.broker, settings.ingest
        source = source_type(
            SourceSettings(
                host=broker.host,
                port=broker.port,
                root=broker.root,
                foreign=tuple(
                    each
                    for filters in foreign_topics(settings.adapters).values()
                    for each in filters
                ),
                user="pg-ingest",
                password=ensure_secret(places.secrets, "ingest_password").value,
                max_inflight=broker.max_inflight,
                silent_ms=int(ingest.silent_s * 1000),
                echo_ms=int(ingest.echo_s * 1000),
                wedged_ms=int(ingest.wedged_s * 1000),
                was_here=newest is not None,
            ),
            boottime_ms,
        )
        receiver = Receiver(
            source=source,
            journal=journal,
            control=RecordsControl(engine),
            status=JournalWatch(said, places.journal, settings.journal),
            limits=ReceiverLimits(
                batch_max=ingest.batch_max,
                linger_s=ingest.linger_ms / 1000,
                control_poll_ms=ingest.control_poll_ms,
            ),
            wall_ms=wall_ms,
            elapsed_ms=clock.elapsed_ms,
            steady_ms=boottime_ms,
            wait=stop.wait,
        )
        source.start()
        receiver.run()
        journal.close()
    return 0


@contextmanager
def telling_why(status: StatusSink) -> Iterator[None]:
    """A journal that cannot be trusted ends the process: not ready from this moment on."""
    try:
        yield
    except JournalError as exc:
        status.write(ready=False, reason=str(exc), metrics={})
        raise


def _read_already(places: Places, engine: sa.Engine) -> int:
    """How far the readers are: numbers never begin below (a restored or wiped journal)."""
    processed = RecordsProcessLedger(engine, __version__, now_ms=wall_ms).offset()
    ledger = SqliteProjectLedger(places.project)
    try:
        return max(processed, ledger.offset())
    finally:
        ledger.close()

"""The processor and its adapters."""

from collections.abc import Mapping

from devices.health import Rows
from ingest.downlinks import DownlinkAddress, MqttDownlinks
from ingest.processor import Processor, ProcessorLimits
from parkguard import __version__
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings
from parkguard.wiring.forgetting import forgetting
from parkguard.wiring.pipeline import build_pipeline
from parkguard.wiring.shadow import build_shadow
from parkguard.wiring.shared import Places, Stop, one_of, registered, steady_ms
from stores.checkpoints import FileCheckpoints
from stores.journal_reading import SqliteJournalReader
from stores.latest_state import LatestStateFile
from stores.processing import RecordsProcessLedger


def run_process(
    settings: Settings, *, ledger_type: type[RecordsProcessLedger] = RecordsProcessLedger
) -> int:
    """Journal to decisions until SIGTERM. Tests hand in a ledger that dies in the worst moment."""
    places, stop = Places(settings.data_dir), Stop()
    with one_of(places, "process") as status:
        engine = open_migrated(settings)
        columns = LatestColumns(LatestStateFile.create_or_open(places.latest, writable=True))
        process, downlinks = settings.process, _downlinks(settings, places)
        processor = Processor(
            pipeline=build_pipeline(
                settings,
                columns.rows_for,
                adapters=settings.adapters,
                bound=settings.quarantine,
            ),
            journal=SqliteJournalReader(places.journal),
            ledger=ledger_type(engine, __version__, now_ms=wall_ms),
            latest=columns,
            checkpoints=FileCheckpoints(places.checkpoints, "processor"),
            downlinks=downlinks,
            status=status,
            limits=ProcessorLimits(
                batch_max=process.batch_max,
                poll_s=process.poll_ms / 1000,
                commit_ms=process.commit_ms,
                checkpoint_ms=process.checkpoint_s * 1000,
            ),
            steady_ms=steady_ms,
            wait=stop.wait,
            tidy=forgetting(engine, settings.quarantine.retention_days, settings.records),
            shadow=build_shadow(settings, engine),
        )
        processor.resume(registered(engine))
        downlinks.start()
        processor.run()
        downlinks.stop()
    return 0


def _downlinks(settings: Settings, places: Places) -> MqttDownlinks:
    broker = settings.broker
    return MqttDownlinks(
        DownlinkAddress(
            host=broker.host,
            port=broker.port,
            root=broker.root,
            user="pg-process",
            password=ensure_secret(places.secrets, "process_password").value,
        )
    )


class LatestColumns:
    """LatestState as ``devices.health`` and the processor write it."""

    def __init__(self, file: LatestStateFile) -> None:
        """Write into ``file``."""
        self._file = file
        self._file.ensure(0)

    def rows_for(self, slot: int) -> Rows:
        """All rows, with room for ``slot``."""
        self._file.ensure(slot)
        return self._file.rows

    def show(self, *, armed: Mapping[int, int], levels: Mapping[int, int]) -> None:
        """Write arming and level by slot."""
        rows = self.rows_for(max([0, *armed, *levels]))
        for name, values in (("armed", armed), ("level", levels)):
            for slot, value in values.items():
                if rows[name][slot] != value:
                    rows["version"][slot] += 1
                    rows[name][slot] = value
                    rows["version"][slot] += 1

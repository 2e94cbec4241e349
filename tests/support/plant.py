"""A processor and a projector over one journal in memory, killed and started at will."""

from alerts.engine import Engine
from alerts.pipeline import Pipeline
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.admission import Admission
from devices.entry import Entry
from devices.health import Health
from devices.presence import PresencePolicy
from devices.registry import Registry
from devices.thinning import Thinner, ThinningPolicy
from ingest.processor import Processor, ProcessorLimits
from ingest.projector import Projector, ProjectorLimits
from ingest.shadow import Shadow
from support.factories import ROOT
from support.fakes import (
    Clock,
    KeptRefused,
    LatestColumns,
    ListJournal,
    MemoryCheckpoints,
    MemoryLedger,
    MemoryTelemetry,
    ProjectBook,
    Rounds,
    SaidToDevices,
    Shown,
    Told,
)
from support.rates import thresholds


class ProcessorPlant:
    """What stays when the processor is killed: journal, ledger, checkpoints, LatestState."""

    def __init__(
        self, entries: list[Entry], *, batch_max: int = 1_000, shadow: Shadow | None = None
    ) -> None:
        self.shadow = shadow
        self.journal = ListJournal(entries)
        self.ledger = MemoryLedger()
        self.checkpoints = MemoryCheckpoints()
        self.latest = LatestColumns()
        self.shown = Shown()
        self.devices = SaidToDevices()
        self.told = Told()
        self.clock = Clock()
        self.rounds = Rounds(1, self.clock)
        self.fallback = Registry()
        self._limits = ProcessorLimits(
            batch_max=batch_max, poll_s=0.1, commit_ms=500, checkpoint_ms=60_000
        )
        self.processor = self.start()

    def start(self, *, rounds: int = 1) -> Processor:
        """A new process: it knows nothing but what stayed."""
        admission = Admission(ROOT)
        self.rounds = Rounds(rounds, self.clock)
        self.processor = Processor(
            pipeline=Pipeline(
                admission=admission,
                health=Health(self.latest, PresencePolicy()),
                engine=Engine(
                    admission.registry,
                    DetectionPolicy(),
                    DispatchPolicy(),
                    thresholds=thresholds(),
                ),
            ),
            journal=self.journal,
            ledger=self.ledger,
            latest=self.shown,
            checkpoints=self.checkpoints,
            downlinks=self.devices,
            status=self.told,
            limits=self._limits,
            steady_ms=self.clock,
            wait=self.rounds,
            tidy=lambda: None,
            shadow=self.shadow,
        )
        self.processor.resume(self.fallback)
        return self.processor


class ProjectorPlant:
    """What stays when the projector is killed: journal, its books, checkpoints, telemetry."""

    def __init__(self, entries: list[Entry], *, batch_max: int = 20) -> None:
        self.journal = ListJournal(entries)
        self.book = ProjectBook()
        self.telemetry = MemoryTelemetry()
        self.refused = KeptRefused()
        self.checkpoints = MemoryCheckpoints()
        self.told = Told()
        self.clock = Clock()
        self.tidied = 0
        self._batch_max = batch_max
        self.rounds = Rounds(1, self.clock)
        self.fallback = Registry()
        self.projector = self.start()

    def start(self, *, rounds: int = 1, checkpoint_ms: float = 60_000) -> Projector:
        """A new process: it knows nothing but what stayed."""
        self.rounds = Rounds(rounds, self.clock)
        self.projector = Projector(
            admission=Admission(ROOT),
            thinner=Thinner(ThinningPolicy()),
            journal=self.journal,
            ledger=self.book,
            telemetry=self.telemetry,
            refused=self.refused,
            checkpoints=self.checkpoints,
            status=self.told,
            limits=ProjectorLimits(
                batch_max=self._batch_max, poll_s=0.1, checkpoint_ms=checkpoint_ms
            ),
            steady_ms=self.clock,
            wait=self.rounds,
            tidy=self._tidy,
        )
        self.projector.resume(self.fallback)
        return self.projector

    def _tidy(self) -> None:
        self.tidied += 1

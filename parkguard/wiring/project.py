"""The projector and its adapters."""

import os
from collections.abc import Callable

import structlog

from devices.admission import Admission
from devices.errors import JournalError
from devices.foreign.enabled import adapters_of
from devices.thinning import Thinner, ThinningPolicy
from ingest.projector import Projector, ProjectorLimits
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.shared import HOUR_MS, READERS, Places, Stop, one_of, registered, steady_ms
from parkguard.wiring.telemetry import build_telemetry, greet_influx
from stores.checkpoints import FileCheckpoints
from stores.journal_reading import SqliteJournalReader
from stores.journal_segments import retire
from stores.telemetry_refused import SqliteRefusedRows
from stores.telemetry_sqlite import SqliteProjectLedger

log = structlog.get_logger()
NICE = 5
"""Tracks give way to alerts when there is less CPU than work. Ours."""


def run_project(settings: Settings) -> int:
    """Journal to telemetry store until SIGTERM."""
    places, stop = Places(settings.data_dir), Stop()
    os.nice(NICE)
    with one_of(places, "project") as status:
        engine = open_migrated(settings)
        greet_influx(settings)
        project = settings.project
        reader = SqliteJournalReader(places.journal)
        projector = Projector(
            admission=Admission(settings.broker.root, adapters=adapters_of(settings.adapters)),
            thinner=Thinner(
                ThinningPolicy(
                    row_s=project.parked_row_s,
                    radius_m=project.parked_radius_m,
                    status_row_s=project.status_row_s,
                )
            ),
            journal=reader,
            ledger=SqliteProjectLedger(places.project),
            telemetry=build_telemetry(settings),
            refused=SqliteRefusedRows(places.refused),
            checkpoints=FileCheckpoints(places.checkpoints, "projector"),
            status=status,
            limits=ProjectorLimits(
                batch_max=project.batch_max,
                poll_s=project.poll_ms / 1000,
                checkpoint_ms=project.checkpoint_s * 1000,
            ),
            steady_ms=steady_ms,
            wait=stop.wait,
            tidy=_retirement(settings, places),
        )
        projector.resume(registered(engine))
        projector.run()
    return 0


def _retirement(settings: Settings, places: Places) -> Callable[[], None]:
    """Archive and drop what both readers are past."""

    def tidy() -> None:
        try:
            retire(
                places.journal,
                now_ms=wall_ms(),
                retention_ms=int(settings.journal.retention_h * HOUR_MS),
                readers=READERS,
                at_most=1,
            )
        except JournalError as exc:
            if not exc.may_pass:
                raise
            log.warning("retirement_postponed", reason=str(exc))

    return tidy

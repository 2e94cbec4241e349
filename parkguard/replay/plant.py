"""The live pipeline, wired for a replay: an array in the place of the shared columns."""

import msgspec
import numpy as np

from alerts.engine import Engine
from alerts.pipeline import Pipeline, PipelineState
from devices.admission import Admission
from devices.health import Health, Rows
from devices.latest import LATEST_DTYPE
from parkguard.settings import Settings


class LatestArray:
    """LatestState in memory; it outlives a restart as the file does."""

    def __init__(self) -> None:
        """Room for the first devices."""
        self.rows: Rows = _unknown(1_024)

    def rows_for(self, slot: int) -> Rows:
        """All rows, with room for ``slot``."""
        if slot >= len(self.rows):
            rows = _unknown(max(slot + 1, 2 * len(self.rows)))
            rows[: len(self.rows)] = self.rows
            self.rows = rows
        return self.rows


def _unknown(size: int) -> Rows:
    rows: Rows = np.zeros(size, LATEST_DTYPE)
    for name in LATEST_DTYPE.names or ():
        if LATEST_DTYPE[name].kind == "f":
            rows[name] = np.nan
    return rows


def build_pipeline(settings: Settings, latest: LatestArray) -> Pipeline:
    """The parts of ``parkguard process`` on an array, with the same settings."""
    admission = Admission(settings.broker.root)
    return Pipeline(
        admission=admission,
        health=Health(latest.rows_for, settings.presence),
        engine=Engine(admission.registry, settings.detection, settings.policy),
    )


def restarted(pipeline: Pipeline, settings: Settings, latest: LatestArray) -> Pipeline:
    """The pipeline of a process that was killed and started from a checkpoint of this moment."""
    blob = msgspec.msgpack.encode(pipeline.dump())
    fresh = build_pipeline(settings, latest)
    fresh.load(msgspec.msgpack.decode(blob, type=PipelineState))
    return fresh

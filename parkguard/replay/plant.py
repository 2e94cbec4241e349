"""The live pipeline, wired for a replay: an array in the place of the shared columns."""

from dataclasses import fields, replace

import msgspec
import numpy as np

from alerts.engine import Engine
from alerts.pipeline import Pipeline, PipelineState
from devices.admission import Admission
from devices.foreign.enabled import adapters_of
from devices.foreign.policy import AdapterPolicy
from devices.health import Health, Rows
from devices.latest import LATEST_DTYPE
from devices.quarantine_bound import QuarantineBound, QuarantinePolicy
from parkguard.settings import Settings

ADAPTERS = frozenset(field.name for field in fields(AdapterPolicy))
"""Adapters that a device's foreign id can switch on."""

_ALL = 1 << 60
_UNBOUNDED = QuarantinePolicy(
    bytes_per_device_day=_ALL, rows_per_device_day=_ALL, bytes_per_day=_ALL
)
"""A replay keeps everything that was refused: it is asked for each of them."""


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


def _switched_on(policy: AdapterPolicy, names: frozenset[str]) -> AdapterPolicy:
    changes = {name: replace(getattr(policy, name), enabled=True) for name in names}
    return replace(policy, **changes)


def _unknown(size: int) -> Rows:
    rows: Rows = np.zeros(size, LATEST_DTYPE)
    for name in LATEST_DTYPE.names or ():
        if LATEST_DTYPE[name].kind == "f":
            rows[name] = np.nan
    return rows


def build_pipeline(
    settings: Settings, latest: LatestArray, adapters: frozenset[str] = frozenset()
) -> Pipeline:
    """The parts of ``parkguard process`` on an array, with the same settings.

    ``adapters`` are switched on beside those of the settings, as a device's foreign id does.
    """
    policy = _switched_on(settings.adapters, adapters)
    admission = Admission(settings.broker.root, adapters=adapters_of(policy))
    return Pipeline(
        admission=admission,
        health=Health(latest.rows_for, settings.presence),
        engine=Engine(admission.registry, settings.detection, settings.policy),
        bound=QuarantineBound(_UNBOUNDED),
    )


def restarted(
    pipeline: Pipeline,
    settings: Settings,
    latest: LatestArray,
    adapters: frozenset[str] = frozenset(),
) -> Pipeline:
    """The pipeline of a process that was killed and started from a checkpoint of this moment."""
    blob = msgspec.msgpack.encode(pipeline.dump())
    fresh = build_pipeline(settings, latest, adapters)
    fresh.load(msgspec.msgpack.decode(blob, type=PipelineState))
    return fresh

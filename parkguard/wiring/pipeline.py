"""The way of a message, wired once: for the live process and for a replay of it."""

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from alerts.engine import Engine
from alerts.pipeline import Pipeline
from devices.admission import Admission
from devices.foreign.enabled import adapters_of
from devices.foreign.policy import AdapterPolicy
from devices.health import Health, Rows
from devices.quarantine_bound import QuarantineBound, QuarantinePolicy
from devices.registry import Registry
from parkguard.detection_rates import thresholds_of
from parkguard.settings import Settings


def build_pipeline(
    settings: Settings,
    rows_for: Callable[[int], Rows],
    *,
    adapters: AdapterPolicy,
    bound: QuarantinePolicy,
) -> Pipeline:
    """Admission, health and detection as the settings say.

    Args:
        settings: Of the run; the adapters and the bound of it are handed in beside it.
        rows_for: Gives LatestState with room for a slot.
        adapters: Which foreign payloads are read, and how.
        bound: How much is kept in quarantine.
    """
    admission = Admission(settings.broker.root, adapters=adapters_of(adapters))
    return Pipeline(
        admission=admission,
        health=Health(rows_for, settings.presence),
        engine=build_engine(settings, admission.registry),
        bound=QuarantineBound(bound),
        downlinks=settings.downlinks,
        fire=settings.fire,
        notices=settings.notices,
        zone=ZoneInfo(settings.timezone),
    )


def build_engine(settings: Settings, registry: Registry) -> Engine:
    """The detector as the settings say, over a registry that is shared with admission."""
    return Engine(
        registry,
        settings.detection,
        settings.policy,
        thresholds=thresholds_of(settings),
        witness=settings.witness,
        zone=ZoneInfo(settings.timezone),
    )


def switched_on(policy: AdapterPolicy, names: frozenset[str]) -> AdapterPolicy:
    """``policy`` with these adapters on, beside those that are."""
    changes = {name: replace(getattr(policy, name), enabled=True) for name in names}
    return replace(policy, **changes)

"""What may be chosen for the demo; the command line needs no more of it."""

from dataclasses import dataclass
from enum import StrEnum


class DemoStore(StrEnum):
    """Where tracks and measurements go."""

    SQLITE = "sqlite"
    INFLUX = "influx"


class DemoRecords(StrEnum):
    """Where registry, alerts and books are."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStores:
    """Which stores the demo uses."""

    telemetry: DemoStore = DemoStore.SQLITE
    records: DemoRecords = DemoRecords.SQLITE

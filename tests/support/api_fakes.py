"""Small real stand-ins for what the API reads besides the records database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from api.explain_port import CannotExplain, ExplainerBusy, ToExplain
from api.explain_schemas import ExplanationOut, FixesOut, WordsOut
from devices.latest import LATEST_DTYPE, HealthColumns, blank_rows, health_of
from devices.presence import Presence
from devices.telemetry import MEASUREMENTS, Row
from stores.memory import MemoryTelemetry

_FLOATS = ("acc_m", "speed_mps", "course_deg", "battery_pct", "rssi_dbm", "clock_off_ms")


@dataclass(slots=True)
class FakeLatest:
    """LatestState in memory."""

    rows: dict[int, np.void] = field(default_factory=dict)

    def get(self, slot: int) -> np.void | None:
        """The row of a slot."""
        return self.rows.get(slot)

    def many(self, slots: NDArray[np.int64]) -> NDArray[np.void]:
        """The rows of slots, blank where there is none."""
        found = blank_rows(len(slots))
        for k, slot in enumerate(slots.tolist()):
            if slot in self.rows:
                found[k] = self.rows[slot]
        return found

    def health(self, slots: NDArray[np.int64]) -> HealthColumns:
        """Health of slots."""
        return health_of(self.many(slots), np.arange(len(slots)))

    def put(self, slot: int, **values: object) -> None:
        """Replace the row of a slot; what is not given is unknown."""
        array = np.zeros(1, LATEST_DTYPE)
        array["version"] = 2
        for name in (*_FLOATS, "lat_deg", "lon_deg"):
            array[name] = np.nan
        array["presence"] = Presence.ONLINE
        for name, value in values.items():
            array[name] = value
        self.rows[slot] = array[0]


class FakeTrack(MemoryTelemetry):
    """A telemetry store in memory, and a short way to put a fix in."""

    def put(self, device_id: str, t_ms: int, seq: int, lat_deg: float, lon_deg: float) -> None:
        """Add one fix."""
        values: dict[str, float | int | str | None] = dict.fromkeys(MEASUREMENTS["fix"])
        values |= {"lat_deg": lat_deg, "lon_deg": lon_deg, "acc_m": 6.0, "source": "gnss"}
        self.write([Row("fix", device_id, t_ms, seq, tuple(values.values()))])


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeStatus:
    """A status file."""

    ready: bool = True
    reason: str = ""
    at_ms: int
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class KeptStatus:
    """Where the process's own status goes."""

    written: list[tuple[bool, str, dict[str, float]]] = field(default_factory=list)

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        """Keep it."""
        self.written.append((ready, reason, dict(metrics)))


@dataclass(slots=True)
class FakeExplainer:
    """Explains every alert by an empty story; ``fault`` is raised instead when it is set."""

    asked: list[ToExplain] = field(default_factory=list)
    fault: CannotExplain | ExplainerBusy | None = None

    def explain(self, alert: ToExplain) -> ExplanationOut:
        """Note the question."""
        self.asked.append(alert)
        if self.fault is not None:
            raise self.fault
        return ExplanationOut(
            alert_id=alert.alert_id,
            vehicle_id=alert.vehicle_id,
            timezone="Asia/Shanghai",
            from_ms=alert.onset_ms,
            to_ms=alert.acted_ms,
            began_ms=alert.onset_ms,
            neighbours=0,
            whole_area=True,
            raised_again=False,
            verdict=WordsOut(en="nothing was told", zh="-"),
            because=[],
            alerts=[],
            centre=None,
            decisive=None,
            decisive_signs=[],
            fixes_total=0,
            fixes=FixesOut.model_validate({name: [] for name in FixesOut.model_fields}),
            witnesses=[],
            hindrances=[],
            happenings=[],
            unwatched=[],
            silences=[],
        )

"""The view of a run that expectations and outputs look at; nothing is changed by looking."""

from devices.model import Device
from parkguard.replay.enrolment import Enrolment
from parkguard.replay.state_names import device_state, vehicle_state
from parkguard.replay.timeline import Timeline


class SeenWorld:
    """The pipeline's present state and what the run gave so far."""

    def __init__(self, timeline: Timeline, enrolment: Enrolment) -> None:
        """Look at these."""
        self._pipeline = timeline.pipeline
        self._rows = timeline.latest.rows
        self._enrolment = enrolment
        self.observed = timeline.observed
        self.clock = timeline.clock

    def device_line(self, device_id: str) -> dict[str, object]:
        """The ``--state`` line of a device; empty when there is no such device."""
        device = self._pipeline.admission.registry.devices.get(device_id)
        if device is None:
            return {}
        return device_state(device, self._pipeline, self._rows, self.observed)

    def vehicle_line(self, vehicle_id: str) -> dict[str, object]:
        """The ``--state`` line of a vehicle; empty when there is no such vehicle."""
        if vehicle_id not in self._pipeline.admission.registry.vehicles:
            return {}
        return vehicle_state(vehicle_id, self._pipeline, self._rows)

    def trackers(self, vehicle_id: str) -> list[Device]:
        """The trackers bound to a vehicle."""
        return self._pipeline.engine.trackers(vehicle_id)

    def refused_fences(self) -> list[str]:
        """Fences that staff tried to save and may not."""
        return [fence_id for fence_id, _ in self._enrolment.refused]

    def lines(self) -> list[dict[str, object]]:
        """All device lines, then all vehicle lines, by id."""
        registry = self._pipeline.admission.registry
        return [self.device_line(name) for name in sorted(registry.devices)] + [
            self.vehicle_line(name) for name in sorted(registry.vehicles)
        ]

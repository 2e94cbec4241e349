"""Many vehicles near each other, each with its own phase of reporting."""

from collections.abc import Callable

from alerts.model import AlertChange, AlertKind
from devices.model import Device, Site, Vehicle
from devices.readings import EventType
from support.factories import a_device, a_fix, a_vehicle, an_event, place
from support.scene import Scene

Metres = tuple[float, float]


class Crowd(Scene):
    """Vehicles ``v-1`` ... ``v-N`` at spots in metres east and north, all reporting every 10 s."""

    def __init__(
        self, spots: list[Metres], *, sites: tuple[Site, ...] = (), vehicle: Vehicle | None = None
    ) -> None:
        super().__init__(trackers=len(spots), vehicle=vehicle)
        self.spots = spots
        self.registry.sites = {site.id: site for site in sites}
        self.engine.follow(self.registry)

    def stay(self, seconds: float) -> None:
        """All report from where they were parked."""
        self.move(seconds, lambda _k, _s: (0.0, 0.0))

    def move(self, seconds: float, shift: Callable[[int, float], Metres | None]) -> None:
        """Report ``shift(number, seconds since)`` from the spot; None = this one is not heard."""
        began_s = self.now_s
        while self.now_s < began_s + seconds:
            self.wait(1)
            for number, (east_m, north_m) in enumerate(self.spots, start=1):
                if round(self.now_s) % 10 == number % 10:
                    gone = shift(number, self.now_s - began_s)
                    if gone is not None:
                        fix = a_fix(self.now_s, east_m + gone[0], north_m + gone[1])
                        self.hear(fix, number=number)

    def say(self, type_: EventType, *numbers: int, every_s: float = 0.0) -> None:
        """Events of some, one after the other."""
        for number in numbers:
            self.hear(an_event(type_, self.now_s), number=number, device=self.device(number))
            if every_s:
                self.wait(every_s)

    def device(self, number: int) -> Device:
        """A tracker as it is registered."""
        return self.registry.devices[a_device(number).id]

    def of_vehicles(self, *numbers: int) -> list[AlertChange]:
        """Changes of alerts of some vehicles."""
        wanted = {a_vehicle(number).id for number in numbers}
        return [change for change in self.effects.alerts if change.vehicle_id in wanted]

    @property
    def areas(self) -> list[AlertChange]:
        """Changes of area incidents."""
        return [change for change in self.effects.alerts if change.kind is AlertKind.AREA]

    @property
    def raised(self) -> list[str]:
        """Vehicles with an alert that was raised, in order."""
        return [change.vehicle_id for change in self.effects.alerts if change.what == "raised"]


def a_site(**changes: object) -> Site:
    """A charging site at ``HOME``, a point."""
    lat_deg, lon_deg = place(0)
    values = {"id": "site-1", "lat_deg": lat_deg, "lon_deg": lon_deg} | changes
    return Site(**values)  # type: ignore[arg-type]

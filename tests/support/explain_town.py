"""A town in a journal and its records, whose vehicles witness for each other over a border."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from devices.control import AnyControl
from devices.entry import Entry, Incoming
from devices.model import Device, DeviceClass, Site
from devices.readings import EventType
from parkguard.explain.deadline import Deadline
from parkguard.explain.near_run import NearRun
from parkguard.explain.running import explain_journal
from parkguard.explain.story import Period, Story
from parkguard.explain.window import FEW, Window
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.shared import Places, registered
from stores.journal_picking import JournalPicker
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.registry_near import Near
from support.factories import (
    a_control,
    a_device,
    a_tick,
    a_vehicle,
    an_entry,
    at_ms,
    event_bytes,
    fix_bytes,
    place,
)
from support.stores_journal import writing_to

HERE, BESIDE, FAR = "340104001", "340104002", "340104009"
NUMBERS = {HERE: range(1, 7), BESIDE: range(7, 11), FAR: range(20, 45)}
"""Vehicles of each area: six at one site, four behind the border, 25 at the other end of town."""
STATION = "chg-000001"
ENDS_S = 400
MIDDLE_S = 150
"""Something happens from here on."""
FIRST = 1_000
"""The journal's first entry: what came before it is gone, and the registry is the records'."""

Shift = Callable[[int, float], float]


@dataclass(kw_only=True)
class Town:
    """What happens, second by second; everybody stands still but for ``shift``.

    Attributes:
        shift: Metres east of its spot, by number of the vehicle and second.
        said: Events: second, number of the vehicle, what.
        more: Other messages, by second.
        acts: What people did, by second.
    """

    folder: Path
    shift: Shift = lambda _number, _s: 0.0
    said: list[tuple[float, int, EventType]] = field(default_factory=list)
    more: list[Entry] = field(default_factory=list)
    acts: list[tuple[float, AnyControl]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """Of its platform."""
        return Settings(data_dir=self.folder)

    def write(self) -> None:
        """Register everybody and write the journal, in small segments."""
        engine = open_migrated(self.settings)
        _register(engine)
        engine.dispose()
        entries = sorted(self._entries(), key=lambda entry: entry.elapsed_ms)
        journal = Places(self.folder).journal
        with writing_to(journal, start_after=FIRST - 1, segment_bytes=1 << 19) as writer:
            for k in range(0, len(entries), 500):
                writer.append([Incoming(*entry[1:]) for entry in entries[k : k + 500]])

    def _entries(self) -> Iterator[Entry]:
        for second in range(ENDS_S):
            yield a_tick(second + 0.9)
            for numbers in NUMBERS.values():
                for number in (n for n in numbers if second % 10 == n % 10):
                    east_m, north_m = spot_of(number)
                    east_m += self.shift(number, second)
                    body = fix_bytes(second, seq=second, east_m=east_m, north_m=north_m)
                    yield an_entry(body, at_s=second, device=a_device(number))
        for at_s, number, what in self.said:
            body = event_bytes(what, at_s)
            yield an_entry(body, at_s=at_s, device=a_device(number), channel="event")
        yield from self.more
        for at_s, control in self.acts:
            yield a_control(control, at_s=at_s)


def spot_of(number: int) -> tuple[float, float]:
    """Metres east and north: five apart, those of the far area five kilometres away."""
    return 5.0 * number, 5_000.0 if number in NUMBERS[FAR] else 0.0


def period_of(vehicle_id: str = "v-1") -> Period:
    """The last five minutes of the town."""
    return Period(
        vehicle_id=vehicle_id,
        at_ms=at_ms(200),
        from_ms=at_ms(100),
        to_ms=at_ms(ENDS_S - 10),
        source="the journal",
        timezone="Asia/Shanghai",
    )


def near_story(
    town: Town, *, neighbours: int = 500, vehicle_id: str = "v-1"
) -> tuple[Story, Near, Story]:
    """The story by those who matter, who they were, and the story by everybody."""
    settings = town.settings
    settings = settings.model_copy(
        update={"explain": settings.explain.model_copy(update={"neighbours_max": neighbours})}
    )
    reader, engine = JournalPicker(Places(town.folder).journal), open_migrated(settings)
    deadline, period = Deadline(1.0, lambda: 0.0), period_of(vehicle_id)
    since_ms = at_ms(0)
    run = NearRun(
        settings=settings,
        records=engine,
        reader=reader,
        period=period,
        since_ms=since_ms,
        deadline=deadline,
        few=FEW,
        stride_ms=0,
        progress=deadline.come,
    )
    try:
        story, near, _ = run.explained()
        everybody = explain_journal(
            settings,
            Window(reader, since_ms, wanted=None, deadline=deadline, few=FEW),
            period,
            since_ms=since_ms,
            fallback=lambda: registered(engine),
            progress=deadline.come,
        )
    finally:
        engine.dispose()
        reader.close()
    return story, near, everybody


def _register(engine: sa.Engine) -> None:
    registry = Registry(engine, lambda: at_ms(-100))
    lat_deg, lon_deg = place(15.0)
    registry.add_places([Site(id="s-1", area=HERE, lat_deg=lat_deg, lon_deg=lon_deg)], [])
    numbers = [number for some in NUMBERS.values() for number in some]
    registry.add_vehicles([a_vehicle(number) for number in numbers])
    station = a_device(99, id=STATION, cls=DeviceClass.CHARGER, vehicle_id=None, site_id="s-1")
    registry.add_devices(
        [_new(a_device(n), area) for area, some in NUMBERS.items() for n in some]
        + [_new(station, HERE)]
    )


def _new(device: Device, area: str) -> NewDevice:
    return NewDevice(
        id=device.id,
        cls=device.cls,
        secret_hash="-",  # noqa: S106 - nobody logs in
        vehicle_id=device.vehicle_id,
        site_id=device.site_id,
        area=area,
    )

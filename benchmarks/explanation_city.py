"""A city's journal and records with one theft in it, for what an explanation costs.

Parked trackers report every five minutes, one message in a hundred is an event; one vehicle is
shaken and ridden away. Nothing is simulated but that: an explanation reads and runs it again.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from devices.entry import EntryKind, Incoming
from devices.geo import M_PER_DEG_LAT
from devices.model import DeviceClass, Site, Vehicle
from parkguard.explain.order import Order
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.shared import Places
from stores.journal_segments import retire
from stores.journal_sqlite import SqliteJournalWriter
from stores.registry import Registry
from stores.registry_devices import NewDevice

T0_MS = 1_790_000_000_000
EVERY_S = 300
EVENT_EVERY = 100
"""Of so many messages one is an event."""
AREA, SITE = 500, 50
"""Trackers of one area, and of one parking site."""
STOLEN = 7
RIDE_MPS, RIDE_S, RIDE_EVERY_S = 5.0, 320, 10
"""As ``benchmarks.backtest_city``."""
APPEND = 5_000
_LAT0, _LON0 = 31.70, 117.10
_AREAS_A_ROW = 20
_AREA_M, _SITE_M, _SPOT_M = 1_000.0, 100.0, 2.0
_EAST = M_PER_DEG_LAT * float(np.cos(np.radians(_LAT0)))
FIRST = 1_000_000
"""The journal's first entry: what came before it is gone, as it is in a city."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Of one city; the theft begins ``left_min`` before its end."""

    trackers: int
    minutes: int
    left_min: int = 22

    @property
    def stolen_s(self) -> int:
        """When the theft begins, seconds after the journal."""
        return 60 * (self.minutes - self.left_min)


def make(folder: Path, size: Size, *, archived: bool, progress: Progress) -> Order:
    """Write records and journal; gives what is to be explained."""
    settings = Settings(data_dir=folder)
    _register(settings, size.trackers)
    _write(Places(folder).journal, settings, size, archived=archived, progress=progress)
    onset_ms = T0_MS + 1000 * size.stolen_s
    explain = settings.explain
    return Order(
        settings=settings.model_dump(mode="json"),
        alert_id="benchmark",
        vehicle_id=_vehicle(STOLEN),
        onset_ms=onset_ms,
        from_ms=onset_ms - round(1000 * explain.before_s),
        to_ms=onset_ms + 1000 * RIDE_S + round(1000 * explain.after_s),
        ends_s=0.0,
    )


def _register(settings: Settings, trackers: int) -> None:
    engine = open_migrated(settings)
    registry = Registry(engine, lambda: T0_MS)
    sites = [
        Site(id=_site(k), area=_area(k), lat_deg=place[0], lon_deg=place[1])
        for k in range(0, trackers, SITE)
        for place in [_place(k)]
    ]
    registry.add_places(sites, [])
    for begin in range(0, trackers, APPEND):
        some = range(begin, min(begin + APPEND, trackers))
        registry.add_vehicles([Vehicle(id=_vehicle(k), area=_area(k)) for k in some])
        registry.add_devices(
            [
                NewDevice(
                    id=_tracker(k),
                    cls=DeviceClass.TRACKER,
                    secret_hash="-",  # noqa: S106 - nobody logs in
                    vehicle_id=_vehicle(k),
                    site_id=_site(k),
                    area=_area(k),
                    interval_s=EVERY_S,
                )
                for k in some
            ]
        )
    engine.dispose()


def _write(
    folder: Path, settings: Settings, size: Size, *, archived: bool, progress: Progress
) -> None:
    writer = SqliteJournalWriter(
        folder,
        segment_bytes=round(settings.journal.segment_mb * (1 << 20)),
        reserve_bytes=0,
        now_ms=lambda: T0_MS,
        start_after=FIRST - 1,
    )
    unwritten: list[Incoming] = []
    for second in range(60 * size.minutes):
        unwritten += [*_messages(second, size), _tick(second)]
        if len(unwritten) >= APPEND:
            writer.append(unwritten)
            unwritten = []
            progress(second + 1, 60 * size.minutes)
    last = writer.append(unwritten)
    writer.close()
    if archived:
        (folder / "readers").mkdir(exist_ok=True)
        for reader in ("processor", "projector"):
            (folder / "readers" / reader).write_text(f"{last}\n", encoding="ascii")
        retire(
            folder,
            readers=("processor", "projector"),
            now_ms=T0_MS,
            retention_ms=1 << 40,
            at_most=1_000,
        )


def _messages(second: int, size: Size) -> Iterator[Incoming]:
    """What is received in one second."""
    begin, end = (round(size.trackers * (second + k) / EVERY_S) for k in (0, 1))
    noise = np.random.default_rng(second).normal(0, 3.0, (end - begin + 1, 2)).round(1).tolist()
    for number in range(begin, end):
        k, (east_m, north_m) = number % size.trackers, noise[number - begin]
        if number % EVENT_EVERY == EVENT_EVERY - 1:
            yield _event(k, second)
        if k != STOLEN or second < size.stolen_s:
            yield _fix(k, second, east_m, north_m, seq=second // EVERY_S)
    ridden_s = second - size.stolen_s
    if ridden_s == 0:
        yield _event(STOLEN, second)
    if ridden_s >= 0 and ridden_s % RIDE_EVERY_S == 0:
        east_m, north_m = noise[-1]
        east_m += RIDE_MPS * min(ridden_s, RIDE_S)
        seq = size.stolen_s // EVERY_S + 1 + ridden_s // RIDE_EVERY_S
        yield _fix(STOLEN, second, east_m, north_m, seq=seq)


def _fix(k: int, second: int, east_m: float, north_m: float, *, seq: int) -> Incoming:
    """Of docs/wire.md's size."""
    place = _place(k)
    lat_deg, lon_deg = place[0] + north_m / M_PER_DEG_LAT, place[1] + east_m / _EAST
    raw = (
        f'{{"v":1,"id":"{_tracker(k)}","boot":"7f3a","seq":{seq},"t":{T0_MS + 1000 * second},'
        f'"pos":{{"lat":{lat_deg:.6f},"lon":{lon_deg:.6f}'
        ',"acc_m":6.5,"hdop":0.9,"sat":14,"spd_kmh":0.4,"cog":87},"st":{"ign":false,"motion":false,'
        '"ext_power":true},"bat":{"pct":82,"mv":3980,"ext_mv":52100},"net":{"rssi_dbm":-87},'
        f'"next_s":{EVERY_S}}}'
    )
    return _message(k, second, "fix", raw.encode())


def _event(k: int, second: int) -> Incoming:
    at_ms = T0_MS + 1000 * second
    word = {"v": 1, "ev_id": f"e{second}", "t": at_ms, "type": "vibration"}
    return _message(k, second, "event", json.dumps(word).encode())


def _message(k: int, second: int, channel: str, raw: bytes) -> Incoming:
    topic = f"pg/v1/up/trk/{_tracker(k)}/{channel}"
    return Incoming(int(EntryKind.MQTT), T0_MS + 1000 * second + 50, 1000 * second, 0, topic, raw)


def _tick(second: int) -> Incoming:
    at_ms = 1000 * second
    return Incoming(int(EntryKind.TICK), T0_MS + at_ms + 60, at_ms, 1, "", b"")


def _place(k: int) -> tuple[float, float]:
    """Areas a kilometre apart, in each ten sites, in each a row of vehicles."""
    row, column = divmod(k // AREA, _AREAS_A_ROW)
    site, spot = divmod(k % AREA, SITE)
    east_m = _AREA_M * column + _SPOT_M * spot
    north_m = _AREA_M * row + _SITE_M * site
    return _LAT0 + north_m / M_PER_DEG_LAT, _LON0 + east_m / _EAST


def _tracker(k: int) -> str:
    return f"trk-{k:07d}"


def _vehicle(k: int) -> str:
    return f"v-{k}"


def _site(k: int) -> str:
    return f"s-{k // SITE}"


def _area(k: int) -> str:
    return f"3401{k // AREA:05d}"

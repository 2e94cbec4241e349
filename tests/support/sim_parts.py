"""Believable parts for the simulators' tests: cities, messages, a folder of rides."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulators.chargers import Wire
from simulators.city import CityPlan, build_actors, play
from simulators.outgoing import Outgoing, wall_from
from simulators.scenarios import Story, build_story
from simulators.world import WorldSize, build_world

START_MS = 1_764_032_400_000
"""Start of every run, ms UTC."""
SMALL = WorldSize(trackers=60, chargers=4, cameras=4)
DIRTY_ROW = 18
DIRTY_LAT = "53.3x85817"


def city_messages(
    *,
    seed: int = 1,
    seconds: float = 60.0,
    report_s: float = 2.0,
    story: Story = Story.THEFTS,
    wire: Wire = Wire.FIRST,
    size: WorldSize = SMALL,
    start_ms: int = START_MS,
) -> list[Outgoing]:
    """Everything a city says in ``seconds``, without a broker."""
    world = build_world(seed, size)
    acts = build_story(story, world, report_s=report_s, seconds=seconds)
    actors = build_actors(
        world,
        CityPlan(report_s=report_s, wire=wire),
        acts=acts,
        start_ms=start_ms,
        to_wall=wall_from(start_ms),
    )
    return [record for _, record in play(actors, until_s=seconds)]


def payloads(
    records: Sequence[Outgoing], channel: str, device_id: str | None = None
) -> list[dict[str, Any]]:
    """The payloads of one channel, perhaps of one device, in order."""
    return [
        json.loads(record.payload)
        for record in records
        if record.channel == channel and device_id in {None, record.device_id}
    ]


def write_rides(folder: Path) -> Path:
    """Write two rides in the two dialects of the real data; the second has one dirty latitude."""
    bike, scooter = folder / "e-bike", folder / "e-scooter"
    bike.mkdir(parents=True)
    scooter.mkdir()
    rows = ["timestamp,position_lat,position_long,altitude,distance,speed,Weather"]
    for second in range(40):
        place = f"{53.3854 + second * 4e-5:.7f},-6.2564" if second != 5 else ","
        rows.append(f"2023-07-06T09:04:{second:02d},{place},56.8,{4.4 * second},15.8,Cloudy")
    (bike / "trip_1.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    rows = ["Timestamp,Latitude,Longitude,Speed,Altitude,SoC,Weather"]
    for number in range(40):
        lat = DIRTY_LAT if number == DIRTY_ROW else f"{53.391607 - number * 1e-4:.6f}"
        minute, second = divmod(3 * number, 60)
        rows.append(f"2023-11-03 14:{minute:02d}:{second:02d},{lat},-6.26,13.3,54.9,96,Dry")
    (scooter / "trip_18.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder

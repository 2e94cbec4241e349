"""A service with one incident at a known place, started anew on each base map.

with MappedCity(tmp_path) as city:
    city.show({"kind": "raster", "url": tiles.raster_url})
"""

import json
from pathlib import Path
from typing import Any, Self

from typing_extensions import override

from devices.model import Grid, Site
from parkguard.clock import wall_ms
from stores.registry import Registry
from support.api_city import an_incident
from support.api_world import HERE, a_world_on
from support.machine import Machine
from support.screens import add_user
from support.tile_making import Place

MIDDLE: Place = (31.82, 117.23)
MIDDLE_GCJ02: Place = (31.817998793797, 117.235480887571)
"""The same place. Source: tests/data/crs/prcoords.csv."""
SITE: Place = (31.82, 117.2323)
"""East of it by 217 m."""
INCIDENT = "inc-middle"
GRID_NAME = "Meishan Road"


class MappedCity(Machine):
    """The API alone, with a site, two grids and an incident; nothing of it moves.

    Args:
        folder: A fresh temporary one.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, registry=("load", "--devices", "1"))
        self._shown: dict[str, Any] | None = None
        lat_deg, lon_deg = MIDDLE
        Registry(self.engine, wall_ms).add_places(
            [Site(id="gate", name="East Gate", area=HERE, lat_deg=SITE[0], lon_deg=SITE[1])],
            [
                Grid(id=f"{HERE}00101", name=GRID_NAME, geometry=_square(lon_deg - 0.005)),
                Grid(id=f"{HERE}00102", geometry=_square(lon_deg + 0.001)),
            ],
        )
        now_ms = wall_ms()
        an_incident(
            a_world_on(self.engine),
            "middle",
            vehicle_id=self.registered.vehicles[0].id,
            device_id=self.registered.devices[0].id,
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            onset_ms=now_ms - 60_000,
            opened_ms=now_ms - 20_000,
            updated_ms=now_ms - 20_000,
        )

    @override
    def __enter__(self) -> Self:
        add_user(self, "desk", "desk", "", display="Desk")
        return self

    def show(self, base_map: dict[str, Any]) -> None:
        """Start the service anew with this as ``web.map``, unless it shows that already."""
        if base_map == self._shown:
            return
        self._shown = base_map
        file = self.prepared.settings_file
        settings = json.loads(file.read_bytes())
        settings["web"]["map"] = base_map
        if running := self.parts.pop("api", None):
            running.end()
        file.write_text(json.dumps(settings))
        self.start("api")
        self.wait_ready("api")


def _square(west_deg: float) -> dict[str, object]:
    """Around the middle's latitude, 560 m wide."""
    east_deg, south_deg, north_deg = west_deg + 0.006, MIDDLE[0] - 0.003, MIDDLE[0] + 0.003
    corners = [
        *([west_deg, south_deg], [east_deg, south_deg], [east_deg, north_deg]),
        *([west_deg, north_deg], [west_deg, south_deg]),
    ]
    return {"type": "Polygon", "coordinates": [corners]}

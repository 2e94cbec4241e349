"""``parkguard cameras``: the nearest ones of a place."""

from typing import Annotated

import typer

from api.near_cameras import cameras_near
from api.roles import CITY
from devices.crs import Crs, to_wgs84
from parkguard.cli_shared import Json, complain, print_json, print_rows, records_of, settings_of
from parkguard.wiring.latest import LatestReader
from parkguard.wiring.shared import Places
from stores.queries_cameras import CameraQueries

cameras_app = typer.Typer(no_args_is_help=True, help="Look for cameras.")


@cameras_app.callback()
def _cameras() -> None:
    """Have subcommands though there is but one."""


@cameras_app.command(
    epilog="Examples: parkguard cameras near --lat 31.8206 --lon 117.2272 · "
    "parkguard cameras near --lat 31.8186 --lon 117.2327 --crs gcj02 --max-m 500 --json"
)
def near(
    ctx: typer.Context,
    *,
    lat: Annotated[float, typer.Option(help="Latitude, degrees", min=-90, max=90)],
    lon: Annotated[float, typer.Option(help="Longitude, degrees", min=-180, max=180)],
    crs: Annotated[Crs, typer.Option(help="In which system the place is given")] = Crs.WGS84,
    most: Annotated[int, typer.Option("-n", help="So many that work", min=1, max=50)] = 5,
    max_m: Annotated[float, typer.Option(help="Not farther, metres", min=1, max=20_000)] = 1_000,
    as_json: Json = False,
) -> None:
    """Name the nearest working cameras of a place, and broken ones that are nearer."""
    lat_deg, lon_deg = to_wgs84(lat, lon, crs)
    with records_of(ctx) as engine:
        found = cameras_near(
            CameraQueries(engine).places(),
            LatestReader(Places(settings_of(ctx).data_dir).latest),
            CITY,
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            most=most,
            max_m=max_m,
        )
    if as_json:
        print_json(found.model_dump())
        return
    if not found.cameras:
        complain(f"no camera within {max_m:g} m: try a longer --max-m")
        return
    print_rows(
        [
            {
                "camera": camera.id,
                "name": camera.name,
                "m": round(camera.distance_m),
                "bearing": f"{camera.bearing_deg:.0f}°",
                "works": "yes" if camera.works else "NO",
                "presence": camera.presence,
                "what is wrong": "; ".join(cause.en for cause in camera.causes),
            }
            for camera in found.cameras
        ],
        title="nearest cameras, those that work first",
    )

"""Answers about cameras, and the rows of their table."""

from collections.abc import Sequence

from api.believed import Believed, health_out
from api.camera_schemas import CameraOut, ChannelOut
from api.csv_text import Cell
from api.near_cameras import causes_out
from api.times import format_known_time
from devices.camera_conditions import BLIND, ChannelChange, sees
from devices.camera_places import CameraPlaces
from devices.causes import causes_of
from devices.model import Device

CSV_COLUMNS = (
    *(name for name in CameraOut.model_fields if name != "channels"),
    "channels",
    "channels_broken",
    "channel_causes",
)


def camera_out(
    device: Device,
    state: Believed,
    place: tuple[float, float] | None,
    channels: Sequence[ChannelChange],
    now_ms: int,
) -> CameraOut:
    """Answer how a camera is and which of its channels is not.

    Args:
        device: As registered.
        state: As last believed.
        place: Latitude and longitude where it stands, WGS 84.
        channels: By number.
        now_ms: Wall clock, ms UTC.
    """
    lat_deg, lon_deg = place or (None, None)
    return CameraOut(
        **health_out(device, state, now_ms).model_dump(),
        name=device.name,
        model=device.model,
        vendor=device.vendor,
        area=device.area,
        site_id=device.site_id,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        works=sees(int(state.presence), int(state.causes)),
        channels=[
            ChannelOut(
                n=channel.n,
                works=not channel.causes & BLIND,
                causes=causes_out(causes_of(channel.causes)),
                since=format_known_time(channel.since_ms),
            )
            for channel in channels
        ],
    )


def places_of(places: CameraPlaces, slots: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Where cameras stand, by slot; who stands nowhere is left out."""
    at = {slot: k for k, slot in enumerate(places.slots.tolist())}
    return {
        slot: (float(places.lat_deg[at[slot]]), float(places.lon_deg[at[slot]]))
        for slot in slots
        if slot in at
    }


def csv_row(camera: CameraOut) -> dict[str, Cell]:
    """One flat row: causes by code, of the camera and of each channel that has any."""
    row = camera.model_dump(exclude={"causes", "channels", "missing_newest"})
    return row | {
        "causes": " ".join(cause.code for cause in camera.causes),
        "missing_newest": "-".join(map(str, camera.missing_newest or ())),
        "channels": len(camera.channels),
        "channels_broken": sum(not channel.works for channel in camera.channels),
        "channel_causes": " ".join(
            f"{channel.n}:{cause.code}" for channel in camera.channels for cause in channel.causes
        ),
    }

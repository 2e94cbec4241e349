"""Answers about cameras. Units end the name; None is unknown; positions are WGS 84."""

from typing import Literal

from pydantic import Field

from api.schemas import Answer, CauseOut, HealthOut, Instant, Page


class ChannelOut(Answer):
    """One channel of a camera or recorder, as last heard."""

    n: int = Field(examples=[1], description="As the camera counts")
    works: bool = Field(description="It shows and records what is before it")
    causes: list[CauseOut]
    since: Instant | None = Field(description="Since when it is all right, or not")


class CameraOut(HealthOut):
    """A camera, how it is, and which of its channels is not."""

    name: str
    model: str
    vendor: str
    area: str = Field(examples=["340104001"])
    site_id: str | None
    lat_deg: float | None = Field(examples=[31.820613], description="Where it stands")
    lon_deg: float | None = Field(examples=[117.227239])
    works: bool = Field(description="Online, and it shows and records what is before it")
    channels: list[ChannelOut]


class CameraPage(Page):
    """Cameras with their channels, in the order that was asked for."""

    cameras: list[CameraOut]


class NearCameraOut(Answer):
    """A camera near a place."""

    id: str = Field(examples=["cam-020315"])
    name: str
    site_id: str | None
    lat_deg: float = Field(examples=[31.820613])
    lon_deg: float = Field(examples=[117.227239])
    distance_m: float = Field(examples=[34.5])
    bearing_deg: float = Field(examples=[87.0], description="From the place to it, from north")
    works: bool = Field(description="Online, and it shows and records what is before it")
    presence: str = Field(examples=["online"])
    causes: list[CauseOut] = Field(description="What is wrong with it, also when it works")
    since: Instant | None = Field(description="When presence took this value")


class NearCamerasOut(Answer):
    """Cameras near a place: those that work, nearest first, then broken ones that are nearer."""

    crs: Literal["wgs84"] = "wgs84"
    lat_deg: float = Field(examples=[31.820613], description="The place asked about, WGS 84")
    lon_deg: float = Field(examples=[117.227239])
    max_m: float = Field(examples=[1000.0])
    cameras: list[NearCameraOut]

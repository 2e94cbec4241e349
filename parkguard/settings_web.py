"""Settings of the pages: the base map below our own sites, grids and fences (docs/map.md)."""

import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from api.base_map import BaseMap

_ORIGIN = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$"
_ADDRESS = r"^$|^(/|https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/)[^\s;,'\"]*$"
_PUBLIC = r"^$|^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$"
_PLACES = ("{z}", "{x}", "{y}")


class MapSettings(BaseModel):
    """The base map. Without one our own sites, grids and fences are the map."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["none", "raster", "vector", "pmtiles"] = Field(
        "none", description="raster = picture tiles; vector = a style document; pmtiles = one file"
    )
    url: str = Field(
        "",
        pattern=_ADDRESS,
        description="Tiles with {z}, {x}, {y}, the style, or the file: http(s), or a path of "
        "the proxy before us. Every browser sees it, a key in it too",
    )
    attribution: str = Field("", max_length=200, description="Whose map it is, shown in its corner")
    crs: Literal["wgs84", "gcj02"] = Field(
        "wgs84", description="System of the base map; what we draw is shifted to it (docs/map.md)"
    )
    max_zoom: int = Field(18, ge=0, le=24, description="Deepest zoom that has tiles")
    more_hosts: list[str] = Field(
        default_factory=list,
        description="Further origins that its style or tiles name, as https://tiles.example",
    )

    @field_validator("crs", mode="before")
    @classmethod
    def _no_bd09(cls, crs: object) -> object:
        if crs == "bd09":
            raise ValueError(
                "maps in bd09 have tiles of their own kind and cannot be shown: take one in wgs84 "
                "(Tianditu, OpenStreetMap) or gcj02"
            )
        return crs

    @field_validator("more_hosts")
    @classmethod
    def _are_origins(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            if not re.fullmatch(_ORIGIN, host):
                raise ValueError(f"{host!r} is no origin: write it as https://tiles.example")
        return hosts

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.kind != "none" and not self.url:
            raise ValueError(f"a base map of kind {self.kind} needs web.map.url")
        if self.kind == "raster" and not all(place in self.url for place in _PLACES):
            raise ValueError("web.map.url of raster tiles needs {z}, {x} and {y}")
        if self.kind == "none" and self.url:
            raise ValueError("web.map.url is set, but web.map.kind is none: say what it is")
        return self


class WebSettings(BaseModel):
    """The pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    map: MapSettings = MapSettings()
    public_url: str = Field(
        "",
        pattern=_PUBLIC,
        description="Where people reach the pages from outside, as https://guard.example.org: "
        "owners' links begin so; empty = http://HOST:PORT of api",
    )
    link_hours: float = Field(
        24.0,
        gt=0,
        le=720,
        description="An owner's link opens so long after the alert, hours. Source: ours, as long "
        "as its notice is tried (docs/dispatch.md)",
    )


def base_map(settings: MapSettings) -> BaseMap:
    """Give what the pages are told."""
    return BaseMap(
        kind=settings.kind,
        url=settings.url,
        attribution=settings.attribution,
        crs=settings.crs,
        max_zoom=settings.max_zoom,
    )


def map_hosts(settings: MapSettings) -> tuple[str, ...]:
    """Origins that the pages may ask besides us, for their policy; none without a base map."""
    if settings.kind == "none":
        return ()
    parts = urlsplit(settings.url)
    own = (f"{parts.scheme}://{parts.netloc}",) if parts.scheme else ()
    return tuple(dict.fromkeys((*own, *settings.more_hosts)))

"""The base map's settings: what is refused and why, and which hosts the pages may ask."""

import pytest
from pydantic import ValidationError

from parkguard.settings_web import MapSettings, base_map, map_hosts

TILES = "https://tiles.example:8443/{z}/{x}/{y}.png?tk=1"


def test_without_a_base_map_the_pages_ask_nobody() -> None:
    """The default."""
    assert map_hosts(MapSettings()) == ()
    assert base_map(MapSettings()).kind == "none"


def test_exactly_the_hosts_of_the_base_map_are_allowed() -> None:
    """Origin of the address, and what was named besides; each once."""
    settings = MapSettings(
        kind="raster", url=TILES, more_hosts=["https://a.example", "https://tiles.example:8443"]
    )

    assert map_hosts(settings) == ("https://tiles.example:8443", "https://a.example")


def test_a_path_of_our_own_address_needs_no_host() -> None:
    """A file that a proxy before us serves."""
    settings = MapSettings(kind="pmtiles", url="/tiles/city.pmtiles", crs="gcj02", max_zoom=15)

    assert map_hosts(settings) == ()
    assert base_map(settings).crs == "gcj02"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "raster"}, "needs web.map.url"),
        ({"kind": "raster", "url": "https://t.example/tiles"}, "needs {z}, {x} and {y}"),
        ({"url": TILES}, "kind is none"),
        ({"kind": "raster", "url": TILES, "crs": "bd09"}, "cannot be shown"),
        ({"kind": "vector", "url": "ftp://t.example/style.json"}, "pattern"),
        ({"kind": "vector", "url": "https://t.example/;script-src *"}, "pattern"),
        ({"kind": "vector", "url": "https://user:pw@t.example/s.json"}, "pattern"),
        ({"kind": "raster", "url": TILES, "more_hosts": ["https://a.example/x"]}, "is no origin"),
        ({"kind": "raster", "url": TILES, "more_hosts": ["'unsafe-inline'"]}, "is no origin"),
    ],
)
def test_a_wrong_base_map_is_refused_in_words(given: dict[str, object], words: str) -> None:
    """Nothing but an origin reaches the policy of the pages."""
    with pytest.raises(ValidationError, match=words):
        MapSettings.model_validate(given)

"""One town for all browser tests of this process: real parts, people who can log in."""

from collections.abc import Iterator

import pytest

from support.machine import missing_mosquitto
from support.screens import Screens, add_user, missing_chromium
from support.town import Town, TownSize

SIZE = TownSize(trackers=30, chargers=4, cameras=4)
PEOPLE = {
    "officer": "officer",
    "officer2": "officer",
    "desk": "desk",
    "staff": "operator",
    "chief": "admin",
}
"""Name -> role."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--new-cards``: keep the pictures as they are now."""
    parser.addoption("--new-cards", action="store_true", help="keep the cards' pictures anew")


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The platform with its people."""
    for todo in (missing_mosquitto(), missing_chromium()):
        if todo is not None:
            pytest.fail(todo)
    with Town(tmp_path_factory.mktemp("town"), size=SIZE, report_s=1.0) as town:
        town.up()
        for name, role in PEOPLE.items():
            add_user(town, name, role, "", display=name.capitalize())
        yield town


@pytest.fixture(scope="session")
def living(town: Town) -> Iterator[Town]:
    """The same with its devices: thieves at work within a minute, owners who do not answer."""
    town.open_offices("owner")
    city = town.live(seconds=0, answer_s=3600, extra="--story-s 60 --commands --deaf 0")
    yield town
    city.kill()


@pytest.fixture
def screens(town: Town) -> Iterator[Screens]:
    """A browser on it."""
    with Screens(town.api_url) as screens:
        yield screens

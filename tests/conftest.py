"""How hypothesis runs here, and the servers that many tests share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from stores.records import migrate, open_records
from support.influx_server import InfluxServer
from support.postgres_server import PostgresServer
from support.stores_records import url_of

# the same examples every time, no stopwatch (the machine is shared)
settings.register_profile("parkguard", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("parkguard")
# a shell's background jobs ignore Ctrl-C, and so would everything that tests start and interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL, one for all tests of this process."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """A real InfluxDB, one for all tests of this process; each has a database of its own."""
    with InfluxServer(tmp_path_factory.mktemp("influx")) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def records_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty records database, of each kind in turn."""
    if request.param == "sqlite":
        url = url_of(tmp_path / "records.db")
        made = open_records(url)
        migrate(made)
        made.dispose()
        return url
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.clean_database()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a records database without a table, of each kind in turn."""
    if request.param == "sqlite":
        return url_of(tmp_path / "records.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database(migrated=False)


@pytest.fixture
def engine(records_url: str) -> Iterator[sa.Engine]:
    """A migrated, empty records database as the product opens it."""
    opened = open_records(records_url)
    yield opened
    opened.dispose()

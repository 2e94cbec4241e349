"""A server that takes no writes, and another that takes over: busy for a while, nothing lost."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from alerts.delivery.ports import OutboxError
from api.roles import Role
from devices.errors import StoreError
from stores.delivery import SqlOutbox
from stores.processing import RecordsProcessLedger
from stores.records import open_records, writing
from stores.records_policy import RecordsPolicy
from stores.schema import devices, outbox, reader_offsets
from support.api_city import client_of
from support.api_world import World, a_world_on
from support.postgres_server import PostgresServer
from support.postgres_standby import Standby, either_of
from support.stores_records import NOW_MS, a_commit, a_notice, rows_of

pytestmark = pytest.mark.postgres
SHORT = RecordsPolicy(pool_max=2, pool_wait_s=0.2, connect_s=2.0)
CAMERA = {"devices": [{"id": "cam-1", "cls": "cam"}]}


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.clean_database()


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    opened = open_records(url, SHORT)
    yield opened
    opened.dispose()


@pytest.fixture
def mortal(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The server; it runs again after the test."""
    yield postgres
    if not postgres.pid:
        postgres.start()


def a_city_on(engine: sa.Engine) -> tuple[World, TestClient, dict[str, str]]:
    """A city with an administrator."""
    world = a_world_on(engine)
    return world, client_of(world), world.headers(Role.ADMIN)


def ledger_on(engine: sa.Engine) -> RecordsProcessLedger:
    return RecordsProcessLedger(engine, "0.1.0", now_ms=lambda: NOW_MS)


@pytest.mark.fault(36)
def test_server_that_takes_no_writes_is_busy_to_everybody(engine: sa.Engine) -> None:
    """503 and when to come again; processor and dispatcher wait; reading goes on."""
    _, client, admin = a_city_on(engine)
    ledger_on(engine).commit(a_commit(1, notices=[a_notice("a1:1")]))
    database = engine.url.database
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(
            f"ALTER DATABASE {database} SET default_transaction_read_only = on"
        )
    engine.dispose()  # it counts for new sessions

    written = client.post("/v1/devices", json=CAMERA, headers=admin)
    read = client.get("/v1/devices", headers=admin)
    with pytest.raises(StoreError, match="read-only") as commit:
        ledger_on(engine).commit(a_commit(2))
    with pytest.raises(OutboxError, match="read-only") as number:
        SqlOutbox(engine).hasten("webhook", "police", now_ms=NOW_MS)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.exec_driver_sql(f"ALTER DATABASE {database} RESET default_transaction_read_only")
    engine.dispose()
    later = client.post("/v1/devices", json=CAMERA, headers=admin)

    assert (written.status_code, written.headers["retry-after"]) == (503, "1")
    assert (read.status_code, later.status_code) == (200, 201)
    assert commit.value.may_pass
    assert number.value.may_pass


@pytest.mark.fault(37)
def test_pool_that_is_used_up_is_busy_and_not_a_bug(engine: sa.Engine) -> None:
    """503 and when to come again; a part with a pool of its own is not held up."""
    _, client, admin = a_city_on(engine)
    others = open_records(engine.url.render_as_string(hide_password=False), SHORT)

    with engine.connect(), engine.connect():
        full = client.post("/v1/devices", json=CAMERA, headers=admin)
        ledger_on(others).commit(a_commit(1))
    free = client.post("/v1/devices", json=CAMERA, headers=admin)

    assert (full.status_code, full.headers["retry-after"]) == (503, "1")
    assert (free.status_code, ledger_on(others).offset()) == (201, 1)
    others.dispose()


@pytest.mark.fault(36)
@pytest.mark.promise(12)
def test_standby_that_takes_over_has_everything(mortal: PostgresServer) -> None:
    """The server dies; until the other takes over all is busy; the same sessions go on there."""
    database = str(sa.make_url(mortal.new_database()).database)
    with Standby(mortal) as standby:
        engine = open_records(either_of(mortal, standby, database), SHORT)
        world, client, admin = a_city_on(engine)
        ledger = ledger_on(engine)
        ledger.commit(a_commit(1, notices=[a_notice("a1:1")]))
        standby.wait_for_all()
        mortal.kill()
        meanwhile = client.post("/v1/devices", json=CAMERA, headers=admin)
        with pytest.raises(StoreError) as away:
            ledger.commit(a_commit(2, notices=[a_notice("a1:2")]))
        standby.promote()
        ledger.commit(a_commit(2, notices=[a_notice("a1:1"), a_notice("a1:2")]))
        after = client.post("/v1/devices", json=CAMERA, headers=admin)
        told, known = world.rows(outbox), world.rows(devices)
        engine.dispose()

    assert (meanwhile.status_code, meanwhile.headers["retry-after"]) == (503, "1")
    assert away.value.may_pass
    assert after.status_code == 201
    assert [row["key"] for row in told] == ["a1:1", "a1:2"]
    assert [row["id"] for row in known] == ["cam-1"]


@pytest.mark.fault(36)
def test_records_that_went_back_end_the_processor(engine: sa.Engine) -> None:
    """A standby lacked the newest commits: whoever starts again tells the rest from the journal."""
    ledger = ledger_on(engine)
    ledger.commit(a_commit(7))
    with writing(engine) as connection:
        connection.execute(sa.update(reader_offsets).values(seq=5))

    with pytest.raises(StoreError, match="went back from entry 7 to 5") as refused:
        ledger.commit(a_commit(9, notices=[a_notice("a1:9")]))

    assert not refused.value.may_pass
    assert (rows_of(engine, outbox), ledger_on(engine).offset()) == ([], 5)

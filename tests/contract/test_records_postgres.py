"""What only a server has: sessions that wait for each other, limits, a death in mid-commit."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest
import sqlalchemy as sa

from alerts.model import Level
from alerts.ports import ProcessCommit
from api.roles import CITY
from devices.control import Delivered
from devices.errors import StoreError
from devices.model import Device, DeviceClass, Profile
from devices.registration_faults import ForeignIdTaken
from stores.processing import RecordsControl, RecordsProcessLedger, put_control, store_errors
from stores.quarantine import put_refusals
from stores.quarantine_replay import Queued
from stores.queries_actions import ActionWriter
from stores.queries_quarantine import QuarantineQueries
from stores.records import open_records, writing
from stores.records_policy import RecordsPolicy
from stores.records_turns import Turn, take_turn
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import alerts, books, control, devices, incidents, outbox, quarantine
from support.broker import wait_until
from support.postgres_server import PostgresServer
from support.postgres_sessions import Running, held, wait_for_waiters
from support.stores_records import (
    NOW_MS,
    a_change,
    a_commit,
    a_notice,
    a_refusal,
    an_opening,
    rows_of,
)

pytestmark = pytest.mark.postgres
SHORT = RecordsPolicy(lock_s=0.3, statement_s=0.6, pool_max=2, pool_wait_s=0.2, connect_s=2.0)
AUDIT = (NOW_MS, "zhao", "operator", "quarantine_replayed", "quarantine:1", "")


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.clean_database()


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    opened = open_records(url)
    yield opened
    opened.dispose()


@pytest.fixture
def impatient(url: str) -> Iterator[sa.Engine]:
    """Another process that waits for nothing longer than a blink."""
    opened = open_records(url, SHORT)
    yield opened
    opened.dispose()


def ledger_on(engine: sa.Engine) -> RecordsProcessLedger:
    return RecordsProcessLedger(engine, "0.1.0", now_ms=lambda: NOW_MS)


def registry_on(engine: sa.Engine) -> Registry:
    return Registry(engine, lambda: NOW_MS, by="desk-1")


def a_device(name: str, foreign_id: str = "") -> NewDevice:
    profile = Profile(foreign={"jt808": foreign_id}) if foreign_id else None
    return NewDevice(id=name, cls=DeviceClass.TRACKER, secret_hash="h", profile=profile)  # noqa: S106


def a_theft(upto_seq: int, alert_id: str = "a1") -> ProcessCommit:
    """An alert with its incident and one telling."""
    change = a_change(1, alert_id=alert_id, level=Level.CONFIRMED)
    return a_commit(
        upto_seq,
        books={("received", ""): 1},
        alerts=[change],
        incidents=[an_opening(change)],
        notices=[a_notice(f"{alert_id}:1", alert_id=alert_id, incident_id=f"inc-{alert_id}")],
    )


def commit_patiently(ledger: RecordsProcessLedger, commit: ProcessCommit, met: list[str]) -> None:
    """As the processor does; notes what it met on its way."""
    while True:
        try:
            ledger.commit(commit)
        except StoreError as exc:
            if not exc.may_pass:
                raise
            met.append(str(exc))
        else:
            return


def many_times(job: Callable[[int], object]) -> None:
    for k in range(30):
        job(k)


def ask_for_three(engine: sa.Engine) -> Queued:
    """An operator lets held messages run again."""
    return QuarantineQueries(engine).queue(CITY, by="zhao", at_ms=NOW_MS, audit=AUDIT, limit=3)


@pytest.mark.fault(36)
@pytest.mark.promise(12, 13)
@pytest.mark.parametrize("end", [PostgresServer.kill, PostgresServer.stop])
def test_server_that_dies_in_mid_commit_loses_and_doubles_nothing(
    postgres: PostgresServer, engine: sa.Engine, end: Callable[[PostgresServer], None]
) -> None:
    """SIGKILL of all its processes, or an orderly restart: what was refused is tried again."""
    ledger, met, done = ledger_on(engine), list[str](), threading.Event()
    upto = itertools.count(1)

    def process() -> int:
        while not done.is_set():
            seq = next(upto)
            commit_patiently(ledger, a_theft(seq, f"a{seq}"), met)
        return next(upto) - 1

    running = Running(process)
    wait_until(lambda: ledger.offset() > 10, what="some commits")
    end(postgres)
    wait_until(lambda: met, what="the processor met it")
    with pytest.raises(StoreError) as away:
        ledger.offset()
    postgres.start()
    stood_at = ledger.offset()
    wait_until(lambda: ledger.offset() > stood_at + 10, what="commits go on")
    done.set()
    total = running.answer()

    assert away.value.may_pass
    assert ledger.offset() == total
    assert [row["count"] for row in rows_of(engine, books)] == [total]
    for table in (alerts, outbox):
        assert len(rows_of(engine, table)) == total
    assert len(rows_of(engine, incidents)) == 1


def test_row_that_somebody_holds_delays_but_loses_nothing(
    engine: sa.Engine, impatient: sa.Engine
) -> None:
    """lock_timeout ends the wait with an error that may pass; the same commit succeeds later."""
    ledger_on(engine).commit(a_theft(1))
    ledger = ledger_on(impatient)
    rises = a_commit(2, alerts=[a_change(2, level=Level.DANGER)], books={("received", ""): 1})

    with held(engine, sa.update(incidents).values(assignee="zhao")):
        with pytest.raises(StoreError, match="lock timeout") as waited:
            ledger.commit(rises)
        ledger.commit(a_commit(1))  # others go on

    ledger.commit(rises)

    assert waited.value.may_pass
    assert (rows_of(engine, incidents)[0]["level"], ledger.offset()) == (4, 2)
    assert [row["count"] for row in rows_of(engine, books)] == [2]


def test_statement_that_takes_too_long_may_pass(impatient: sa.Engine) -> None:
    """statement_timeout is ours, whatever the server's default."""
    with (
        pytest.raises(StoreError, match="statement timeout") as slow,
        store_errors(),
        impatient.connect() as connection,
    ):
        connection.execute(sa.select(sa.func.pg_sleep(5)))

    assert slow.value.may_pass


@pytest.mark.fault(37)
def test_pool_has_a_bound_and_gives_back(impatient: sa.Engine) -> None:
    """A part takes no more sessions than it was allowed; who waits too long is told so."""
    source = RecordsControl(impatient)
    with impatient.connect(), impatient.connect(), pytest.raises(StoreError) as full:
        source.after(0, 1)

    assert full.value.may_pass
    assert source.after(0, 1) == []


def test_device_that_two_register_at_once_is_one_device(
    postgres: PostgresServer, engine: sa.Engine
) -> None:
    """Both get the same slot; the second replaces what the first said."""
    others = [open_records(str(engine.url.render_as_string(hide_password=False))) for _ in "ab"]
    with writing(engine) as connection:
        take_turn(connection, Turn.CONTROL)
        calls = [
            Running(partial(registry_on(other).add_devices, [a_device("trk-1")]))
            for other in others
        ]
        wait_for_waiters(postgres, 2)

    slots = [call.answer().devices[0].slot for call in calls]

    assert slots == [1, 1]
    assert len(rows_of(engine, devices)) == 1
    assert len(rows_of(engine, control)) == 2
    for other in others:
        other.dispose()


def test_foreign_id_that_two_claim_at_once_has_one_owner(
    postgres: PostgresServer, engine: sa.Engine
) -> None:
    """The other is told whose it is, and nothing of it is stored."""
    names = ("trk-1", "trk-2")
    with writing(engine) as connection:
        take_turn(connection, Turn.CONTROL)
        calls = [
            Running(partial(registry_on(engine).add_devices, [a_device(name, "013912345678")]))
            for name in names
        ]
        wait_for_waiters(postgres, 2)

    errors = [call.error() for call in calls]

    [error] = [error for error in errors if error is not None]
    assert isinstance(error, ForeignIdTaken)
    [stored] = rows_of(engine, devices)
    assert stored["id"] == names[errors.index(None)]


def test_receiver_never_passes_over_a_control_row(
    postgres: PostgresServer, engine: sa.Engine
) -> None:
    """A higher number is not seen before a lower one."""
    source = RecordsControl(engine)

    def put() -> int:
        with writing(engine) as connection:
            return put_control(connection, b"second", 2)

    with writing(engine) as connection:
        first = put_control(connection, b"first", 1)
        later = Running(put)
        wait_for_waiters(postgres, 1)
        seen = source.after(0, 9)

    assert seen == []
    second = later.answer()
    assert source.after(0, 9) == [(first, b"first"), (second, b"second")]


def test_alert_does_not_join_an_incident_that_is_being_closed(
    postgres: PostgresServer, engine: sa.Engine
) -> None:
    """The desk closes the old case in the same moment: the new alert opens one of its own."""
    ledger_on(engine).commit(a_theft(1))
    with writing(engine) as desk:
        desk.execute(sa.select(incidents).with_for_update())
        joining = Running(lambda: ledger_on(engine).commit(a_theft(2, "a2")))
        wait_for_waiters(postgres, 1)
        desk.execute(sa.update(incidents).values(state="closed", outcome="test"))
    joining.answer()

    states = {row["id"]: row["state"] for row in rows_of(engine, incidents)}
    assert states == {"inc-a1": "closed", "inc-a2": "open"}


def test_two_processors_at_once_count_an_entry_once(
    postgres: PostgresServer, engine: sa.Engine
) -> None:
    """The second waits, finds the entry committed, and is told to stop at the next."""
    with writing(engine) as connection:
        take_turn(connection, Turn.PROCESSOR)
        both = [Running(lambda: ledger_on(engine).commit(a_theft(7))) for _ in "ab"]
        wait_for_waiters(postgres, 2)

    assert [each.error() for each in both] == [None, None]
    assert [row["count"] for row in rows_of(engine, books)] == [1]


def test_replay_takes_its_turn_before_its_rows(postgres: PostgresServer, engine: sa.Engine) -> None:
    """A registration that adopts has the turn and wants the rows: they would wait in a ring."""
    with writing(engine) as connection:
        put_refusals(connection, [a_refusal(1)], code_version="0.1.0", now_ms=NOW_MS)

    with writing(engine) as registration:
        take_turn(registration, Turn.CONTROL)
        asking = Running(lambda: ask_for_three(engine))
        wait_for_waiters(postgres, 1)
        rows = registration.execute(sa.select(quarantine.c.id).with_for_update(nowait=True)).all()

    assert len(rows) == 1
    assert asking.answer().queued == 1


def test_everybody_at_once_never_waits_in_a_ring(engine: sa.Engine) -> None:
    """Processor, desk, registration and replay write what others read: no deadlock in 30 rounds."""
    with writing(engine) as connection:
        put_refusals(
            connection,
            [a_refusal(k, reason="unknown_device", device_id=f"trk-{k}") for k in range(60)],
            code_version="0.1.0",
            now_ms=NOW_MS,
        )
    ledger_on(engine).commit(a_theft(1))
    known = [Device(id=f"trk-{k}", slot=k, cls=DeviceClass.TRACKER) for k in range(60)]
    jobs: Sequence[Callable[[int], object]] = (
        lambda k: ledger_on(engine).commit(
            a_commit(k + 2, alerts=[a_change(k + 2)], requeued=range(k, k + 5))
        ),
        lambda _: ActionWriter(engine).post_on_open_alert(
            "a1",
            (),
            Delivered(at_ms=NOW_MS, by="d", alert_id="a1", notice="alert", receiver="p"),
            AUDIT,
        ),
        lambda k: registry_on(engine).run_held(known[59 - k], AUDIT),
        lambda _: ask_for_three(engine),
    )

    calls = [Running(partial(many_times, job)) for job in jobs]

    assert [call.error() for call in calls] == [None] * 4
    assert all(row["queued_ms"] or row["replayed_ms"] for row in rows_of(engine, quarantine))

"""One dispatcher works on a server at a time; a lost connection makes no two of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from alerts.delivery.ports import OutboxError
from stores.delivery import SqlOutbox
from stores.queries_outbox import put_notices
from stores.records import open_records, writing
from stores.records_policy import RecordsPolicy
from stores.records_post import PATIENCE_S, STUCK_S, Post, PostTaken
from stores.records_turns import Turn
from stores.schema import outbox
from support.postgres_server import PostgresServer
from support.postgres_sessions import Running, wait_for_waiters
from support.postgres_settings import run_part
from support.stores_records import NOW_MS, a_notice, rows_of

pytestmark = pytest.mark.postgres
NAME = {"name": "idle_session_timeout"}
Open = Callable[..., sa.Engine]


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.clean_database()


@pytest.fixture
def clock() -> list[float]:
    """The steady clock, seconds: set by hand."""
    return [100.0]


@pytest.fixture
def dispatcher(url: str, clock: list[float]) -> Iterator[Open]:
    """Opens the records as a dispatcher does."""
    opened: list[sa.Engine] = []

    def open_as_dispatcher(lock_s: float = 0.3, idle_ms: int = 0) -> sa.Engine:
        """``idle_ms`` instead of 15 s, which a busy machine may take; 0 = for ever."""
        post = Post(Turn.DISPATCHER, steady_s=lambda: clock[0])
        engine = open_records(url, RecordsPolicy(lock_s=lock_s, statement_s=120), post=post)
        opened.append(engine)

        def set_limit(session: psycopg.Connection[tuple[object, ...]], _record: object) -> None:
            session.execute(f"SET SESSION idle_session_timeout = {idle_ms}".encode())
            session.commit()

        sa.event.listen(engine, "connect", set_limit)
        return engine

    yield open_as_dispatcher
    for engine in opened:
        engine.dispose()


def session_of(engine: sa.Engine) -> int:
    """The server's number of an engine's only session."""
    with engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.pg_backend_pid())) or 0)


def cut(postgres: PostgresServer, session: int) -> None:
    """End a session from outside; it is gone when this returns."""
    postgres.run(f"SELECT pg_terminate_backend({session}, 10000)")


def test_second_dispatcher_is_refused_until_the_first_has_gone(dispatcher: Open) -> None:
    """Told which session has it, and what to do."""
    first, second = dispatcher(), dispatcher()
    session = session_of(first)

    with pytest.raises(PostTaken) as refused:
        session_of(second)
    first.dispose()

    assert str(refused.value) == (
        f"records: another dispatcher works on this database (session {session} from 127.0.0.1): "
        "stop one of them"
    )
    assert not refused.value.may_pass
    assert session_of(second) != session


def test_program_ends_with_one_line(dispatcher: Open, url: str, tmp_path: Path) -> None:
    """`parkguard dispatch` on another machine's folder: exit code 1, nobody is told twice."""
    session_of(dispatcher())

    done = run_part("dispatch", url, tmp_path, PARKGUARD_RECORDS__LOCK_S="0.3")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "another dispatcher works on this database" in done.stderr


def test_lost_connection_takes_the_post_again(postgres: PostgresServer, dispatcher: Open) -> None:
    """By the next call; there is no moment without the lock in which it works."""
    first, second = dispatcher(), dispatcher()
    session = session_of(first)

    cut(postgres, session)
    again = session_of(first)

    assert again != session
    with pytest.raises(PostTaken):
        session_of(second)


@pytest.mark.promise(13)
def test_who_lost_the_post_commits_nothing_and_ends(
    postgres: PostgresServer, dispatcher: Open, clock: list[float]
) -> None:
    """Cut off in mid-commit, another takes over: the row is the other's, and only the other's."""
    first, second = dispatcher(), dispatcher(lock_s=60)
    session = session_of(first)
    with writing(first) as connection:
        put_notices(connection, [a_notice("a1:1")], at_ms=NOW_MS)
    taking_over = Running(lambda: session_of(second))
    wait_for_waiters(postgres, 1)

    def commit_too_late() -> None:
        with writing(first) as connection:
            connection.execute(sa.update(outbox).values(state="sent", answer="of the first"))
            cut(postgres, session)
            taking_over.answer()

    with pytest.raises(sa.exc.OperationalError):
        commit_too_late()
    with pytest.raises(OutboxError, match="another dispatcher") as waits:
        SqlOutbox(first).backlog()
    clock[0] += PATIENCE_S + 1
    with pytest.raises(OutboxError, match="another dispatcher") as ends:
        SqlOutbox(first).backlog()

    assert (waits.value.may_pass, ends.value.may_pass) == (True, False)
    assert [(row["state"], row["answer"]) for row in rows_of(second, outbox)] == [("due", None)]


def test_stopped_dispatcher_loses_the_post(postgres: PostgresServer, dispatcher: Open) -> None:
    """The server ends a session that says nothing (here after 0.2 s): the next one may work."""
    ended = postgres.said().count("idle-session timeout")
    first, second = dispatcher(idle_ms=200), dispatcher(lock_s=60)
    with first.connect() as connection:
        product = connection.scalar(
            sa.text("SELECT reset_val FROM pg_settings WHERE name = :name"), NAME
        )

    session_of(second)

    assert product == str(STUCK_S * 1000)
    with pytest.raises(OutboxError, match="another dispatcher"):
        SqlOutbox(first).backlog()
    assert postgres.said().count("idle-session timeout") == ended + 1

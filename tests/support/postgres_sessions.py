"""Sessions that meet on one server: somebody who holds a lock, and who waits for it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

import sqlalchemy as sa

from support.broker import WAIT_S, wait_until
from support.postgres_server import PostgresServer

_T = TypeVar("_T")


class Running(Generic[_T]):
    """A call in a thread of its own; its answer or error is asked for later."""

    def __init__(self, call: Callable[[], _T]) -> None:
        self._call = call
        self._answer: list[_T] = []
        self._error: list[Exception] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer.append(self._call())
        except Exception as exc:  # noqa: BLE001 - handed to whoever asks
            self._error.append(exc)

    def answer(self) -> _T:
        """What it gave; raises what it raised."""
        self._thread.join(30)
        assert not self._thread.is_alive(), "still waiting"
        if self._error:
            raise self._error[0]
        return self._answer[0]

    def error(self) -> Exception | None:
        """What it raised, None when it went well."""
        self._thread.join(30)
        return self._error[0] if self._error else None


@contextmanager
def held(engine: sa.Engine, *statements: sa.Executable) -> Iterator[sa.Connection]:
    """A session that ran statements and has not ended its transaction: a colleague at lunch."""
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(statement)
        yield connection
        connection.rollback()


def wait_for_waiters(server: PostgresServer, count: int, *, within_s: float = WAIT_S) -> None:
    """Until so many sessions wait for a lock."""
    with server.connect() as watcher:
        wait_until(
            lambda: _waiting(watcher.execute(_WAITING).fetchall()) >= count,
            within_s=within_s,
            what=f"{count} sessions wait for a lock",
        )


_WAITING = b"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def _waiting(rows: Sequence[tuple[object, ...]]) -> int:
    return int(str(rows[0][0]))

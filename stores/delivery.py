"""The outbox and the feed on the records database (``alerts.delivery.ports.OutboxStore``).

Every writing transaction takes the write lock at once, so that what it reads cannot be stale.
Used from one thread.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from alerts.delivery.backoff import MAX_RETRY_AFTER_S
from alerts.delivery.feed import numbered
from alerts.delivery.model import (
    Accepted,
    Backlog,
    DueNotice,
    End,
    Failure,
    Rejected,
)
from alerts.delivery.ports import OutboxError
from alerts.model import Channel
from stores import delivery_told as told
from stores.delivery_rows import NOTICE, WAITING, free_rows, matches, notice_of, one_of
from stores.postgres_errors import may_pass
from stores.records import writing
from stores.records_post import PostTaken
from stores.records_turns import Turn, take_turn
from stores.schema import feed, outbox

_DUE = "due"
_SENT = "sent"
CLOCKS_APART_MS = 86_400_000
"""Other parts' clocks, and the longest commit, are not further from ours: a day, ms."""

LONGEST_WAIT_MS = round(MAX_RETRY_AFTER_S * 1000) + 60_000
"""A due time further away was set before the clock was put back."""


class SqlOutbox:
    """Outbox rows of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine
        self._oldest_ms: float = 0  # no due row was written before; 0 = nobody has looked
        self._watched: sa.PoolProxiedConnection | None = None
        self._version: int | None = None

    def due(
        self, channel: str, target: str, *, now_ms: int, busy: Collection[int], limit: int
    ) -> list[DueNotice]:
        """Give due rows of one target; only the first unsent one per alert and receiver."""
        earlier = outbox.alias("earlier")
        waits = sa.exists().where(
            earlier.c.alert_id == outbox.c.alert_id,
            earlier.c.receiver == outbox.c.receiver,
            earlier.c.channel == outbox.c.channel,
            earlier.c.state == _DUE,
            earlier.c.id < outbox.c.id,
            self._may_be_due(earlier, now_ms),
        )
        query = (
            sa.select(*NOTICE)
            .where(
                outbox.c.state == _DUE,
                _is_due(now_ms),
                outbox.c.channel == channel,
                matches(target),
                outbox.c.id.not_in(list(busy)),
                self._may_be_due(outbox, now_ms),
                ~waits,
            )
            .order_by(outbox.c.due_ms, outbox.c.id)
            .limit(limit)
        )
        return self._notices(query)

    def stray(self, targets: Mapping[str, Collection[str]], *, limit: int) -> list[DueNotice]:
        """Give due rows that no target takes, in outbox id order."""
        taken = [
            sa.and_(outbox.c.channel == channel, matches(name))
            for channel, names in targets.items()
            for name in names
        ]
        query = (
            sa.select(*NOTICE)
            .where(
                outbox.c.state == _DUE,
                outbox.c.channel != Channel.FEED,
                ~sa.or_(sa.false(), *taken),
            )
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return self._notices(query)

    def hasten(self, channel: str, target: str, *, now_ms: int) -> None:
        """Make every waiting row of a target due now."""
        with self._transaction() as connection:
            connection.execute(
                sa.update(outbox)
                .where(
                    outbox.c.state == _DUE,
                    outbox.c.due_ms > now_ms,
                    outbox.c.attempts > 0,
                    outbox.c.channel == channel,
                    matches(target),
                )
                .values(due_ms=now_ms)
            )

    def accepted(self, notice: DueNotice, answer: Accepted, *, at_ms: int) -> None:
        """Row sent, and what an accepted notice brings with it, in one transaction."""
        with self._transaction() as connection:
            if self._ends(
                connection,
                notice,
                state=_SENT,
                sent_ms=at_ms,
                attempts=notice.attempts + 1,
                answer=told.answer_text("accepted", case=answer.case),
            ):
                told.note_accepted(connection, notice, answer, at_ms=at_ms)

    def rejected(self, notice: DueNotice, answer: Rejected, *, at_ms: int) -> None:
        """Row rejected, and people see it, in one transaction."""
        with self._transaction() as connection:
            if self._ends(
                connection,
                notice,
                state=End.REJECTED,
                sent_ms=at_ms,
                attempts=notice.attempts + 1,
                answer=told.answer_text("rejected", reason=answer.reason),
            ):
                told.note_rejected(connection, notice, answer, at_ms=at_ms)

    def postponed(self, notice: DueNotice, failure: Failure, *, due_ms: int) -> None:
        """Row stays due, later."""
        with self._transaction() as connection:
            _take_row(connection, notice)
            connection.execute(
                sa.update(outbox)
                .where(_row_of(notice), outbox.c.state == _DUE)
                .values(
                    due_ms=due_ms,
                    attempts=failure.attempts,
                    last_error=told.error_text(failure),
                )
            )

    def given_up(self, notice: DueNotice, failure: Failure, *, at_ms: int) -> None:
        """Row undelivered or rejected, and the desk sees it, in one transaction."""
        with self._transaction() as connection:
            if self._ends(
                connection,
                notice,
                state=failure.reason.end,
                attempts=failure.attempts,
                last_error=told.error_text(failure),
            ):
                told.note_given_up(connection, notice, failure, at_ms=at_ms)

    def number(self, *, now_ms: int, limit: int) -> list[int]:
        """Move due feed rows into the feed: gapless, in outbox id order, one transaction.

        A row that another session holds keeps the later ones of its alert back, and no others.
        """
        waiting = WAITING.where(self._may_be_due(outbox, now_ms))
        with self._reading() as connection:
            if connection.execute(waiting.limit(1)).first() is None:
                return []
        with self._transaction() as connection:
            take_turn(connection, Turn.FEED)
            free = free_rows(connection, waiting.limit(limit))
            taken = connection.execute(
                sa.update(outbox)
                .where(one_of(free))
                .values(state=_SENT, sent_ms=now_ms, attempts=outbox.c.attempts + 1)
                .returning(*NOTICE)
            ).all()
            last = connection.execute(sa.select(sa.func.max(feed.c.id))).scalar() or 0
            rows = numbered(map(notice_of, taken), after=last, now_ms=now_ms)
            if rows:
                connection.execute(
                    sa.insert(feed),
                    [
                        {
                            "id": row.number,
                            "outbox_id": row.notice.id,
                            "kind": row.notice.kind,
                            "action": row.notice.action,
                            "audience": row.notice.audience,
                            "area": row.notice.area,
                            "body": row.body,
                            "caused_recv_ms": row.notice.caused_recv_ms,
                            "at_ms": row.at_ms,
                        }
                        for row in rows
                    ],
                )
        return [row.notice.caused_recv_ms for row in rows]

    def changed(self) -> bool:
        """Whether another connection committed since the last call; some microseconds on SQLite.

        PRAGMA data_version is looked at on a connection that is used for nothing else.
        """
        if self._engine.dialect.name != "sqlite":
            return True
        try:
            if self._watched is None:
                self._watched = self._engine.raw_connection()
            cursor = self._watched.cursor()
            cursor.execute("PRAGMA data_version")
            (version,) = cursor.fetchone() or (None,)
            cursor.close()
        except self._engine.dialect.loaded_dbapi.OperationalError as exc:
            self.close()
            raise OutboxError(f"OperationalError: {exc}", may_pass=True) from exc
        changed = version != self._version
        self._version = version
        return changed

    def backlog(self) -> Backlog:
        """Count due rows by channel, and find the oldest."""
        query = (
            sa.select(outbox.c.channel, sa.func.count(), sa.func.min(outbox.c.created_ms))
            .where(outbox.c.state == _DUE)
            .group_by(outbox.c.channel)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        oldest_ms = min((oldest_ms for _, _, oldest_ms in rows), default=None)
        self._oldest_ms = float("inf") if oldest_ms is None else oldest_ms
        return Backlog(pending={channel: count for channel, count, _ in rows}, oldest_ms=oldest_ms)

    def close(self) -> None:
        """Give the watching connection back; the engine stays its owner's."""
        if self._watched is not None:
            self._watched.close()
            self._watched = None

    def _may_be_due(self, rows: sa.FromClause, now_ms: int) -> sa.ColumnElement[bool]:
        """Leave out the months of a server in which nothing is due: to plan for them costs more.

        A row that a wrong clock has just put there is found by the next look at the backlog.
        """
        if self._engine.dialect.name == "sqlite":
            return sa.true()
        return rows.c.created_ms >= int(min(self._oldest_ms, now_ms)) - CLOCKS_APART_MS

    def _ends(
        self,
        connection: sa.Connection,
        notice: DueNotice,
        *,
        state: str,
        attempts: int,
        sent_ms: int | None = None,
        answer: str | None = None,
        last_error: str | None = None,
    ) -> bool:
        """End a row; False when it has ended already (the call is a repeat)."""
        _take_row(connection, notice)
        ended = connection.execute(
            sa.update(outbox)
            .where(_row_of(notice), outbox.c.state == _DUE)
            .values(
                state=state,
                sent_ms=sent_ms,
                attempts=attempts,
                answer=answer,
                last_error=last_error,
            )
        )
        return ended.rowcount == 1

    def _notices(self, query: sa.Select[tuple[object, ...]]) -> list[DueNotice]:
        with self._reading() as connection:
            return [notice_of(row) for row in connection.execute(query)]

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """All of the block, or nothing."""
        with _named(), writing(self._engine) as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with _named(), self._engine.connect() as connection:
            yield connection


def _is_due(now_ms: int) -> sa.ColumnElement[bool]:
    """Its time has come, or its time means nothing: another clock set it (reliability.md P39).

    A row that was never tried was due when it was written, by the clock of the part that wrote it;
    no wait is longer than ``LONGEST_WAIT_MS``.
    """
    return sa.or_(
        outbox.c.due_ms <= now_ms,
        outbox.c.attempts == 0,
        outbox.c.due_ms > now_ms + LONGEST_WAIT_MS,
    )


def _row_of(notice: DueNotice) -> sa.ColumnElement[bool]:
    """By its time too: so only its own month is looked at."""
    return sa.and_(outbox.c.id == notice.id, outbox.c.created_ms == notice.created_ms)


def _take_row(connection: sa.Connection, notice: DueNotice) -> None:
    """Fail at once when another session holds the row: other rows are told meanwhile."""
    query = sa.select(outbox.c.id).where(_row_of(notice)).with_for_update(nowait=True)
    connection.execute(query)


@contextmanager
def _named() -> Iterator[None]:
    """Give the database's errors our name.

    Raises:
        OutboxError: Locked, full or away (may pass), or broken, or another's (may not).
    """
    try:
        yield
    except PostTaken as exc:
        raise OutboxError(str(exc), may_pass=exc.may_pass) from exc
    except (sa.exc.OperationalError, sa.exc.TimeoutError) as exc:
        raise OutboxError(_brief(exc), may_pass=True) from exc
    except sa.exc.DBAPIError as exc:
        passing = exc.connection_invalidated or may_pass(exc.orig)
        raise OutboxError(_brief(exc), may_pass=passing) from exc


def _brief(exc: sa.exc.SQLAlchemyError) -> str:
    """Say what happened without statement and parameters: they hold plates and places."""
    original = exc.orig if isinstance(exc, sa.exc.DBAPIError) else exc
    return f"{type(original).__name__}: {' '.join(str(original).split())}"

"""A post: work on a records server that one process does at a time, whatever machine it is on.

Its process works in one session alone, and the session holds the post's advisory lock from its
first moment to its end. So nobody reads or commits anything for the post without holding it: who
loses the connection loses the post with it and all that was not committed, and the next session
has it, or is refused. What a process is doing outside the database at that moment (a POST on its
way) is not called back; it cannot be committed, and is told again with its key.

A pooler in transaction mode gives a session's lock to strangers: none may stand in between.
"""

from collections.abc import Callable

import psycopg
import sqlalchemy as sa

from stores.records_faults import RecordsUnusable
from stores.records_turns import OURS, Turn

STUCK_S = 15
"""A session that says nothing for so long is ended by the server: its process is stopped, or its
machine gone. A dispatcher looks every 50 ms, so that it never happens to one that is well."""
PATIENCE_S = 45.0
"""After a lost connection the server may hold our own old session for so long: STUCK_S, or 30 s
(``records.IDLE_S``) in the middle of a transaction. Then whoever has the post is another."""
_HOLDER = """
SELECT 'session ' || pid || ' from ' || coalesce(host(client_addr), 'the server''s own host')
FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND objsubid = 2 AND granted
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class PostTaken(RecordsUnusable):
    """Another session has the post. ``may_pass``: perhaps it is our own that was lost."""

    def __init__(self, found: str, todo: str, *, may_pass: bool) -> None:
        """Keep the halves, and whether waiting may help."""
        super().__init__(found, todo)
        self.may_pass = may_pass


class Post:
    """Gives every session of an engine the post, or lets it not come about."""

    def __init__(self, turn: Turn, *, steady_s: Callable[[], float]) -> None:
        """``steady_s`` never steps, seconds: how long the post has been away."""
        self._turn = turn
        self._steady_s = steady_s
        self._has_held = False
        self._away_since_s: float | None = None

    def guard(self, engine: sa.Engine) -> None:
        """Watch over the sessions of a server's engine; its pool has one."""
        sa.event.listen(engine, "connect", self._take)

    def _take(self, session: psycopg.Connection[tuple[object, ...]], _record: object) -> None:
        """Wait as long as for a row that is held (``records.lock_s``), then refuse.

        Raises:
            PostTaken: Another session has it; this one is closed.
        """
        lock = (OURS, int(self._turn))
        try:
            session.execute("SELECT pg_advisory_lock(%s, %s)", lock)
        except psycopg.errors.LockNotAvailable as exc:
            session.rollback()
            holder = session.execute(_HOLDER, lock).fetchone()
            session.close()
            raise self._taken(str(holder[0]) if holder else "a session that has just gone") from exc
        except psycopg.Error:
            session.close()
            raise
        session.commit()  # a lock of the session outlives its transactions
        self._has_held, self._away_since_s = True, None

    def _taken(self, holder: str) -> PostTaken:
        now_s = self._steady_s()
        if self._away_since_s is None:
            self._away_since_s = now_s
        return PostTaken(
            f"records: another {self._turn.name.lower()} works on this database ({holder})",
            "stop one of them",
            may_pass=self._has_held and now_s - self._away_since_s < PATIENCE_S,
        )

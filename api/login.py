"""Logging in: one answer for every wrong try, in the same time; who tries too often waits."""

import asyncio
from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

import structlog
from starlette.concurrency import run_in_threadpool

from api.deps import Services
from api.login_policy import wait_ms
from api.passwords import STRANGER, is_right
from api.problems import Problem, ProblemCode
from api.rows import AuditEntry
from api.tokens import SESSION_PREFIX, new_token, new_token_id
from api.user_port import UserRow

STRANGERS_MAX = 10_000
"""Unknown names whose wrong tries are remembered, the one tried longest ago leaves."""

_log = structlog.get_logger("api")


class Opened(NamedTuple):
    """A session that began just now.

    Attributes:
        plain: For the cookie; never stored, never logged.
    """

    user: UserRow
    plain: str
    expires_ms: int


class Strangers:
    """Wrong tries of names that nobody has: they wait as people do, so a wait tells nothing."""

    def __init__(self) -> None:
        """Nobody tried yet."""
        self._tried: OrderedDict[str, tuple[int, int]] = OrderedDict()  # failures, until ms
        self._lock = Lock()

    def locked_until_ms(self, name: str) -> int:
        """When the next try of a name is looked at, ms UTC."""
        with self._lock:
            return self._tried.get(name, (0, 0))[1]

    def failed(self, name: str, now_ms: int, services: Services) -> int:
        """Count one; how long the name waits from now, ms."""
        with self._lock:
            failures = self._tried.pop(name, (0, 0))[0] + 1
            wait = wait_ms(failures, services.policy.login)
            self._tried[name] = (failures, now_ms + wait)
            while len(self._tried) > STRANGERS_MAX:
                self._tried.popitem(last=False)
        return wait


class Door:
    """Lets people in by name and password; a few at a time, for each costs memory and time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._policy = services.policy.login
        self._strangers = Strangers()
        self._slots = asyncio.Semaphore(self._policy.hashes_at_once)
        self._inside = 0

    async def log_in(self, name: str, password: str) -> Opened:
        """Begin a session.

        Raises:
            Problem: Wrong, or too often wrong (``wait_s``), or too many try at the same time.
        """
        came_ms = self._services.steady_ms()
        await run_in_threadpool(self._look, name)  # who has to wait takes nobody's place
        if self._inside >= self._policy.hashes_at_once + self._policy.waiting_max:
            raise Problem(ProblemCode.BUSY, "many log in at this moment: try again")
        self._inside += 1
        try:
            async with self._slots:
                opened = await run_in_threadpool(self._try, name, password)
        finally:
            self._inside -= 1
        if isinstance(opened, Opened):
            return opened
        gone_s = (self._services.steady_ms() - came_ms) / 1000
        await asyncio.sleep(max(0.0, self._policy.refused_s - gone_s))
        raise Problem(ProblemCode.LOGIN_REFUSED, wait_s=_whole_s(opened))

    def _look(self, name: str) -> UserRow | None:
        """Read who that is.

        Raises:
            Problem: The name has to wait.
        """
        user = self._services.users.one(name)
        until_ms = user.locked_until_ms if user else self._strangers.locked_until_ms(name)
        left_ms = until_ms - self._services.now_ms()
        if left_ms > 0:
            raise Problem(
                ProblemCode.LOGIN_WAIT, "too many wrong passwords", wait_s=_whole_s(left_ms)
            )
        return user

    def _try(self, name: str, password: str) -> Opened | int:
        """Open a session, or count a wrong try: how long the name waits from now, ms."""
        user = self._look(name)
        now_ms = self._services.now_ms()
        fits = is_right(password, user.password_hash if user else STRANGER)
        if user is None:
            _log.info("login_of_a_stranger")  # the name may be a password typed in its place
            return self._strangers.failed(name, now_ms, self._services)
        if not fits or user.disabled_ms is not None:
            audit = _entry(user, "login_failed", now_ms)
            return self._services.users.failed(name, self._wait_ms, audit=audit)
        return self._open(user, now_ms)

    def _open(self, user: UserRow, now_ms: int) -> Opened | int:
        token = new_token(SESSION_PREFIX)
        expires_ms = now_ms + round(self._policy.session_hours * 3_600_000)
        opened = self._services.users.open_session(
            user,
            token_id=new_token_id(),
            token_hash=token.hash,
            expires_ms=expires_ms,
            audit=_entry(user, "login", now_ms),
        )
        if not opened:  # disabled, or another password or role, while we looked
            return 0
        return Opened(user=user, plain=token.plain, expires_ms=expires_ms)

    def _wait_ms(self, failures: int) -> int:
        return wait_ms(failures, self._policy)


def _entry(user: UserRow, action: str, at_ms: int) -> AuditEntry:
    return AuditEntry(
        at_ms=at_ms,
        by=user.name,
        role=user.role,
        action=action,
        object=f"user:{user.name}",
        purpose="",
    )


def _whole_s(ms: int) -> int:
    return -(-ms // 1000)

"""People who log in, and their sessions, at rest (``api.user_port.UserBook``)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from stores.queries import AuditRow, json_of, put_audit
from stores.records import writing
from stores.schema import tokens, users


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One person; ``areas`` decoded."""

    name: str
    display: str
    role: str
    areas: list[str]
    owner_id: str | None
    language: str
    password_hash: str = field(repr=False)
    created_ms: int
    disabled_ms: int | None
    failures: int
    locked_until_ms: int


class _Person(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def areas(self) -> Sequence[str]: ...
    @property
    def owner_id(self) -> str | None: ...
    @property
    def password_hash(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """What a session's token says of itself."""

    expires_ms: int | None


_COLUMNS = [users.c[name] for name in UserRow.__slots__]


class UserQueries:
    """People of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def one(self, name: str) -> UserRow | None:
        """One person, disabled or not."""
        with self._engine.connect() as connection:
            query = sa.select(*_COLUMNS).where(users.c.name == name)
            row = connection.execute(query).mappings().first()
        return None if row is None else _user(row)

    def page(self, *, after: str, limit: int) -> list[UserRow]:
        """People above a name, ascending."""
        query = sa.select(*_COLUMNS).where(users.c.name > after).order_by(users.c.name).limit(limit)
        with self._engine.connect() as connection:
            return [_user(row) for row in connection.execute(query).mappings()]

    def add(
        self,
        *,
        name: str,
        display: str,
        role: str,
        areas: Sequence[str],
        owner_id: str | None,
        language: str,
        password_hash: str,
        audit: AuditRow,
    ) -> bool:
        """Keep a new person and the audit row; False, and nothing, when the name is taken."""
        with writing(self._engine) as connection:
            taken = sa.select(users.c.name).where(users.c.name == name)
            if connection.execute(taken).first() is not None:
                return False
            connection.execute(
                sa.insert(users).values(
                    name=name,
                    display=display,
                    role=role,
                    areas=_json(areas),
                    owner_id=owner_id,
                    language=language,
                    password_hash=password_hash,
                    created_ms=audit[0],
                    failures=0,
                    locked_until_ms=0,
                )
            )
            put_audit(connection, [audit])
        return True

    def failed(self, name: str, wait_ms: Callable[[int], int], *, audit: AuditRow) -> int:
        """Count a wrong password; gives how long the name waits from ``audit``'s time on, ms."""
        me = users.c.name == name
        with writing(self._engine) as connection:
            more = sa.update(users).where(me).values(failures=users.c.failures + 1)
            if not connection.execute(more).rowcount:
                return 0
            failures = connection.scalar(sa.select(users.c.failures).where(me)) or 0
            wait = wait_ms(failures)
            until = sa.update(users).where(me).values(locked_until_ms=audit[0] + wait)
            connection.execute(until)
            put_audit(connection, [audit])
        return wait

    def open_session(
        self,
        row: _Person,
        *,
        token_id: str,
        token_hash: str,
        expires_ms: int,
        audit: AuditRow,
    ) -> bool:
        """Begin a session; False, and nothing, when the person is not as in ``row`` any more."""
        same = sa.and_(
            users.c.name == row.name,
            users.c.disabled_ms.is_(None),
            users.c.password_hash == row.password_hash,
            users.c.role == row.role,
            users.c.areas == _json(row.areas),
        )
        with writing(self._engine) as connection:
            clear = sa.update(users).where(same).values(failures=0, locked_until_ms=0)
            if not connection.execute(clear).rowcount:
                return False
            ended = sa.or_(tokens.c.revoked_ms.is_not(None), tokens.c.expires_ms <= audit[0])
            connection.execute(sa.delete(tokens).where(tokens.c.user_name == row.name, ended))
            connection.execute(
                sa.insert(tokens).values(
                    id=token_id,
                    hash=token_hash,
                    name=row.name,
                    role=row.role,
                    areas=_json(row.areas),
                    owner_id=row.owner_id,
                    created_ms=audit[0],
                    expires_ms=expires_ms,
                    user_name=row.name,
                )
            )
            put_audit(connection, [audit])
        return True

    def session(self, token_id: str) -> SessionRow | None:
        """One session; None for a token that is none."""
        query = sa.select(tokens.c.expires_ms).where(_session(token_id))
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else SessionRow(expires_ms=row.expires_ms)

    def close_session(self, token_id: str, *, audit: AuditRow) -> None:
        """End a session; a second time changes nothing and is not noted again."""
        lives = sa.and_(_session(token_id), tokens.c.revoked_ms.is_(None))
        with writing(self._engine) as connection:
            done = connection.execute(sa.update(tokens).where(lives).values(revoked_ms=audit[0]))
            if done.rowcount:
                put_audit(connection, [audit])

    def set_password(self, name: str, password_hash: str, *, audit: AuditRow) -> bool:
        """Change it, end every session, forget wrong ones; False when there is no such person."""
        values = {"password_hash": password_hash, "failures": 0, "locked_until_ms": 0}
        return self._change(name, values, audit)

    def set_role(
        self, name: str, role: str, areas: Sequence[str], owner_id: str | None, *, audit: AuditRow
    ) -> bool:
        """Change it and end every session; False when there is no such person."""
        values = {"role": role, "areas": _json(areas), "owner_id": owner_id}
        return self._change(name, values, audit)

    def disable(self, name: str, *, audit: AuditRow) -> bool:
        """Let nobody in by this name and end every session; False when there is no such person."""
        return self._change(name, {"disabled_ms": audit[0]}, audit)

    def enable(self, name: str, *, audit: AuditRow) -> bool:
        """Let them in again, also after wrong passwords; False when there is no such person."""
        values = {"disabled_ms": None, "failures": 0, "locked_until_ms": 0}
        return self._change(name, values, audit)

    def _change(self, name: str, values: dict[str, Any], audit: AuditRow) -> bool:
        """Change a person and end every session, with the audit row in one transaction."""
        lives = sa.and_(tokens.c.user_name == name, tokens.c.revoked_ms.is_(None))
        with writing(self._engine) as connection:
            changed = sa.update(users).where(users.c.name == name).values(**values)
            if not connection.execute(changed).rowcount:
                return False
            connection.execute(sa.update(tokens).where(lives).values(revoked_ms=audit[0]))
            put_audit(connection, [audit])
        return True


def _session(token_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(tokens.c.id == token_id, tokens.c.user_name.is_not(None))


def _json(areas: Sequence[str]) -> str:
    return msgspec.json.encode(list(areas)).decode()


def _user(row: sa.RowMapping) -> UserRow:
    return UserRow(**(dict(row) | {"areas": json_of(row["areas"])}))

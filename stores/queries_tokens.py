"""Tokens at rest as the API reads and writes them (``api.ports.TokenBook``).

People's sessions are rows of the same table (``stores.queries_users``): found by their hash, and
alive or not like any other; lists and ``one`` leave them out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from stores.queries import IN_MAX, AuditRow, below, json_of, put_audit
from stores.records import writing
from stores.schema import tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token without its hash; ``areas`` decoded."""

    id: str
    name: str
    role: str
    areas: list[str]
    owner_id: str | None
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None


_COLUMNS = [tokens.c[name] for name in TokenRow.__slots__]
_NO_SESSION = tokens.c.user_name.is_(None)


class TokenQueries:
    """Tokens of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def by_hash(self, token_hash: str) -> TokenRow | None:
        """The token of a hash, whatever its state."""
        return self._first(sa.select(*_COLUMNS).where(tokens.c.hash == token_hash))

    def one(self, token_id: str) -> TokenRow | None:
        """One token; a session is none."""
        return self._first(sa.select(*_COLUMNS).where(tokens.c.id == token_id, _NO_SESSION))

    def alive(self, token_ids: Collection[str], now_ms: int) -> frozenset[str]:
        """Which of these tokens are neither expired nor revoked."""
        lives = sa.and_(
            tokens.c.revoked_ms.is_(None),
            sa.or_(tokens.c.expires_ms.is_(None), tokens.c.expires_ms > now_ms),
        )
        wanted = sorted(token_ids)
        found: set[str] = set()
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), IN_MAX):
                some = tokens.c.id.in_(wanted[start : start + IN_MAX])
                found.update(connection.scalars(sa.select(tokens.c.id).where(some, lives)))
        return frozenset(found)

    def page(self, *, before: tuple[int, str] | None, limit: int) -> list[TokenRow]:
        """Tokens below the key (created_ms, id), newest first."""
        query = (
            sa.select(*_COLUMNS)
            .where(_NO_SESSION, below(tokens.c.created_ms, tokens.c.id, before))
            .order_by(tokens.c.created_ms.desc(), tokens.c.id.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [_token(row) for row in connection.execute(query).mappings()]

    def add(
        self,
        *,
        token_id: str,
        token_hash: str,
        name: str,
        role: str,
        areas: Sequence[str],
        owner_id: str | None,
        expires_ms: int | None,
        audit: AuditRow,
    ) -> None:
        """Keep a new token and its audit row in one transaction."""
        with writing(self._engine) as connection:
            connection.execute(
                sa.insert(tokens).values(
                    id=token_id,
                    hash=token_hash,
                    name=name,
                    role=role,
                    areas=msgspec.json.encode(list(areas)).decode(),
                    owner_id=owner_id,
                    created_ms=audit[0],
                    expires_ms=expires_ms,
                )
            )
            put_audit(connection, [audit])

    def revoke(self, token_id: str, *, audit: AuditRow) -> None:
        """Take a token back; a second time changes nothing and is not noted again."""
        lives = sa.and_(tokens.c.id == token_id, tokens.c.revoked_ms.is_(None))
        with writing(self._engine) as connection:
            done = connection.execute(sa.update(tokens).where(lives).values(revoked_ms=audit[0]))
            if done.rowcount:
                put_audit(connection, [audit])

    def _first(self, query: sa.Select[Any]) -> TokenRow | None:
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _token(row)


def _token(row: sa.RowMapping) -> TokenRow:
    return TokenRow(**(dict(row) | {"areas": json_of(row["areas"])}))

"""People who log in, and their sessions: the same on SQLite and PostgreSQL."""

import sqlalchemy as sa

from stores.queries_tokens import TokenQueries
from stores.queries_users import UserQueries, UserRow
from stores.schema import audit, tokens

AT_MS = 1_000_000


def entry(action: str, at_ms: int = AT_MS) -> tuple[int, str, str, str, str, str]:
    """An audit row."""
    return (at_ms, "cli", "admin", action, "user:wang", "")


def wang_of(engine: sa.Engine) -> tuple[UserQueries, UserRow]:
    """A database with one person."""
    book = UserQueries(engine)
    added = {
        "name": "wang",
        "display": "王力",
        "role": "owner",
        "areas": [],
        "owner_id": "owner-17",
        "language": "zh",
        "password_hash": "$argon2id$x",
        "audit": entry("user_added"),
    }
    assert book.add(**added)  # type: ignore[arg-type]
    assert not book.add(**added)  # type: ignore[arg-type]
    user = book.one("wang")
    assert user is not None
    return book, user


def session(book: UserQueries, user: UserRow, name: str, *, at_ms: int = AT_MS) -> bool:
    """Begin one of ten milliseconds."""
    return book.open_session(
        user,
        token_id=name,
        token_hash=f"hash of {name}",
        expires_ms=at_ms + 10,
        audit=entry("login", at_ms),
    )


def test_wrong_passwords_are_counted_until_a_right_one(engine: sa.Engine) -> None:
    """Each says how long the name waits; nobody's are counted nowhere."""
    book, user = wang_of(engine)

    waits = [book.failed("wang", lambda n: 7 * n, audit=entry("login_failed")) for _ in range(3)]
    counted = book.one("wang")
    nobody = book.failed("nobody", lambda n: 7 * n, audit=entry("login_failed"))
    session(book, user, "tok_1")
    after = book.one("wang")

    assert counted is not None
    assert after is not None
    assert (waits, nobody) == ([7, 14, 21], 0)
    assert (counted.failures, counted.locked_until_ms) == (3, AT_MS + 21)
    assert (after.failures, after.locked_until_ms) == (0, 0)
    with engine.connect() as connection:
        actions = list(connection.scalars(sa.select(audit.c.action).order_by(audit.c.id)))
    assert actions == ["user_added", *["login_failed"] * 3, "login"]


def test_sessions_are_found_by_their_hash_and_listed_nowhere(engine: sa.Engine) -> None:
    """They have the person's rights; those that ended go at the next login."""
    book, user = wang_of(engine)
    assert session(book, user, "tok_1")
    assert session(book, user, "tok_2", at_ms=AT_MS + 10)

    tokens_of = TokenQueries(engine)
    found = tokens_of.by_hash("hash of tok_2")

    assert found is not None
    assert (found.name, found.role, found.owner_id) == ("wang", "owner", "owner-17")
    assert tokens_of.page(before=None, limit=10) == []
    assert tokens_of.one("tok_2") is None
    assert tokens_of.alive(["tok_1", "tok_2"], AT_MS + 15) == {"tok_2"}
    assert book.session("tok_1") is None
    assert book.session("tok_2") is not None
    book.close_session("tok_2", audit=entry("logout"))
    assert tokens_of.alive(["tok_2"], AT_MS + 15) == frozenset()


def test_a_changed_person_has_no_session_left(engine: sa.Engine) -> None:
    """Nor gets one by what was read before; tokens of the same name are somebody else's."""
    book, user = wang_of(engine)
    TokenQueries(engine).add(
        token_id="tok_0",  # noqa: S106 - an id
        token_hash="hash of tok_0",  # noqa: S106 - of nothing
        name="wang",
        role="desk",
        areas=[""],
        owner_id=None,
        expires_ms=None,
        audit=entry("token_made"),
    )
    session(book, user, "tok_1")

    changed = book.set_password("wang", "$argon2id$y", audit=entry("password_changed"))
    late = session(book, user, "tok_2")

    assert (changed, late) == (True, False)
    assert not book.disable("nobody", audit=entry("user_disabled"))
    with engine.connect() as connection:
        alive = sa.select(tokens.c.id).where(tokens.c.revoked_ms.is_(None))
        assert list(connection.scalars(alive)) == ["tok_0"]

"""What the API needs of people who log in. Adapter: ``stores.queries_users``."""

from collections.abc import Callable, Sequence
from typing import Protocol

from api.rows import AuditEntry


class UserRow(Protocol):
    """One person."""

    @property
    def name(self) -> str:
        """By which they log in; lower case."""
        ...

    @property
    def display(self) -> str:
        """As others read it."""
        ...

    @property
    def role(self) -> str:
        """A value of ``Role``."""
        ...

    @property
    def areas(self) -> Sequence[str]:
        """Area prefixes."""
        ...

    @property
    def owner_id(self) -> str | None:
        """For owners: whose vehicles."""
        ...

    @property
    def language(self) -> str:
        """``zh``, ``en`` or "": as the browser says."""
        ...

    @property
    def password_hash(self) -> str:
        """Of ``api.passwords``. Leaves the server nowhere."""
        ...

    @property
    def disabled_ms(self) -> int | None:
        """Since when they may not log in, ms UTC."""
        ...

    @property
    def locked_until_ms(self) -> int:
        """Too many wrong passwords: none is looked at before this, ms UTC."""
        ...


class SessionRow(Protocol):
    """What a session's token says of itself."""

    @property
    def expires_ms(self) -> int | None:
        """When it ends, ms UTC."""
        ...


class UserBook(Protocol):
    """People and their sessions."""

    def one(self, name: str) -> UserRow | None:
        """One person, disabled or not."""
        ...

    def failed(self, name: str, wait_ms: Callable[[int], int], *, audit: AuditEntry) -> int:
        """Count a wrong password; ``wait_ms`` of all in a row is the wait from now, ms. Gives it.

        ``audit`` is written with it.
        """
        ...

    def open_session(
        self, row: UserRow, *, token_id: str, token_hash: str, expires_ms: int, audit: AuditEntry
    ) -> bool:
        """Begin a session; forget wrong passwords, and sessions that have ended.

        Gives False when the person, the password or the rights have changed since ``row`` was
        read.
        """
        ...

    def session(self, token_id: str) -> SessionRow | None:
        """One session; None for a token that is none."""
        ...

    def close_session(self, token_id: str, *, audit: AuditEntry) -> None:
        """End a session."""
        ...

"""The records database as the command line needs it: opened, migrated, tokens, devices."""

from pathlib import Path

import sqlalchemy as sa

from api.tokens import hash_token, new_token_id
from parkguard.private_files import ensure_data_dir
from parkguard.secret_files import SecretRefused, read_secret
from parkguard.settings import Settings
from stores.queries_tokens import TokenQueries
from stores.records import migrate, open_records
from stores.records_faults import RecordsUnusable, check_server, unusable_at
from stores.records_post import Post

PASSWORD_FILE = "records"  # noqa: S105 - the name of a file
"""Below the secrets folder, unless ``records.password_file`` names another."""
_REMEDY = "give the role a longer random one (ALTER ROLE ... PASSWORD ...), and write it there"
ADMIN_TOKEN_NAME = "first start"  # noqa: S105 - what the token is called in lists


def records_path(settings: Settings) -> Path:
    """Where the SQLite records database is."""
    return settings.data_dir / "records.db"


def records_url(settings: Settings) -> str:
    """The address of the records database, with the password of a server.

    Raises:
        SecretRefused: The password's file is missing or weak.
    """
    records = settings.records
    if not records.is_server:
        return f"sqlite:///{records_path(settings)}"
    url = sa.make_url(records.url)
    file = Path(records.password_file or settings.data_dir / "secrets" / PASSWORD_FILE)
    if records.password_file and not file.exists():
        raise SecretRefused(
            f"{file} is missing: write the password of {url.username!r} into it, mode 600"
        )
    if file.exists():
        url = url.set(password=read_secret(file.parent, file.name, remedy=_REMEDY))
    return url.render_as_string(hide_password=False)


def open_unmigrated(settings: Settings, *, post: Post | None = None) -> sa.Engine:
    """Open the records database as it is; ``post`` is what one process does at a time.

    Raises:
        SecretRefused: The password's file is missing or weak.
    """
    ensure_data_dir(settings.data_dir)
    return open_records(records_url(settings), settings.records, post=post)


def open_migrated(settings: Settings, *, post: Post | None = None) -> sa.Engine:
    """Open the records database at the present schema; made when missing.

    Args:
        settings: Of the platform.
        post: What one process does at a time on a server.

    Raises:
        RecordsUnusable: A server that is away, refuses us, or is not of the kind we need; or a
            newer program has migrated it; or another process has the post.
        SecretRefused: The password's file is missing or weak.
    """
    engine = open_unmigrated(settings, post=post)
    try:
        if settings.records.is_server:
            with unusable_at(engine.url):
                with engine.connect() as connection:
                    check_server(connection)
                migrate(engine)
        else:
            migrate(engine)
    except RecordsUnusable:
        engine.dispose()
        raise
    return engine


def ensure_admin_token(engine: sa.Engine, plain: str, *, at_ms: int) -> None:
    """Make the secret file's token an admin's. Idempotent; one taken back stays taken back.

    Args:
        engine: The records database.
        plain: The token in clear; only its hash is stored.
        at_ms: When, ms UTC.
    """
    book = TokenQueries(engine)
    if book.by_hash(hash_token(plain)) is not None:
        return
    token_id = new_token_id()
    book.add(
        token_id=token_id,
        token_hash=hash_token(plain),
        name=ADMIN_TOKEN_NAME,
        role="admin",
        areas=("",),
        owner_id=None,
        expires_ms=None,
        audit=(at_ms, "system", "admin", "token_made", f"token:{token_id}", ""),
    )

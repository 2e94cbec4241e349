"""The records database as the command line needs it: opened, migrated, tokens, devices."""

from pathlib import Path

import sqlalchemy as sa

from api.tokens import hash_token, new_token_id
from parkguard.private_files import ensure_data_dir
from parkguard.settings import Settings
from stores.queries_tokens import TokenQueries
from stores.records import migrate, open_records

ADMIN_TOKEN_NAME = "first start"  # noqa: S105 - what the token is called in lists


def records_path(settings: Settings) -> Path:
    """Where the SQLite records database is."""
    return settings.data_dir / "records.db"


def open_migrated(settings: Settings) -> sa.Engine:
    """Open the records database at the present schema; made when missing."""
    ensure_data_dir(settings.data_dir)
    engine = open_records(f"sqlite:///{records_path(settings)}")
    migrate(engine)
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

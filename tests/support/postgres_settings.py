"""Settings of a platform whose records are on a test's own PostgreSQL."""

from pathlib import Path

import sqlalchemy as sa


def postgres_settings(url: str, folder: Path) -> dict[str, object]:
    """The section ``records``; the password is written to a private file in ``folder``."""
    parsed = sa.make_url(url)
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = folder / "records_password"
    secret.touch(mode=0o600)
    secret.write_text(f"{parsed.password}\n")
    plain = sa.URL.create(
        parsed.drivername,
        username=parsed.username,
        host=parsed.host,
        port=parsed.port,
        database=parsed.database,
        query=parsed.query,
    )
    return {"url": plain.render_as_string(), "password_file": str(secret)}

"""Settings of a platform whose records are on a test's own PostgreSQL."""

import os
import subprocess
import sys
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


def run_part(part: str, url: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a part in ``folder`` until it ends by itself; ``more`` are environment variables."""
    records = postgres_settings(url, folder / "private")
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "parkguard", part],
        cwd=folder,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PARKGUARD_RECORDS__URL": str(records["url"]),
            "PARKGUARD_RECORDS__PASSWORD_FILE": str(records["password_file"]),
            **more,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

"""A records server that cannot be used is one line with what to do, at the start and in doctor."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from parkguard.doctor import Finding, Grade, Patient
from parkguard.doctor_stores import check_records
from parkguard.records import open_migrated
from parkguard.secret_files import SecretRefused
from parkguard.settings import Settings
from stores.records import open_records
from stores.records_faults import RecordsUnusable
from stores.records_policy import RecordsPolicy
from support.broker import free_port
from support.postgres_server import PostgresServer
from support.postgres_settings import postgres_settings, run_part

pytestmark = pytest.mark.postgres


def settings_for(folder: Path, url: str, **changes: object) -> Settings:
    records = postgres_settings(url, folder / "private") | changes
    return Settings.model_validate({"data_dir": folder / "var", "records": records})


def look(settings: Settings) -> Finding:
    [finding] = check_records(Patient(settings=settings, is_up=False, now_ms=0))
    return finding


def wrong_port(server: PostgresServer) -> str:
    return server.url("test_1").replace(f":{server.port}/", f":{free_port()}/")


def wrong_host(server: PostgresServer) -> str:
    return server.url("test_1").replace(f"@{server.host}:", "@no-such-host.invalid:")


def wrong_password(server: PostgresServer) -> str:
    return server.url("test_1", password="Kq9-never-given-to-anybody-7Zw")  # noqa: S106


def wrong_user(server: PostgresServer) -> str:
    return server.url("test_1", user="nobody")


def wrong_database(server: PostgresServer) -> str:
    return server.url("never_made")


def wrong_encoding(server: PostgresServer) -> str:
    server.run("DROP DATABASE IF EXISTS latin")
    server.run(
        "CREATE DATABASE latin TEMPLATE template0 OWNER parkguard ENCODING 'LATIN1' LOCALE 'C'"
    )
    return server.url("latin")


def not_owned(server: PostgresServer) -> str:
    server.run("DROP DATABASE IF EXISTS foreign_house")
    server.run("CREATE DATABASE foreign_house TEMPLATE template0")
    return server.url("foreign_house")


def of_tomorrow(server: PostgresServer) -> str:
    url = server.new_database()
    engine = open_records(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    return url


FAULTS: list[tuple[Callable[[PostgresServer], str], str]] = [
    (wrong_port, "refused.*start the server, or mend host and port"),
    (wrong_host, "mend the host in records.url"),
    (wrong_password, "password authentication failed.*write the role's password"),
    (wrong_user, "password authentication failed"),
    (wrong_database, "does not exist.*make role and database"),
    (wrong_encoding, "LATIN1.*ENCODING 'UTF8'"),
    (not_owned, "permission denied.*OWNER TO"),
    (of_tomorrow, "9999.*newer parkguard"),
]


@pytest.mark.parametrize(("make", "told"), FAULTS, ids=[make.__name__ for make, _ in FAULTS])
def test_start_says_in_one_line_what_to_do(
    postgres: PostgresServer, tmp_path: Path, make: Callable[[PostgresServer], str], told: str
) -> None:
    """And the password is not in it."""
    settings = settings_for(tmp_path, make(postgres))

    with pytest.raises(RecordsUnusable, match=told) as refused:
        open_migrated(settings)

    assert "\n" not in str(refused.value)
    assert postgres.password not in str(refused.value)


@pytest.mark.parametrize(
    ("make", "grade"),
    [
        (wrong_port, Grade.FAIL),
        (wrong_password, Grade.FAIL),
        (wrong_database, Grade.FAIL),
        (wrong_encoding, Grade.FAIL),
        (of_tomorrow, Grade.WARN),
    ],
)
def test_doctor_names_the_illness(
    postgres: PostgresServer,
    tmp_path: Path,
    make: Callable[[PostgresServer], str],
    grade: Grade,
) -> None:
    """Each comes with what to do."""
    finding = look(settings_for(tmp_path, make(postgres)))

    assert finding.grade is grade
    assert finding.todo
    assert postgres.password not in finding.found


def test_doctor_finds_a_server_well(postgres: PostgresServer, tmp_path: Path) -> None:
    """Its version and revision are told."""
    finding = look(settings_for(tmp_path, postgres.clean_database()))

    assert finding.grade is Grade.OK
    assert finding.found.startswith("PostgreSQL 1")


def test_password_file_that_is_missing_is_told(postgres: PostgresServer, tmp_path: Path) -> None:
    """Which file, and whose password belongs into it."""
    missing = str(tmp_path / "private" / "nothing")
    settings = settings_for(tmp_path, postgres.url("test_1"), password_file=missing)

    with pytest.raises(
        SecretRefused, match="nothing is missing: write the password of 'parkguard'"
    ):
        open_migrated(settings)


def test_no_password_at_all_is_told(postgres: PostgresServer, tmp_path: Path) -> None:
    """The server wants one."""
    settings = settings_for(tmp_path, postgres.url("test_1"), password_file="")

    with pytest.raises(RecordsUnusable, match=r"no password supplied.*write the role's password"):
        open_migrated(settings)


def test_command_ends_with_one_line(postgres: PostgresServer, tmp_path: Path) -> None:
    """Exit code 1, no trace."""
    done = run_part("up", wrong_database(postgres), tmp_path)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "make role and database" in done.stderr


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"url": "mysql://x/y"}, "is empty or like postgresql"),
        ({"url": "postgresql+psycopg://u:secret@h/d"}, "holds a password"),
        ({"url": "postgresql://u@h"}, "names no database"),
        ({"url": "postgresql://u@h:port/d"}, "cannot be read"),
        ({"pool_max": 1}, "pool_max is 2 to 100"),
        ({"lock_s": 0}, "lock_s is 0.1 to 600 seconds"),
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, object], told: str) -> None:
    """Before anything is opened; a password is never repeated."""
    with pytest.raises(ValidationError, match=told) as refused:
        Settings.model_validate({"records": values})

    assert "secret" not in str(refused.value.errors()[0]["msg"])
    assert RecordsPolicy().is_server is False

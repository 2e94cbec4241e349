"""The way to the server is encrypted, and the server is who it says it is (``verify-full``)."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parkguard.doctor import Grade, Patient
from parkguard.doctor_stores import check_records
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores.records_faults import RecordsUnusable
from support.postgres_server import PostgresServer
from support.postgres_settings import postgres_settings

pytestmark = pytest.mark.postgres
HOST = "db.city"


def certify(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate of ``HOST`` that has signed itself; gives it and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    made = subprocess.run(  # noqa: S603 - our own command
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key)),
            *("-out", str(certificate)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return certificate, key


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the server's certificate, a stranger's, and a key."""
    folder = tmp_path_factory.mktemp("papers")
    certify(folder, "server")
    certify(folder, "stranger")
    return folder


@pytest.fixture
def server(postgres: PostgresServer, papers: Path) -> Iterator[PostgresServer]:
    with postgres.speaking_tls(papers / "server.pem", papers / "server.key"):
        yield postgres


def settings_for(
    folder: Path, server: PostgresServer, *, trusted: Path, host: str = HOST
) -> Settings:
    """Records on the server under a host's name, checked against a certificate."""
    url = sa.make_url(server.clean_database()).set(host=host)
    url = url.update_query_dict(
        {"hostaddr": server.host, "sslmode": "verify-full", "sslrootcert": str(trusted)}
    )
    records = postgres_settings(url.render_as_string(hide_password=False), folder / "private")
    return Settings.model_validate({"data_dir": folder / "var", "records": records})


def test_server_that_proves_its_name_is_spoken_to_in_secret(
    server: PostgresServer, papers: Path, tmp_path: Path
) -> None:
    """By the product's own settings; the doctor is content."""
    settings = settings_for(tmp_path, server, trusted=papers / "server.pem")

    engine = open_migrated(settings)
    with engine.connect() as connection:
        asked = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        encrypted, version = connection.exec_driver_sql(asked).one()
    engine.dispose()

    assert (encrypted, version) == (True, "TLSv1.3")
    [finding] = check_records(Patient(settings=settings, is_up=False, now_ms=0))
    assert finding.grade is Grade.OK


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("stranger.pem", HOST), "certificate verify failed.*sslrootcert"),
        (("server.pem", "127.0.0.1"), "does not match host name.*as the certificate has it"),
        (("nothing.pem", HOST), "root certificate file.*PEM"),
    ],
    ids=["a stranger", "another name", "no paper"],
)
def test_server_that_does_not_is_refused(
    server: PostgresServer, papers: Path, tmp_path: Path, asked: tuple[str, str], told: str
) -> None:
    """In one line with what to do; nothing was said to it."""
    trusted, host = asked
    settings = settings_for(tmp_path, server, trusted=papers / trusted, host=host)

    with pytest.raises(RecordsUnusable, match=told):
        open_migrated(settings)


def test_server_without_tls_is_refused(
    postgres: PostgresServer, papers: Path, tmp_path: Path
) -> None:
    """No password goes over a line that anybody can read."""
    settings = settings_for(tmp_path, postgres, trusted=papers / "server.pem")

    with pytest.raises(RecordsUnusable, match=r"does not support SSL.*speak TLS"):
        open_migrated(settings)

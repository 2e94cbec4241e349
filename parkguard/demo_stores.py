"""Which stores the demo uses: files of its own, or servers of its own; never yours."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from devices.errors import StoreError
from parkguard.children import ServerNotStarted
from parkguard.demo_choice import DemoRecords, DemoStore, DemoStores
from parkguard.demo_influx import DATABASE, USER, find_influxd, find_nginx, own_influx
from parkguard.demo_postgres import find_postgres, own_postgres
from parkguard.first_start import secrets_dir
from parkguard.records import PASSWORD_FILE
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings
from parkguard.wiring.telemetry import SECRET_FILE, influx_place, keep_days
from stores.influx_setup import check, set_up


def check_installed(wanted: DemoStores) -> None:
    """Look whether every wanted server is there, before anything is touched.

    Raises:
        ProgramMissing: One is not; the message names what installs it.
    """
    if wanted.telemetry is DemoStore.INFLUX:
        find_influxd()
        find_nginx()
    if wanted.records is DemoRecords.POSTGRES:
        find_postgres()


@contextmanager
def open_stores(settings: Settings, wanted: DemoStores) -> Iterator[tuple[Settings, str]]:
    """Run the wanted servers while the block runs; gives the settings that use them, and words.

    Args:
        settings: The demo's; its ``data_dir`` is there.
        wanted: Which.

    Raises:
        ProgramMissing: One is not installed.
        ServerNotStarted: One does not come up; the message says where its log is.
    """
    home, secrets = settings.data_dir, secrets_dir(settings)
    values = settings.model_dump(mode="json")
    values["telemetry"]["store"] = "sqlite"
    values["records"] |= {"url": "", "password_file": ""}
    logs = home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    tracks, records = "SQLite", "SQLite"
    with ExitStack() as servers:
        if wanted.records is DemoRecords.POSTGRES:
            password = ensure_secret(secrets, PASSWORD_FILE).value
            url = servers.enter_context(own_postgres(logs=logs, password=password))
            values["records"]["url"] = url
            records = f"PostgreSQL on {_address(url)}"
        if wanted.telemetry is DemoStore.INFLUX:
            password = ensure_secret(secrets, SECRET_FILE).value
            url = servers.enter_context(own_influx(home / "influx", logs=logs, password=password))
            values["telemetry"]["store"] = "influx"
            values["telemetry"]["influx"] |= {
                "url": url, "version": "1", "bucket": DATABASE, "user": USER, "secret_file": "",
            }  # fmt: skip
        settings = Settings.model_validate(values)
        if wanted.telemetry is DemoStore.INFLUX:
            tracks = f"InfluxDB {_init(settings)} on {_address(settings.telemetry.influx.url)}"
        yield settings, f"telemetry in {tracks}, records in {records}"


def _init(settings: Settings) -> str:
    """Do what ``parkguard stores init`` does; gives InfluxDB's version."""
    place = influx_place(settings)
    try:
        set_up(place, keep_days(settings))
        return check(place)
    except StoreError as exc:
        raise ServerNotStarted(f"InfluxDB was not set up: {exc}") from exc


def _address(url: str) -> str:
    """Host and port of an address."""
    return url.split("//")[1].split("/", maxsplit=1)[0].rpartition("@")[2]

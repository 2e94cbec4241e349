"""The telemetry store that the settings name, for the projector and the API."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import structlog

from api.ports import TrackStore
from devices.errors import StoreError
from ingest.ports import TelemetryWriter
from parkguard.first_start import secrets_dir
from parkguard.secret_files import SecretRefused, read_secret
from parkguard.settings import Settings
from parkguard.wiring.shared import Places
from stores.influx_place import DataClass, InfluxPlace, InfluxVersion
from stores.influx_reads import InfluxReads
from stores.influx_setup import check
from stores.telemetry_bulk import Pages
from stores.telemetry_sqlite import SqliteTelemetry

log = structlog.get_logger()

SECRET_FILE = "influx"  # noqa: S105 - the name of a file
"""Below the secrets folder, unless ``telemetry.influx.secret_file`` names another."""


class Telemetry(TelemetryWriter, TrackStore, Pages, Protocol):
    """The store as projector, API and the command line see it."""

    def erase(self, device_id: str) -> None:
        """Take every row of one device out; harmless when there is none.

        Raises:
            StoreError: It was not done.
        """
        ...


def build_telemetry(settings: Settings) -> Telemetry:
    """Open the store; InfluxDB need not be there yet.

    Raises:
        SecretRefused: InfluxDB's secret is missing or weak.
        StoreError: The SQLite file cannot be opened.
    """
    if settings.telemetry.store == "influx":
        from stores.telemetry_influx import InfluxTelemetry  # noqa: PLC0415 - 30 MiB, 1 s

        return InfluxTelemetry(influx_place(settings))
    return SqliteTelemetry(Places(settings.data_dir).telemetry)


def build_track_store(settings: Settings) -> TrackStore:
    """Open the store for reading alone; without the writing half of InfluxDB's client.

    Raises:
        SecretRefused: InfluxDB's secret is missing or weak.
        StoreError: The SQLite file cannot be opened.
    """
    if settings.telemetry.store == "influx":
        return InfluxReads(influx_place(settings))
    return SqliteTelemetry(Places(settings.data_dir).telemetry)


def greet_influx(settings: Settings) -> None:
    """Say at the start what is wrong with InfluxDB, before the first row finds out."""
    if settings.telemetry.store == "influx":
        try:
            version = check(influx_place(settings))
        except StoreError as exc:
            log.warning("influx_not_well", reason=str(exc))
        else:
            log.info("influx_found", version=version)


def influx_place(settings: Settings, *, timeout_s: float | None = None) -> InfluxPlace:
    """How InfluxDB is reached, with another timeout than the settings' when one is given.

    Raises:
        SecretRefused: Its secret is missing or weak; the message says what to do.
    """
    influx = settings.telemetry.influx
    return InfluxPlace(
        url=influx.url,
        version=InfluxVersion(influx.version),
        secret=_secret(settings),
        bucket=influx.bucket,
        user=influx.user,
        org=influx.org,
        timeout_s=timeout_s or influx.timeout_s,
    )


def keep_days(settings: Settings) -> Mapping[DataClass, int]:
    """How long each class of data is kept, days; 0 = for ever."""
    influx = settings.telemetry.influx
    return {
        DataClass.TRACK: influx.keep_track_days,
        DataClass.HEALTH: influx.keep_health_days,
        DataClass.MONEY: influx.keep_money_days,
    }


def _secret(settings: Settings) -> str:
    influx = settings.telemetry.influx
    path = Path(influx.secret_file or secrets_dir(settings) / SECRET_FILE)
    if not path.exists():
        what = f"the password of {influx.user!r}" if influx.version == "1" else "the token"
        raise SecretRefused(f"{path} is missing: write {what} of InfluxDB into it, mode 600")
    remedy = "make a longer random one in InfluxDB, and write it into the file"
    return read_secret(path.parent, path.name, remedy=remedy)

"""The telemetry store that the settings name, as an export reads it."""

from parkguard.export_days import RowReader
from parkguard.settings import Settings
from parkguard.wiring.shared import Places
from parkguard.wiring.telemetry import influx_place
from stores.influx_bulk import InfluxBulk
from stores.telemetry_bulk import PagedRows
from stores.telemetry_sqlite import SqliteTelemetry


def build_row_reader(settings: Settings) -> RowReader:
    """Open the store for reading many devices.

    Raises:
        SecretRefused: InfluxDB's secret is missing or weak.
        StoreError: The SQLite file cannot be opened.
    """
    if settings.telemetry.store == "influx":
        return InfluxBulk(influx_place(settings))
    return PagedRows(SqliteTelemetry(Places(settings.data_dir).telemetry))

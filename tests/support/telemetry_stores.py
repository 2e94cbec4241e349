"""The telemetry stores that one contract is tried on."""

from devices.telemetry import Row
from stores.memory import MemoryTelemetry
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_sqlite import SqliteTelemetry
from support.telemetry_rows import NOW_MS

Store = MemoryTelemetry | SqliteTelemetry | InfluxTelemetry


def everything(store: Store, device_id: str = "trk-000001") -> list[Row]:
    """All fixes of a device."""
    return store.rows("fix", device_id, NOW_MS - 10**9, NOW_MS + 10**9, None, 10_000)

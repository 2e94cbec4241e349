"""What the tests of InfluxDB share."""

from collections.abc import Callable

import pytest

from devices.errors import StoreError
from devices.refused import PartialWrite
from devices.telemetry import Row
from stores.telemetry_influx import InfluxTelemetry
from support.telemetry_rows import a_row

FAR_MS = 2**50


def many_rows(number: int = 5000) -> list[Row]:
    """Rows of as many devices."""
    return [a_row(device_id=f"trk-{k:06d}", seq=k) for k in range(number)]


def refusal_of(store: InfluxTelemetry, rows: list[Row]) -> PartialWrite:
    """What a write leaves out."""
    with pytest.raises(PartialWrite) as left_out:
        store.write(rows)
    return left_out.value


def trouble_of(act: Callable[[], object]) -> StoreError:
    """The error of a call that must fail and may pass."""
    with pytest.raises(StoreError) as trouble:
        act()
    assert trouble.value.may_pass
    return trouble.value

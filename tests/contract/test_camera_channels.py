"""Channels of cameras in the records database, on SQLite and PostgreSQL."""

import msgspec
import sqlalchemy as sa

from alerts.model import Effects
from alerts.ports import ProcessCommit
from devices.camera_conditions import ChannelChange
from devices.causes import Cause
from stores.processing import RecordsProcessLedger
from stores.queries_cameras import CameraQueries

WELL = ChannelChange(slot=7, n=1, causes=0, since_ms=1_764_059_400_000)
BROKEN = msgspec.structs.replace(
    WELL, causes=int(Cause.DISK_FAULT | Cause.FROZEN), since_ms=1_764_059_460_000
)


def test_newest_state_of_each_channel_stays(engine: sa.Engine) -> None:
    """Written with the processor's offset; committed again it changes nothing; dropped it goes."""
    ledger = RecordsProcessLedger(engine, "1", now_ms=lambda: 1)
    second = msgspec.structs.replace(WELL, n=2)
    other = msgspec.structs.replace(BROKEN, slot=8)
    gone = msgspec.structs.replace(WELL, n=3, is_gone=True)
    third = msgspec.structs.replace(WELL, n=3)
    for changes in ([WELL, second, other, third], [BROKEN, gone], [WELL, BROKEN, gone], []):
        effects = Effects(channels=changes)
        ledger.commit(ProcessCommit(upto_seq=1, recv_ms=0, books={}, effects=effects))

    assert CameraQueries(engine).channels([8, 9, 7]) == {7: [BROKEN, second], 8: [other]}
    assert CameraQueries(engine).channels([]) == {}

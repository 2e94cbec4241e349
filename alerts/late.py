"""The late lane: records older than ten minutes wait until their upload is over.

A tracker without network keeps what it saw and tells it hours later, in a batch of many or in many
messages. Each vehicle's late records are gathered until none came for ``late_settle_s`` and
are then judged as a whole (``alerts.late_judge``). Nothing here touches the live arrays.
"""

import math
import struct
from collections.abc import Callable, Iterable

import msgspec
import numpy as np

from alerts.detection.anchor import AnchorArrays
from alerts.fences import UNKNOWN_ACC_M
from alerts.late_judge import KEYS, MOVES, OPENS, LateFix
from devices.admitted import Record
from devices.geo import to_local_m
from devices.readings import Event, EventType, Fix, Flag

TAKEN = KEYS | MOVES | OPENS | {EventType.ARM, EventType.SOS}
"""Events that say something when they come late. A shake of hours ago says nothing."""
MAX_FIXES = 20_000
"""Kept per vehicle: 24 h at 5 s is 17,280. Of more every second one goes."""
MAX_EVENTS = 500
"""Kept per vehicle, the newest."""
UPLOAD_COST = 100
"""What judging an upload costs beside its fixes (4-6 µs each), in fixes."""
_BACKFILL, _REQUEUED = int(Flag.BACKFILL), int(Flag.REQUEUED)
_PACK = struct.Struct("<qddfb")
_DTYPE = np.dtype([("t", "<i8"), ("lat", "<f8"), ("lon", "<f8"), ("acc", "<f4"), ("ign", "i1")])


class Upload(msgspec.Struct):
    """Late records of one tracker that wait, of its time on one vehicle.

    Attributes:
        slot, vehicle_id, device_id: Whose they are.
        heard_ms: Steady clock of the last one.
        recv_ms: Receive time of the last one.
        requeued: Some came out of quarantine: their receive time is that of long ago.
        fixes: Packed ``_DTYPE``, in order of arrival.
        events: (time, type) in order of arrival.
    """

    slot: int
    vehicle_id: str
    device_id: str
    heard_ms: int
    recv_ms: int
    requeued: bool = False
    fixes: bytearray = msgspec.field(default_factory=bytearray)
    events: list[tuple[int, EventType]] = msgspec.field(default_factory=list)


class LateLane:
    """Uploads by slot and vehicle: one message may hold records of a tracker's time on two."""

    def __init__(self, uploads: Iterable[Upload] = ()) -> None:
        """Start from ``uploads`` or with nothing waiting."""
        self._uploads = {(upload.slot, upload.vehicle_id): upload for upload in uploads}

    @property
    def waiting(self) -> list[Upload]:
        """What is not judged yet, in order of its first record."""
        return list(self._uploads.values())

    def __len__(self) -> int:
        """How many uploads wait."""
        return len(self._uploads)

    def holds(self, record: Record) -> bool:
        """Whether it is the end of an upload that waits: it was buffered, too, if not so long.

        Scored live, the newest ten minutes of a buffered ride would be judged before the key
        at its begin.
        """
        buffered = bool(record.reading.flags & _BACKFILL)
        return buffered and (record.device.slot, record.device.vehicle_id or "") in self._uploads

    def take(self, record: Record) -> None:
        """One late record of a tracker that is bound to a vehicle."""
        device, reading, elapsed_ms = record.device, record.reading, record.entry.elapsed_ms
        if isinstance(reading, Event) and (reading.type not in TAKEN or not reading.on):
            return
        key = device.slot, device.vehicle_id or ""
        upload = self._uploads.get(key)
        if upload is None:
            upload = Upload(*key, device.id, elapsed_ms, record.entry.recv_ms)
            self._uploads[key] = upload
        upload.heard_ms, upload.recv_ms = elapsed_ms, record.entry.recv_ms
        if reading.flags & _REQUEUED:
            upload.requeued = True
        if isinstance(reading, Fix):
            pos, ignition = reading.pos, reading.st.ign
            acc_m = math.nan if pos.acc_m is None else pos.acc_m
            said = -1 if ignition is None else int(ignition)
            upload.fixes += _PACK.pack(reading.t_ms, pos.lat, pos.lon, acc_m, said)
            if len(upload.fixes) > MAX_FIXES * _PACK.size:
                upload.fixes = bytearray(np.frombuffer(upload.fixes, _DTYPE)[::2].tobytes())
        elif isinstance(reading, Event):
            upload.events.append((reading.t_ms, reading.type))
            del upload.events[:-MAX_EVENTS]

    def due(
        self, elapsed_ms: int, settle_ms: float, budget: float, more_waits: Callable[[str], bool]
    ) -> list[Upload]:
        """Take out uploads that are over, in order of slot: one, and more up to so many fixes.

        ``more_waits`` says of a device whether more of its records are here and wait their turn.
        """
        ready = [
            key
            for key, upload in self._uploads.items()
            if elapsed_ms - upload.heard_ms >= settle_ms and not more_waits(upload.device_id)
        ]
        taken: list[Upload] = []
        for key in sorted(ready):
            budget -= UPLOAD_COST + len(self._uploads[key].fixes) // _PACK.size
            if taken and budget < 0:
                break
            taken.append(self._uploads.pop(key))
        return taken


def fixes_of(upload: Upload, anchors: AnchorArrays) -> list[LateFix]:
    """The fixes in order of time, one a time, in metres from the slot's origin.

    A slot that was never heard takes its first late fix as the origin of these numbers only.
    """
    rows = np.frombuffer(bytes(upload.fixes), _DTYPE)
    _, first = np.unique(rows["t"], return_index=True)
    rows = rows[first]
    if not len(rows):
        return []
    slot = upload.slot
    lat, lon = anchors.origin_lat[slot], anchors.origin_lon[slot]
    if not anchors.last_t[slot]:
        lat, lon = rows["lat"][0], rows["lon"][0]
    x, y = to_local_m(rows["lat"], rows["lon"], np.full(len(rows), lat), np.full(len(rows), lon))
    acc = np.nan_to_num(rows["acc"], nan=UNKNOWN_ACC_M)
    columns = (rows["t"], x, y, acc, rows["ign"])
    return [LateFix(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def last_place(upload: Upload) -> tuple[int, float, float, float | None] | None:
    """Time, latitude, longitude and accuracy (as the fix said it) of the newest fix."""
    rows = np.frombuffer(bytes(upload.fixes), _DTYPE)
    if not len(rows):
        return None
    row = rows[int(np.argmax(rows["t"]))]
    acc_m = None if np.isnan(row["acc"]) else float(row["acc"])
    return int(row["t"]), float(row["lat"]), float(row["lon"]), acc_m

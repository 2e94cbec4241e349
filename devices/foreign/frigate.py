"""Cameras behind a Frigate server: its statistics are their heartbeats, ``available`` its own will.

Facts: one message a minute for all cameras; ``camera_fps`` counts frames that arrive, whatever they
show; ``detection_fps`` is above 0 only while something moves in the picture; storage in MiB;
``available`` is plain text, retained, ``offline`` as the will. There is no frame counter and no
time of a picture. Source: domain.md 3.1, [V3]; ``frigate/stats/util.py`` of 0.14 to 0.17, read
2026-11-29.
"""

from typing import Any

import msgspec

from devices.errors import WireError, WireReason
from devices.foreign.adapter import Foreign, ForeignRefused, ModelOf, no_model
from devices.foreign.filters import Filters
from devices.foreign.ids import canonical_id
from devices.foreign.payload import (
    Given,
    Plain,
    fit_part,
    limit,
    open_plain,
    refused,
    whole_or,
    without_unknown,
)
from devices.foreign.policy import FrigatePolicy
from devices.payloads import Count, Float, Int

KBIT_PER_KIB = 8.192
"""``nethogs`` counts KiB a second."""
GB_PER_MIB = 2**20 / 1e9
_PART_OF = "part_of"
"""Stands in place of ``service`` in a part that holds one camera: the server said its own word."""
_STATES = {
    "online": {"state": "online", "reason": "available"},
    "offline": {"state": "lost", "reason": "will"},
    "stopped": {"state": "disconnected", "reason": "stopped"},
}
_KEPT = ("process_fps", "skipped_fps", "detection_fps", "connection_quality")
"""What is kept of a camera besides; processes and loudness say nothing about its picture."""


class _Camera(msgspec.Struct, kw_only=True):
    """One of ``cameras``."""

    camera_fps: Float | None = None
    detection_fps: Float | None = None
    detection_enabled: bool | None = None
    expected_fps: Float | None = None
    reconnects_last_hour: Int | None = None
    stalls_last_hour: Int | None = None
    ffmpeg_pid: Int | None = None


class _Disk(msgspec.Struct, kw_only=True):
    """One of ``service.storage``, MiB."""

    total: Float | None = None
    used: Float | None = None


class _Service(msgspec.Struct, kw_only=True):
    """``service``."""

    uptime: Float | None = None
    version: str | None = None
    last_updated: Count | None = None
    storage: Any = None


class Frigate:
    """Reads ``{server}/stats`` and ``{server}/available``.

    The id of a server is its topic without the last level, that of a camera ``server/camera``.
    """

    name: str = "frigate"

    def __init__(self, policy: FrigatePolicy) -> None:
        """Keep the policy."""
        self._policy = policy
        self._filters = Filters(policy.topics)

    def owns(self, topic: str) -> bool:
        """Whether a filter of the policy matches."""
        return self._filters.match(topic) is not None

    def read(
        self, topic: str, payload: bytes, recv_ms: int, model_of: ModelOf = no_model
    ) -> list[Foreign | ForeignRefused]:
        """A heartbeat for each camera and one of the server, or the server's state.

        Raises:
            WireError: It cannot be opened, or the topic is neither.
        """
        del model_of, recv_ms
        server, _, kind = topic.rpartition("/")
        server_id = canonical_id(server)
        if kind == "available":
            return [_available(server_id, payload)]
        if kind != "stats":
            raise WireError(WireReason.CHANNEL, "of Frigate stats and available are taken")
        plain = open_plain(payload)
        try:
            return self._stats(plain, server_id)
        except WireError as exc:
            return [refused(-1, server_id, exc)]

    def parts(self, topic: str, payload: bytes) -> list[bytes]:
        """Statistics as statistics of one camera each, and of the server alone."""
        if not topic.endswith("/stats"):
            return []
        body = open_plain(payload).value
        service = body.get("service", body.get(_PART_OF))
        bandwidth = {"bandwidth_usages": body.get("bandwidth_usages")}
        alone = [
            whole_or(
                payload,
                [one, service],
                without_unknown({"cameras": {name: one}, _PART_OF: service} | bandwidth),
            )
            for name, one in body["cameras"].items()
        ]
        return [*alone, whole_or(payload, service, {"cameras": {}, "service": service})]

    def _stats(self, plain: Plain, server_id: str) -> Given:
        body = plain.value
        cameras = body.get("cameras") if isinstance(body, dict) else None
        if not isinstance(cameras, dict):
            raise WireError(WireReason.SHAPE, "statistics without cameras")
        limit(list(cameras))
        given: Given = []
        said = body.get("service", body.get(_PART_OF))
        plain.check(said)
        service, _ = fit_part(said or {}, _Service)
        rates = _rates(plain, body.get("bandwidth_usages"))
        for item, (name, one) in enumerate(cameras.items()):
            camera_id = ""
            try:
                camera_id = canonical_id(f"{server_id}/{name}")
                plain.check(one)
                camera, typed = fit_part(one, _Camera)
                beat = self._beat(service) | {"ch": [_channel(camera, rates)]}
            except WireError as exc:
                given.append(refused(item, camera_id, exc))
                continue
            kept = {key: one[key] for key in _KEPT if key in one}
            beat |= {"frigate": kept} if kept else {}
            given.append(Foreign(item, camera_id, "hb", beat, typed.flags))
        if "service" in body:
            beat = self._beat(service) | without_unknown({"disk": _disk(service.storage)})
            given.append(Foreign(len(cameras), server_id, "hb", beat))
        return given

    def _beat(self, service: _Service) -> dict[str, Any]:
        """What all heartbeats of one message have in common."""
        seconds = service.last_updated
        beat = {
            "t": None if seconds is None else seconds * 1000,
            "up_s": service.uptime,
            "fw": None if service.version is None else service.version[:64],
            "next_s": self._policy.interval_s,
        }
        return without_unknown(beat)


def _available(server_id: str, payload: bytes) -> Foreign | ForeignRefused:
    word = payload[:16].strip().decode("ascii", "replace")
    if word not in _STATES:
        error = WireError(WireReason.TYPE, "available is online, offline or stopped")
        return refused(-1, server_id, error)
    return Foreign(-1, server_id, "state", dict(_STATES[word]))


def _channel(camera: _Camera, rates: dict[str, float]) -> dict[str, Any]:
    """The one channel of a camera. Frames that arrive are no proof of a picture that moves."""
    moves = None
    if camera.detection_enabled and camera.detection_fps is not None:
        moves = camera.detection_fps > 0
    return without_unknown(
        {
            "n": 1,
            "fps": camera.camera_fps,
            "fps_expected": camera.expected_fps,
            "kbps": rates.get(str(camera.ffmpeg_pid)),
            "reconn_1h": camera.reconnects_last_hour,
            "stalls_1h": camera.stalls_last_hour,
            "motion": moves,
        }
    )


def _rates(plain: Plain, usages: object) -> dict[str, float]:
    """What each process takes from the network, kbit/s; told only where Frigate is asked to."""
    plain.check(usages)
    if not isinstance(usages, dict):
        return {}
    return {
        pid: round(rate * KBIT_PER_KIB, 1)
        for pid, one in usages.items()
        if isinstance(one, dict)
        and isinstance(rate := one.get("bandwidth"), int | float)
        and not isinstance(rate, bool)
    }


def _disk(storage: object) -> dict[str, float] | None:
    """The disk that recordings are on, in GB; the first mount of that name."""
    if not isinstance(storage, dict):
        return None
    path = next((path for path in storage if path.endswith("/recordings")), None)
    if path is None:
        return None
    disk, _ = fit_part(storage[path], _Disk)
    if disk.total is None or disk.used is None:
        return None
    total, used = disk.total * GB_PER_MIB, disk.used * GB_PER_MIB
    return {"total_gb": round(total, 1), "used_gb": round(used, 1)}

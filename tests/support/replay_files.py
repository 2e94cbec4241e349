"""Lines of replay files and runs of them. Times are seconds after ``T0_MS``."""

import json
from collections.abc import Iterable, Mapping

import msgspec

from devices.readings import EventType
from parkguard.replay.outputs import alert_lines, state_lines
from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.replay.ticking import Ahead, ahead_ms
from parkguard.settings import Settings
from support.factories import ROOT, at_ms, event_bytes, fix_bytes, place

Line = dict[str, object]
DEVICE: Line = {"kind": "device", "class": "trk", "id": "trk-1", "vehicle": "v-1"}


def mqtt(at_s: float, channel: str, payload: object, *, who: str = "trk/trk-1") -> Line:
    """One message of a device."""
    topic = f"{ROOT}/up/{who}/{channel}"
    return {"kind": "mqtt", "recv_t": at_ms(at_s), "topic": topic, "payload": payload}


def fix(at_s: float, *, east_m: float = 0.0, who: str = "trk/trk-1", seq: int = -1) -> Line:
    """A fix received when it was taken."""
    number = round(at_s * 10) if seq < 0 else seq
    return mqtt(at_s, "fix", json.loads(fix_bytes(at_s, seq=number, east_m=east_m)), who=who)


def event(at_s: float, type_: EventType, *, who: str = "trk/trk-1") -> Line:
    """An event received when it happened."""
    return mqtt(at_s, "event", json.loads(event_bytes(type_, at_s)), who=who)


def side(at_s: float, type_: str, **fields: object) -> Line:
    """What happened beside the messages."""
    return {"kind": "side", "recv_t": at_ms(at_s), "type": type_, **fields}


def expect(what: str, **fields: object) -> Line:
    """An expectation, at the end unless it has a ``recv_t``."""
    return {"kind": "expect", "what": what, **fields}


def circle(fence_id: str, *, east_m: float = 0.0, radius_m: float = 60.0) -> Line:
    """The fields of a round fence."""
    lat, lon = place(east_m)
    return {"id": fence_id, "lat": lat, "lon": lon, "radius_m": radius_m}


def theft() -> list[Line]:
    """Parked for three minutes, shaken, then ridden away at 5 m/s."""
    parked = [fix(at_s) for at_s in range(0, 190, 10)]
    shaken = [event(191, EventType.VIBRATION)]
    ridden = [fix(200 + 10 * k, east_m=50.0 * (k + 1)) for k in range(12)]
    return [DEVICE, *parked, *shaken, *ridden]


def stray(number: int, *, scale: float = 1.0) -> list[Line]:
    """A vehicle of its own, parked; after five minutes its position strays and comes back."""
    device: Line = {
        "kind": "device",
        "class": "trk",
        "id": f"trk-s{number}",
        "vehicle": f"v-s{number}",
    }
    who, out_m = f"trk/trk-s{number}", (40.0, 80.0, 120.0, 160.0, 200.0, 240.0)
    parked = [fix(10 * k, who=who) for k in range(30)]
    gone = [fix(300 + 10 * k, east_m=scale * east_m, who=who) for k, east_m in enumerate(out_m)]
    return [device, *parked, *gone, *(fix(360 + 60 * k, who=who) for k in range(7))]


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Of several vehicles together: what has no time first."""
    return sorted(lines, key=lambda line: int(str(line.get("recv_t", 0))))


def encoded(lines: Iterable[Mapping[str, object]]) -> list[bytes]:
    """As they stand in a file."""
    return [json.dumps(line).encode() + b"\n" for line in lines]


def run_of(
    lines: Iterable[Mapping[str, object]],
    settings: Settings | None = None,
    *,
    ahead: Ahead = ahead_ms,
) -> Replay:
    """A finished run of these lines."""
    run = Replay(settings or Settings(), ahead=ahead)
    run.feed(read_lines(encoded(lines), "-"))
    run.finish()
    return run


def outputs_of(run: Replay) -> tuple[list[bytes], list[bytes]]:
    """The lines of ``--alerts`` and of ``--state``."""
    alerts = [msgspec.json.encode(line) for line in alert_lines(run.timeline.observed)]
    return alerts, [msgspec.json.encode(line) for line in state_lines(run.world())]


def misses_of(*lines: Mapping[str, object]) -> list[str]:
    """What a run of these lines misses."""
    return run_of(lines).misses

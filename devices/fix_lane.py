"""The lane of the message there is most of: one fix, in as few steps as prove all of it.

Bytes that are just as wire.md says are decoded once, by type; their skeleton (``devices.codec``)
proves that they are ASCII, and that no key stands twice; what is left is compared here. Whatever
is otherwise goes the careful way, which names what is wrong and gives the same of what is right.
"""

import msgspec

from devices.clocks import FUTURE_MS, LATE_MS
from devices.codec import BOOT, CLEAN, FIX, NUMBERS, read
from devices.crs import Crs
from devices.encoding import MAX_PAYLOAD_BYTES, open_payload
from devices.judge import Spoken, is_plausible, judge_fix
from devices.model import Profile, SpeedUnit
from devices.readings import Fix

_decode = FIX.json.decode
_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_WGS84, _KMH = Crs.WGS84, SpeedUnit.KMH
_set = msgspec.structs.force_setattr


def decode_fix(
    device_id: str, payload: bytes, recv_ms: int, profile: Profile, offset_ms: int
) -> Fix:
    """Decode one message of the channel ``fix``; arguments and errors as of ``wire.decode``."""
    if len(payload) <= MAX_PAYLOAD_BYTES:
        try:
            fix = _decode(payload)
        except _REFUSED:
            pass
        else:
            boot, t_ms = fix.boot, fix.t
            if (
                payload.translate(None, NUMBERS) in CLEAN
                and ((said_id := fix.id) == device_id or said_id is None)
                and (boot.isalnum() or BOOT.fullmatch(boot))
            ):
                if (
                    boot
                    and fix.seq is not None
                    and t_ms is not None
                    and -FUTURE_MS <= recv_ms - t_ms <= LATE_MS
                    and not offset_ms
                    and profile.crs is _WGS84
                    and profile.speed_unit is _KMH
                    and is_plausible(fix)
                ):
                    _set(fix, "t_ms", t_ms)
                    return fix
                return judge_fix(fix, boot, Spoken(payload, recv_ms, 0, profile, offset_ms, {}))
    opened = open_payload(payload)
    fix, noted, ext = read(FIX, opened, device_id, profile.decimal)
    return judge_fix(fix, fix.boot, Spoken(opened.body, recv_ms, noted, profile, offset_ms, ext))

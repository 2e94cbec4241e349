"""The body of every channel outside the house: webhook and MQTT say the same."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from alerts.delivery.model import DueNotice

LATE_AFTER_S = 60.0
"""From this age on a notice carries ``age_s``. Source: first escalation step of incidents.md."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, object])


def age_s(created_ms: int, *, now_ms: int) -> float | None:
    """Give the age of a late notice, seconds to one decimal; None when it is not late."""
    seconds = (now_ms - created_ms) / 1000
    return round(seconds, 1) if seconds >= LATE_AFTER_S else None


def data_of(notice: DueNotice) -> dict[str, object]:
    """Decode the body; a receiver behind a shared target (``owner:wang``) is named in it.

    Raises:
        msgspec.DecodeError: The row is not JSON: a bug of who wrote it.
    """
    data = _decoder.decode(notice.body)
    if ":" in notice.receiver:
        data["receiver"] = notice.receiver
    return data


def encode(
    notice: DueNotice, *, now_ms: int, more: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """Encode ``{"v":1,"id","kind","action","at","data"}``, UTF-8 JSON.

    ``at`` is when the notice was committed (ms UTC), the same in every attempt. ``age_s`` stands
    in late notices only, ``attempt`` in repeats only (reliability.md P13). ``more`` stands in
    ``data`` besides the row's body.
    """
    envelope: dict[str, object] = {
        "v": 1,
        "id": notice.key,
        "kind": notice.kind,
        "action": notice.action,
        "at": notice.created_ms,
    }
    late_s = age_s(notice.created_ms, now_ms=now_ms)
    if late_s is not None:
        envelope["age_s"] = late_s
    if notice.attempts:
        envelope["attempt"] = notice.attempts + 1
    envelope["data"] = {**data_of(notice), **more}
    return _encoder.encode(envelope)

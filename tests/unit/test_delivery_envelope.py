"""Every channel outside the house gets the same body, and the webhook's is signed."""

import base64
import hashlib
import json

from alerts.delivery.envelope import LATE_AFTER_S, encode
from alerts.delivery.signature import signed_headers
from support.delivery_rows import T0_MS, a_notice


def by_hand(key: bytes, text: bytes) -> str:
    """HMAC-SHA256 after RFC 2104, written out."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + text).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).digest()
    return base64.b64encode(outer).decode()


def test_fresh_notice_is_exactly_the_contract() -> None:
    """v, id, kind, action, at, data, and nothing else."""
    said = json.loads(encode(a_notice(), now_ms=T0_MS + 1500))

    assert said == {
        "v": 1,
        "id": "inc-1:1:police",
        "kind": "incident",
        "action": "opened",
        "at": T0_MS,
        "data": {"incident_id": "inc-1", "alert_id": "al-1", "action": "opened"},
    }


def test_late_notice_carries_its_age() -> None:
    """Nothing is dropped for age: it is marked."""
    now_ms = T0_MS + 3_600_250

    assert json.loads(encode(a_notice(), now_ms=now_ms))["age_s"] == 3600.2
    assert b"age_s" not in encode(a_notice(), now_ms=T0_MS + round(LATE_AFTER_S * 1000) - 1)


def test_repeat_is_marked_and_otherwise_the_same() -> None:
    """P13: a repeat is told as attempt 2, with the same id and the same time."""
    first = json.loads(encode(a_notice(), now_ms=T0_MS))
    again = json.loads(encode(a_notice(attempts=1), now_ms=T0_MS + 2000))

    assert again.pop("attempt") == 2
    assert again == first


def test_receiver_behind_a_shared_target_is_named() -> None:
    """owner:wang goes to the webhook of all owners."""
    notice = a_notice(receiver="owner:wang", kind="owner_notice")

    assert json.loads(encode(notice, now_ms=T0_MS))["data"]["receiver"] == "owner:wang"


def test_signature_is_what_the_standard_says() -> None:
    """v1, HMAC-SHA256 over id.timestamp.body, base64."""
    body = '{"label":"蓝色雅迪"}'.encode()

    for key in (b"short", b"x" * 100):
        headers = signed_headers(key, message_id="inc-1:1", at_s=1_790_000_000, body=body)

        assert headers == {
            "webhook-id": "inc-1:1",
            "webhook-timestamp": "1790000000",
            "webhook-signature": "v1," + by_hand(key, b"inc-1:1.1790000000." + body),
        }

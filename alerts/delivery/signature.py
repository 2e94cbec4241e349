"""The signature of a webhook: Standard Webhooks headers, HMAC-SHA256. Pure."""

import base64
import hashlib
import hmac


def signed_headers(key: bytes, *, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """Give the three headers of one attempt.

    The signed text is ``id.timestamp.body``; the timestamp (s UTC) is the attempt's, so that the
    receiver can refuse a replayed request while the id stays the same in every attempt.
    """
    signed = f"{message_id}.{at_s}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": "v1," + base64.b64encode(digest).decode("ascii"),
    }

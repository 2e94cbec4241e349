"""Weak tags of answers (RFC 9110, 8.8.3): who has the same answer already is told so, briefly.

A tag is a hash of the answer without the fields that move by themselves (how long ago something
was), so it is right whatever changed: state, registry, rights or the program. An answer that
shows where a vehicle is has none and is kept nowhere: each look stands in the audit.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from starlette import status

from api.schemas import Answer

MOVING_HEALTH: Mapping[str, Any] = {"silent_s": True}
"""Fields of ``HealthOut`` that count from now, as pydantic's ``exclude`` names them."""
MOVING: Mapping[str, Any] = {**MOVING_HEALTH, "position": {"age_s": True}}
"""Of ``DeviceOut``."""
MOVING_IN_PAGE: Mapping[str, Any] = {"devices": {"__all__": MOVING}}
"""Of ``DevicePage``."""

TAG_RESPONSES: dict[int | str, dict[str, object]] = {
    304: {"description": "As your `If-None-Match` says you have it"}
}
"""For the OpenAPI document of a route whose answers have tags."""

_HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie, X-Purpose"}
"""May be kept by who asked, and is asked for again each time."""
_OPAQUE = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def json_response(answer: Answer) -> Response:
    """Answer in JSON."""
    return Response(answer.model_dump_json(), media_type="application/json")


def tagged(
    request: Request, response: Response, answer: Answer, moving: Mapping[str, Any]
) -> Response:
    """Give the response its tag; instead of it 304 to who has it.

    Args:
        request: May have ``If-None-Match``.
        response: ``answer`` in some form.
        answer: What the tag is of.
        moving: Fields left out of it, as pydantic's ``exclude``.
    """
    body = answer.model_dump_json(exclude=dict(moving))
    form = response.media_type or ""
    digest = hashlib.blake2b(f"{form}\n{body}".encode(), digest_size=12).hexdigest()
    headers = {"ETag": f'W/"{digest}"', **_HEADERS}
    if _has(request.headers.get("if-none-match", ""), f'"{digest}"'):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    response.headers.update(headers)
    return response


def tagged_bytes(request: Request, packed: bytes, *, opaque: str, media_type: str) -> Response:
    """Give a body that was packed before, or 304 to who has it.

    Args:
        request: May have ``If-None-Match``; without ``Accept-Encoding: gzip`` it is unpacked.
        packed: The body by gzip.
        opaque: Its tag, in quotes.
        media_type: Of the body.
    """
    vary = f"{_HEADERS['Vary']}, Accept-Encoding"
    headers = {"ETag": f"W/{opaque}", **_HEADERS, "Vary": vary}
    if _has(request.headers.get("if-none-match", ""), opaque):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(packed), media_type=media_type, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(packed, media_type=media_type, headers=headers)


def _has(given: str, opaque: str) -> bool:
    """Whether ``If-None-Match`` names a tag; compared weakly, as it says (13.1.2)."""
    return given.strip() == "*" or opaque in _OPAQUE.findall(given)

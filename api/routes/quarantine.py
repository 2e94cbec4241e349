"""What was refused and why."""

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.asking import not_found, page_size
from api.auth import Requires
from api.cursors import decode_cursor, encode_cursor
from api.deps import ServicesDep
from api.fields import ID_PATTERN, Cursor, Limit, RowId
from api.privacy import audit_of
from api.roles import Permission, Principal
from api.system_schemas import QuarantineDetailOut, QuarantineOut, QuarantinePage

router = APIRouter(prefix="/v1/quarantine", tags=["quarantine"])

Reader = Annotated[Principal, Depends(Requires(Permission.QUARANTINE_READ))]


@router.get("")
def list_quarantine(
    *,
    services: ServicesDep,
    principal: Reader,
    reason: Annotated[str | None, Query(pattern="^[a-z0-9_]{1,32}$")] = None,
    device: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> QuarantinePage:
    """List refused messages, newest first. Those of unknown devices are the whole city's."""
    key = decode_cursor(cursor, int)
    size = page_size(services, limit)
    rows = services.quarantine.page(
        principal.scope,
        reason=reason,
        device=device,
        before_id=int(key[0]) if key else None,
        limit=size + 1,
    )
    page = rows[:size]
    return QuarantinePage(
        quarantine=[QuarantineOut.model_validate(row) for row in page],
        next=encode_cursor(page[-1].id) if len(rows) > size else None,
    )


@router.get("/{row_id}")
def get_quarantined(row_id: RowId, services: ServicesDep, principal: Reader) -> QuarantineDetailOut:
    """Get one refused message with its raw bytes. The look is written to the audit."""
    row = services.quarantine.one(principal.scope, row_id)
    if row is None:
        not_found()
    now_ms = services.now_ms()
    entry = audit_of(principal, "quarantine_seen", f"quarantine:{row.id}", at_ms=now_ms)
    services.actions.note([entry])
    try:
        text = row.payload.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    return QuarantineDetailOut(
        **QuarantineOut.model_validate(row).model_dump(),
        payload_base64=base64.b64encode(row.payload).decode(),
        payload_text=text,
    )

"""What was refused and why; running it again; adopting who was unknown."""

import base64
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette import status

from api.asking import not_found, page_size
from api.auth import Requires
from api.bodies import ReplayIn
from api.csv_text import CSV_RESPONSES, Format, csv_response
from api.cursors import decode_cursor, encode_cursor
from api.deps import Services, ServicesDep
from api.device_bodies import AdoptIn
from api.fields import HELD_NAME_PATTERN, Cursor, Limit, RowId
from api.privacy import audit_of
from api.problems import Problem, ProblemCode
from api.registering import adopt_device, need_city
from api.roles import Permission, Principal
from api.system_schemas import (
    AdoptedOut,
    HeldOut,
    HintOut,
    NotKeptOut,
    QuarantineDetailOut,
    QuarantineOut,
    QuarantinePage,
    QueuedOut,
    ReasonCountOut,
    ReasonOut,
    ReasonsOut,
)
from api.times import TimeMs
from devices.errors import WireReason
from devices.quarantine_hints import hint_of, text_of

router = APIRouter(prefix="/v1/quarantine", tags=["quarantine"])

Reader = Annotated[Principal, Depends(Requires(Permission.QUARANTINE_READ))]
Writer = Annotated[Principal, Depends(Requires(Permission.QUARANTINE_WRITE))]

NOT_KEPT = "quarantine_full"
"""Name in the books of what the bound refused."""

ReasonFilter = Annotated[str | None, Query(pattern="^[a-z0-9_]{1,32}$")]
DeviceFilter = Annotated[
    str | None,
    Query(pattern=HELD_NAME_PATTERN, description="A device's id, or ADAPTER:ID of a stranger"),
]


@router.get("", response_model=QuarantinePage, responses=CSV_RESPONSES)
def list_quarantine(
    *,
    request: Request,
    services: ServicesDep,
    principal: Reader,
    reason: ReasonFilter = None,
    device: DeviceFilter = None,
    since: TimeMs | None = None,
    until: TimeMs | None = None,
    replayed: bool | None = None,
    held: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = None,
    as_: Format = "json",
) -> QuarantinePage | Response:
    """List refused messages, newest first. Those of unknown devices are the whole city's."""
    key = decode_cursor(cursor, int)
    size = page_size(services, limit)
    rows = services.quarantine.page(
        principal.scope,
        reason=reason,
        device=device,
        since_ms=since,
        until_ms=until,
        replayed=replayed,
        held=held,
        before_id=int(key[0]) if key else None,
        limit=size + 1,
    )
    page = [QuarantineOut.model_validate(row) for row in rows[:size]]
    next_key = (page[-1].id,) if len(rows) > size else None
    if as_ == "csv":
        lines = (row.model_dump() for row in page)
        return csv_response(
            request, "quarantine", tuple(QuarantineOut.model_fields), lines, next_key
        )
    return QuarantinePage(quarantine=page, next=encode_cursor(*next_key) if next_key else None)


@router.get("/held")
def count_held(
    services: ServicesDep,
    principal: Reader,
    reason: ReasonFilter = None,
    device: DeviceFilter = None,
) -> HeldOut:
    """Count what a replay with the same filters would find: to be said before it is asked for."""
    found, _ = services.quarantine.held(principal.scope, reason=reason, device=device)
    return HeldOut(held=found)


@router.get("/reasons")
def count_reasons(services: ServicesDep, principal: Reader) -> ReasonsOut:
    """Count what there is of each reason, with what to do about it."""
    not_kept = []
    if principal.scope.covers(""):
        not_kept = [
            NotKeptOut(reason=line.reason, count=line.count)
            for line in services.quarantine.counts()
            if line.name == NOT_KEPT
        ]
    return ReasonsOut(
        reasons=[
            ReasonOut(
                **ReasonCountOut.model_validate(one).model_dump(),
                hint=HintOut.model_validate(hint_of(one.reason)),
            )
            for one in services.quarantine.reasons(principal.scope)
        ],
        not_kept=not_kept,
    )


@router.post("/replay", status_code=status.HTTP_202_ACCEPTED)
def replay(body: ReplayIn, services: ServicesDep, principal: Writer) -> QueuedOut:
    """Run held messages again with the present code, oldest first. Needs the whole city.

    What is queued already, or was run again, is left out: two clicks do not run it twice.
    """
    need_city(principal)
    words = [f"{name}={value}" for name, value in body.model_dump(exclude={"ids"}).items() if value]
    ids = [f"ids={len(body.ids)}"] if body.ids else []
    return _queue(
        services,
        principal,
        target="quarantine:" + ",".join(words + ids),
        limit=body.limit,
        reason=body.reason,
        device=body.device,
        ids=body.ids,
    )


@router.post("/adopt", status_code=status.HTTP_201_CREATED)
def adopt(body: AdoptIn, services: ServicesDep, principal: Writer) -> AdoptedOut:
    """Register an unknown device and run what is held of it. Needs the whole city.

    The answer shows its broker password this once.
    """
    return adopt_device(services, principal, body.device)


@router.get("/{row_id}")
def get_quarantined(row_id: RowId, services: ServicesDep, principal: Reader) -> QuarantineDetailOut:
    """Get one refused message with its raw bytes. The look is written to the audit."""
    row = services.quarantine.one(principal.scope, row_id)
    if row is None:
        not_found()
    now_ms = services.now_ms()
    entry = audit_of(principal, "quarantine_seen", f"quarantine:{row.id}", at_ms=now_ms)
    services.actions.note([entry])
    return QuarantineDetailOut(
        **QuarantineOut.model_validate(row).model_dump(),
        payload_base64=base64.b64encode(row.payload).decode(),
        payload_text=text_of(row.payload),
        hint=HintOut.model_validate(hint_of(row.reason)),
    )


@router.post("/{row_id}/replay", status_code=status.HTTP_202_ACCEPTED)
def replay_one(row_id: RowId, services: ServicesDep, principal: Writer) -> QueuedOut:
    """Run one held message again. Needs the whole city.

    ``queued`` is 0 when it is queued already or was run again.
    """
    need_city(principal)
    row = services.quarantine.one(principal.scope, row_id)
    if row is None:
        not_found()
    if row.reason == WireReason.CONTROL:
        raise Problem(ProblemCode.INVALID, "a row of our own, no message: upgrade instead")
    if not row.runnable:
        raise Problem(ProblemCode.INVALID, "an element that an older version kept: no message")
    return _queue(services, principal, target=f"quarantine:{row_id}", limit=1, ids=[row_id])


def _queue(
    services: Services,
    principal: Principal,
    *,
    target: str,
    limit: int,
    reason: str | None = None,
    device: str | None = None,
    ids: Sequence[int] | None = None,
) -> QueuedOut:
    now_ms = services.now_ms()
    done = services.quarantine.queue(
        principal.scope,
        by=principal.name,
        at_ms=now_ms,
        audit=audit_of(principal, "quarantine_replayed", target, at_ms=now_ms),
        limit=limit,
        reason=reason,
        device=device,
        ids=ids,
    )
    return QueuedOut.model_validate(done)

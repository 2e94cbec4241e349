"""What people did on a ``side`` line, as the controls the API would write."""

from alerts.pipeline import Pipeline
from devices.control import (
    AnyControl,
    Arm,
    CloseTicket,
    DeleteFence,
    Disarm,
    OpenTicket,
    OwnerAnswer,
    PhoneAt,
    ReportStolen,
)
from parkguard.replay.lines import Side

PHONE_ACC_M = 10.0
"""Taken for a phone that does not say how good its place is, metres."""


def controls_of(line: Side, pipeline: Pipeline, *, at_ms: int) -> tuple[list[AnyControl], str]:
    """Controls of one side line, and a note when it has no effect."""
    if line.type == "fence_delete":
        fence_id = line.id or ""
        if fence_id not in pipeline.admission.registry.fences:
            return [], f"side fence_delete: there is no fence {fence_id}"
        return [DeleteFence(at_ms=at_ms, by=line.by or "replay", fence_id=fence_id)], ""
    vehicle = line.vehicle or ""
    if vehicle not in pipeline.admission.registry.vehicles:
        return [], f"side {line.type}: there is no vehicle {vehicle}"
    if line.type == "owner_answer":
        return _answer(line, pipeline, at_ms)
    return [_of_vehicle(line, vehicle, at_ms)], ""


def _of_vehicle(line: Side, vehicle: str, at_ms: int) -> AnyControl:
    by = line.by or "replay"
    ticket_id = line.id or f"{line.ticket or ''}"
    match line.type:
        case "arm":
            return Arm(at_ms=at_ms, by=by, vehicle_id=vehicle)
        case "disarm":
            return Disarm(at_ms=at_ms, by=by, vehicle_id=vehicle)
        case "ticket" if line.ticket is not None and line.until is not None:
            return OpenTicket(
                at_ms=at_ms,
                by=by,
                vehicle_id=vehicle,
                ticket_id=ticket_id,
                ticket=line.ticket,
                until_ms=line.until,
            )
        case "ticket_closed":
            return CloseTicket(at_ms=at_ms, by=by, vehicle_id=vehicle, ticket_id=ticket_id)
        case "owner_phone" if line.lat is not None and line.lon is not None:
            return PhoneAt(
                at_ms=at_ms,
                by=by,
                vehicle_id=vehicle,
                lat_deg=line.lat,
                lon_deg=line.lon,
                acc_m=PHONE_ACC_M if line.acc_m is None else line.acc_m,
                t_ms=at_ms if line.t is None else line.t,
            )
        case "report_stolen":
            return ReportStolen(at_ms=at_ms, by=by, vehicle_id=vehicle)
        case _:
            raise AssertionError(line.type)


def _answer(line: Side, pipeline: Pipeline, at_ms: int) -> tuple[list[AnyControl], str]:
    """The owner's word on the vehicle's open alert (there is at most one)."""
    vehicle = line.vehicle or ""
    alert = pipeline.engine.cases.open.get(vehicle)
    if alert is None or line.answer is None:
        return [], f"side owner_answer: {vehicle} has no open alert"
    answer = OwnerAnswer(
        at_ms=at_ms,
        by=line.by or "owner",
        vehicle_id=vehicle,
        alert_id=alert.alert_id,
        answer=line.answer,
    )
    return [answer], ""

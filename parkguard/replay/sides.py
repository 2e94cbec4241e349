"""What people did on a ``side`` line, as the controls the API would write."""

from alerts.pipeline import Pipeline
from devices.control import (
    AnyControl,
    Arm,
    DeleteFence,
    Disarm,
    OwnerAnswer,
    ReportStolen,
)
from parkguard.replay.lines import Side


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
    control = _of_vehicle(line, vehicle, at_ms)
    return ([], f"side {line.type} is not used yet") if control is None else ([control], "")


def _of_vehicle(line: Side, vehicle: str, at_ms: int) -> AnyControl | None:
    by = line.by or "replay"
    match line.type:
        case "arm":
            return Arm(at_ms=at_ms, by=by, vehicle_id=vehicle)
        case "disarm":
            return Disarm(at_ms=at_ms, by=by, vehicle_id=vehicle)
        case "ticket":  # until the detector knows tickets: nobody watches from now on
            return Disarm(at_ms=at_ms, by=f"ticket:{line.ticket}", vehicle_id=vehicle)
        case "report_stolen":
            return ReportStolen(at_ms=at_ms, by=by, vehicle_id=vehicle)
        case _:
            return None


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

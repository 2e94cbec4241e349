"""Steps that several routes share: find an object or 404, size a page, answer for a vehicle."""

from dataclasses import dataclass
from typing import NoReturn, TypeVar

from api.believed import NOTHING, Believed, believe
from api.case_schemas import AlertOut, IncidentOut
from api.deps import Services
from api.problems import Problem, ProblemCode
from api.roles import CITY, Principal
from api.rows import IncidentRow
from devices.model import Device, Vehicle

Case = TypeVar("Case", AlertOut, IncidentOut)


def not_found() -> NoReturn:
    """Answer 404, the same for what does not exist and for what is not this asker's."""
    raise Problem(ProblemCode.NOT_FOUND)


def page_size(services: Services, asked: int | None) -> int:
    """Give the rows of a page: as asked, within the policy."""
    policy = services.policy
    return min(policy.page_default if asked is None else asked, policy.page_max)


def labelled(services: Services, cases: list[Case]) -> list[Case]:
    """Give the same answers with their vehicles in words, by one look for all of them."""
    labels = services.desk.labels({case.vehicle_id for case in cases})
    return [
        case.model_copy(update={"label": labels[case.vehicle_id]})
        if case.vehicle_id in labels
        else case
        for case in cases
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A vehicle as one person finds it.

    Attributes:
        incident: The open incident on it in their scope, if they work on incidents.
        trackers: Bound to it now, ascending by slot.
        believed: The tracker with the newest position, ``NOTHING`` without one.
    """

    vehicle: Vehicle
    incident: IncidentRow | None
    trackers: tuple[Device, ...]
    believed: Believed


def sight_of(services: Services, principal: Principal, vehicle_id: str) -> Sight:
    """Find a vehicle in the asker's scope, or through an open incident in it.

    Raises:
        Problem: 404.
    """
    scope = principal.scope
    incident = services.incidents.open_on(scope, vehicle_id) if scope.owner_id is None else None
    vehicle = services.vehicles.one(CITY if incident else scope, vehicle_id)
    if vehicle is None:
        not_found()
    trackers = tuple(services.devices.trackers([vehicle_id]))
    return Sight(
        vehicle=vehicle,
        incident=incident,
        trackers=trackers,
        believed=newest(services, trackers),
    )


def newest(services: Services, trackers: tuple[Device, ...]) -> Believed:
    """Give the state of the tracker whose position is the newest."""
    states = [believe(services.latest.get(tracker.slot)) for tracker in trackers]
    return max(states, key=lambda state: state.t_ms or 0, default=NOTHING)

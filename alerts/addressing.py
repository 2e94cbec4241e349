"""People's words on an alert, for an engine that raised another one on the same vehicle.

What people did is in the journal with the id of the alert they saw. A candidate's engine
(back-test, shadow) may have raised its own on the same vehicle a little earlier or later: the word
is about it.
"""

import msgspec

from alerts.casebook import Casebook
from devices.control import AnyControl, Delivered, DeskVerdict, IncidentMoved, OwnerAnswer

AboutAlert = OwnerAnswer | DeskVerdict | Delivered | IncidentMoved
ABOUT_ALERTS = (OwnerAnswer, DeskVerdict, Delivered, IncidentMoved)


def addressed(control: AnyControl, vehicle_id: str | None, cases: Casebook) -> AnyControl:
    """``control`` with the id of the vehicle's alert, when its own alert is not one of here.

    That is the open one; of an incident that is closed, one that ended and waits for that.

    Args:
        control: What people did.
        vehicle_id: Of the alert it speaks of; None = not known, and nothing is changed.
        cases: Of the engine that is to take it.
    """
    if not isinstance(control, ABOUT_ALERTS):
        return control
    if vehicle_id is None or cases.by_id(control.alert_id) is not None:
        return control
    if control.alert_id in cases.unclosed:
        return control
    ended = [one for one in cases.unclosed.values() if one.vehicle.id == vehicle_id]
    closes = isinstance(control, IncidentMoved) and ended
    alert = ended[-1] if closes else cases.open.get(vehicle_id)
    if alert is None:
        return control
    return msgspec.structs.replace(control, alert_id=alert.alert_id)

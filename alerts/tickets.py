"""Work on vehicles: a ticket explains a movement for its time; an attendant's ticket arms.

Every ticket is a control of the journal and a row of the audit: a logged change of mode.
"""

import msgspec

from alerts import people
from alerts.around_words import word
from alerts.detection.anchor import DISARMED
from alerts.detection.signs import Sign
from alerts.model import AlertState, Effects, Level
from alerts.open_alert import Cause
from alerts.scope import Scope
from alerts.witness_policy import WitnessPolicy
from devices.control import CloseTicket, OpenTicket, TicketKind
from devices.entry import Entry

ATTENDANT = "attendant"


class Ticket(msgspec.Struct, frozen=True):
    """One open ticket; it ends by itself at ``until_ms`` on the steady clock."""

    ticket_id: str
    kind: TicketKind
    until_ms: int


class Tickets:
    """Open tickets by vehicle and id."""

    def __init__(
        self, policy: WitnessPolicy, open_: dict[str, dict[str, Ticket]] | None = None
    ) -> None:
        """Start from these or from none."""
        self._policy = policy
        self.open = {vehicle: dict(tickets) for vehicle, tickets in (open_ or {}).items()}

    def begin(self, said: OpenTicket, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Open or prolong one. A late one ends an alert that no human confirmed."""
        lasts_ms = min(said.until_ms - entry.recv_ms, round(self._policy.ticket_max_s * 1000))
        if lasts_ms <= 0 or said.vehicle_id not in scope.registry.vehicles:
            return
        ticket = Ticket(said.ticket_id, said.ticket, entry.elapsed_ms + lasts_ms)
        self.open.setdefault(said.vehicle_id, {})[said.ticket_id] = ticket
        trackers = scope.watch.trackers(said.vehicle_id)
        if said.ticket == ATTENDANT:
            for device in trackers:
                scope.watch.arm(device.slot, entry.recv_ms)
            return
        alert = scope.cases.open.get(said.vehicle_id)
        if alert is not None and alert.level < Level.CONFIRMED:
            alert.reasons.append(word(f"ticket_{said.ticket}"))
            cause = _cause(entry, said.by)
            scope.cases.end(
                alert, state=AlertState.DISMISSED, what="ticket", cause=cause, effects=effects
            )
            for device in trackers:
                scope.watch.settle_anew(device.slot, entry.recv_ms)
        self._hold(said.vehicle_id, scope)

    def end(self, said: CloseTicket, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Close one; its vehicle settles where the work left it. An attendant's one disarms."""
        ticket = self.open.get(said.vehicle_id, {}).get(said.ticket_id)
        if ticket is None:
            return
        if ticket.kind == ATTENDANT:
            for device in scope.watch.trackers(said.vehicle_id):
                people.disarm(device, _cause(entry, said.by), scope, effects)
        self._over(said.vehicle_id, ticket, entry, scope)

    def tick(self, entry: Entry, scope: Scope) -> None:
        """End what is over; a tracker that was put on the vehicle meanwhile is excused, too."""
        for vehicle_id, tickets in list(self.open.items()):
            for ticket in list(tickets.values()):
                if ticket.until_ms <= entry.elapsed_ms:
                    self._over(vehicle_id, ticket, entry, scope)
            if vehicle_id in self.open:
                self._hold(vehicle_id, scope)

    def _hold(self, vehicle_id: str, scope: Scope) -> None:
        tickets = self.open[vehicle_id].values()
        until_ms = max((one.until_ms for one in tickets if one.kind != ATTENDANT), default=0)
        for device in scope.watch.trackers(vehicle_id):
            scope.watch.evidence.hold(device.slot, Sign.TICKET, until_ms)

    def _over(self, vehicle_id: str, ticket: Ticket, entry: Entry, scope: Scope) -> None:
        tickets = self.open[vehicle_id]
        del tickets[ticket.ticket_id]
        if ticket.kind != ATTENDANT:
            self._hold(vehicle_id, scope)
            for device in scope.watch.trackers(vehicle_id):
                if scope.watch.anchors.mode[device.slot] != DISARMED:
                    scope.watch.settle_anew(device.slot, entry.recv_ms)
        if not tickets:
            del self.open[vehicle_id]


def _cause(entry: Entry, by: str) -> Cause:
    return Cause(t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=entry.elapsed_ms, by=by)

"""What people, the API and the dispatcher do, as it stands in the journal (decisions.md 1).

The API writes one row to the ``control`` table in the transaction of its own change; the
receiver copies it into the journal in order. ``encode``/``decode`` give its bytes.
"""

from typing import Literal

import msgspec

from devices.command import Order
from devices.model import Device, Fence, Grid, Site, Vehicle

REGISTERED_MAX = 1_000
"""Devices, or vehicles, in one row. Our choice: one row is one step of the processor."""
HELD_MAX = 500
"""Messages of the quarantine in one row."""
HELD_BYTES_MAX = 4 * 1_048_576
"""Bytes of such a row. Our choice: it is one entry of the journal and is read as a whole."""
ASKED_MAX = 10_000
"""Messages that one call asks to run again. Our choice: a call is one transaction."""


TicketKind = Literal["tow", "maintenance", "rebalancing", "attendant"]
"""Work on a vehicle. The first three explain that it moves; the last one watches it."""


class Control(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Common part. ``at_ms`` is the API's wall clock; ``by`` names who did it."""

    at_ms: int
    by: str = "system"


class RegisterDevices(Control, frozen=True, kw_only=True, tag="register_devices"):
    """Add or replace devices, at most ``REGISTERED_MAX``."""

    devices: list[Device]


class RegisterVehicles(Control, frozen=True, kw_only=True, tag="register_vehicles"):
    """Add or replace vehicles, at most ``REGISTERED_MAX``."""

    vehicles: list[Vehicle]


class RegisterPlaces(Control, frozen=True, kw_only=True, tag="register_places"):
    """Add or replace sites and patrol grids."""

    sites: list[Site] = []
    grids: list[Grid] = []


class SaveFence(Control, frozen=True, kw_only=True, tag="save_fence"):
    """Add or replace one fence."""

    fence: Fence


class DeleteFence(Control, frozen=True, kw_only=True, tag="delete_fence"):
    """Forget one fence."""

    fence_id: str


class RevokeDevice(Control, frozen=True, kw_only=True, tag="revoke_device"):
    """Retire a device: later messages of it are quarantined as ``revoked``."""

    device_id: str


class Arm(Control, frozen=True, kw_only=True, tag="arm"):
    """Watch this vehicle from its present place on."""

    vehicle_id: str


class Disarm(Control, frozen=True, kw_only=True, tag="disarm"):
    """Do not watch this vehicle until it is armed again; stands open alerts down."""

    vehicle_id: str


class SendCommand(Control, frozen=True, kw_only=True, tag="send_command"):
    """Somebody commands a device. Its id: ``devices.command.command_id``."""

    device_id: str
    order: Order


class OwnerAnswer(Control, frozen=True, kw_only=True, tag="owner_answer"):
    """The owner's word on an alert: ``me`` disarms and dismisses, ``not_me`` confirms (level 3)."""

    vehicle_id: str
    alert_id: str
    answer: Literal["me", "not_me"]


class DeskVerdict(Control, frozen=True, kw_only=True, tag="desk_verdict"):
    """The verification desk's word on an alert; ``outcome`` says why it was dismissed."""

    alert_id: str
    verdict: Literal["confirm", "dismiss"]
    reason: str = ""
    outcome: str | None = None


class ReportStolen(Control, frozen=True, kw_only=True, tag="report_stolen"):
    """An owner or officer reports a vehicle stolen (level 3)."""

    vehicle_id: str


class PhoneAt(Control, frozen=True, kw_only=True, tag="phone_at"):
    """Where the owner's phone was at ``t_ms`` (WGS 84; ``acc_m`` in metres).

    Only the newest of a vehicle is kept, and no longer than it is fresh; its row of the ``control``
    table goes within the hour (``stores.phone_rows``).
    """

    vehicle_id: str
    lat_deg: float
    lon_deg: float
    acc_m: float
    t_ms: int


class OpenTicket(Control, frozen=True, kw_only=True, tag="ticket"):
    """Work on a vehicle until ``until_ms`` (wall clock); an attendant's ticket arms it."""

    vehicle_id: str
    ticket_id: str
    ticket: TicketKind
    until_ms: int


class CloseTicket(Control, frozen=True, kw_only=True, tag="ticket_closed"):
    """The work is done; the end of an attendant's ticket disarms."""

    vehicle_id: str
    ticket_id: str


class CollectionTask(Control, frozen=True, kw_only=True, tag="collection"):
    """Somebody empties the box of a charging station until ``until_ms`` (wall clock; past: done).

    Meanwhile its open box or door is nobody's break-in.
    """

    device_id: str
    until_ms: int


class Delivered(Control, frozen=True, kw_only=True, tag="delivered"):
    """The dispatcher's proof that a notice about an alert reached a receiver."""

    alert_id: str
    notice: str
    receiver: str


class LiftDemotion(Control, frozen=True, kw_only=True, tag="lift_demotion"):
    """A person says that a demoted tracker or rule may be believed again (docs/alerts.md)."""

    subject: str
    reason: str = ""


class IncidentMoved(Control, frozen=True, kw_only=True, tag="incident_moved"):
    """An incident changed state by people's hands; closing labels the alert with an outcome."""

    incident_id: str
    alert_id: str
    state: str
    outcome: str | None = None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the quarantine that is run again.

    Attributes:
        row: Id of its quarantine row.
        recv_ms: When it was received at first, ms UTC.
        topic: Its topic as received.
        retained: Whether the broker delivered it as retained.
        reason: Why it was refused then; the books take it off there.
        payload: The raw bytes; of one item of a message, a message that holds only that item.
    """

    row: int
    recv_ms: int
    topic: str
    payload: bytes
    reason: str
    retained: bool = False


class Requeue(Control, frozen=True, kw_only=True, tag="requeue"):
    """Run messages of the quarantine again (``HELD_MAX``, ``HELD_BYTES_MAX``)."""

    messages: list[Held]


AnyControl = (
    RegisterDevices
    | RegisterVehicles
    | RegisterPlaces
    | SaveFence
    | DeleteFence
    | RevokeDevice
    | Arm
    | Disarm
    | OwnerAnswer
    | DeskVerdict
    | ReportStolen
    | SendCommand
    | Delivered
    | IncidentMoved
    | LiftDemotion
    | PhoneAt
    | OpenTicket
    | CloseTicket
    | CollectionTask
    | Requeue
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyControl] = msgspec.json.Decoder(AnyControl)


def encode(control: AnyControl) -> bytes:
    """Encode one control for the ``control`` table."""
    return _encoder.encode(control)


def decode(payload: bytes) -> AnyControl:
    """Decode one control.

    Raises:
        msgspec.DecodeError: Not a control of this version (``ValidationError`` is a subclass).
    """
    return _decoder.decode(payload)

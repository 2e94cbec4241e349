"""What the platform says to a device: receipts, requests to send again, commands (docs/wire.md)."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import msgspec

from devices.command import CommandMessage
from devices.model import Device
from devices.seen import Numbers


class ReceiptMessage(msgspec.Struct, frozen=True, kw_only=True):
    """``dn/{class}/{id}/receipt``: these numbers of ``boot`` are stored for good."""

    v: Literal[1] = 1
    boot: str
    first: int = msgspec.field(name="from")
    upto: int


class ResendMessage(msgspec.Struct, frozen=True, kw_only=True):
    """``dn/{class}/{id}/cmd``: these numbers are missing here; send what you have of them.

    ``until`` is when the request ends, ms UTC: a device that hears it later lets it be.
    """

    v: Literal[1] = 1
    cmd_id: str
    type: Literal["resend"] = "resend"
    boot: str
    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")
    until: int


@dataclass(frozen=True, slots=True)
class Downlink:
    """One message on its way to a device."""

    device: Device
    message: ReceiptMessage | ResendMessage | CommandMessage

    @property
    def channel(self) -> Literal["receipt", "cmd"]:
        """The last level of its topic."""
        return "receipt" if isinstance(self.message, ReceiptMessage) else "cmd"

    def topic(self, root: str) -> str:
        """Its topic below ``root``, such as ``pg/v1/dn/trk/trk-1/receipt``."""
        return f"{root}/dn/{self.device.cls}/{self.device.id}/{self.channel}"


def command_id(numbers: Numbers) -> str:
    """Name the request for these numbers of a device: the same one whenever it is asked again."""
    boot, first, last = numbers
    return blake2b(f"resend {boot} {first} {last}".encode(), digest_size=8).hexdigest()

"""Answers about the platform itself: quarantine, books, tokens, parts."""

from pydantic import Field

from api.roles import Role
from api.schemas import Answer, Page


class QuarantineOut(Answer):
    """One refused message, without its bytes."""

    id: int
    seq: int
    item: int = Field(description="Index in a batch, -1 = the whole message")
    recv_ms: int
    topic: str
    device_id: str
    reason: str
    detail: str
    code_version: str


class QuarantinePage(Page):
    """Refused messages, newest first."""

    quarantine: list[QuarantineOut]


class QuarantineDetailOut(QuarantineOut):
    """One refused message with its raw bytes."""

    payload_base64: str
    payload_text: str | None = Field(description="The same as text, when it is UTF-8")


class BookLineOut(Answer):
    """One count of the books."""

    reader: str
    name: str
    reason: str
    count: int


class BalanceOut(Answer):
    """One equation of the books (decisions.md). Both sides move while readers catch up."""

    equation: str = Field(examples=["received = accepted + duplicate + quarantined"])
    left: int
    right: int
    balanced: bool


class BooksOut(Answer):
    """What was counted, and whether it adds up."""

    lines: list[BookLineOut]
    balances: list[BalanceOut]


class TokenOut(Answer):
    """A token without its secret."""

    id: str = Field(examples=["tok_4f2a09c1d2e3b4a5"])
    name: str = Field(examples=["officer-017"])
    role: Role
    areas: list[str]
    owner_id: str | None
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None


class TokenPage(Page):
    """Tokens, newest first."""

    tokens: list[TokenOut]


class NewTokenOut(TokenOut):
    """A new token. ``token`` is shown this once."""

    token: str = Field(examples=["pgt_..."])


class DeviceSecretOut(Answer):
    """A new device and its password for the broker, shown this once."""

    id: str
    slot: int
    secret: str


class DeviceSecretsOut(Answer):
    """Registered devices, in the order of the request."""

    devices: list[DeviceSecretOut]


class CountOut(Answer):
    """How many were registered."""

    registered: int


class FenceOut(Answer):
    """A saved fence."""

    id: str


class PartOut(Answer):
    """One part of the platform as its status file says."""

    part: str
    ready: bool
    reason: str
    age_s: float | None


class ReadyOut(Answer):
    """Whether every part is ready."""

    ready: bool
    parts: list[PartOut]


class AliveOut(Answer):
    """This process is not stuck."""

    alive: bool

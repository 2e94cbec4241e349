"""Answers about the platform itself: quarantine, books, tokens, parts."""

from typing import Literal

from pydantic import Field

from api.roles import Role
from api.schemas import Answer, Page


class HintOut(Answer):
    """What to do next."""

    en: str
    zh: str


class QuarantineOut(Answer):
    """One refused message, without its bytes."""

    id: int
    seq: int
    item: int = Field(description="Index in a batch, -1 = the whole message")
    recv_ms: int
    stored_ms: int = Field(description="When the row was written")
    topic: str
    device_id: str = Field(
        description="Whose it is; of an adapter's stranger its name there, `jt808:013912345678`"
    )
    reason: str
    detail: str
    code_version: str = Field(description="Of the code that refused it")
    retained: bool
    bytes: int = Field(description="Length of the payload")
    queued_ms: int | None = Field(description="Somebody asked to run it again")
    replayed_ms: int | None = Field(
        description="It was run again; refused anew it is another row, under another number"
    )
    replay_by: str | None = Field(description="Who asked")
    runnable: bool = Field(
        description="A whole message; false for rows of our own, and for elements kept by 0.1"
    )
    held: bool = Field(description="It can be run again: nobody asked for it, or in vain")


class QuarantinePage(Page):
    """Refused messages, newest first."""

    quarantine: list[QuarantineOut]


class QuarantineDetailOut(QuarantineOut):
    """One refused message with its raw bytes."""

    payload_base64: str
    payload_text: str | None = Field(description="The same as text, when it is printable UTF-8")
    hint: HintOut


class ReasonCountOut(Answer):
    """What there is of one reason."""

    reason: str
    rows: int
    held: int = Field(description="Rows that can be run again")
    devices: int = Field(description="Different device ids")
    bytes: int
    oldest_ms: int
    newest_ms: int


class ReasonOut(ReasonCountOut):
    """The same, and what to do about it."""

    hint: HintOut


class HeldOut(Answer):
    """What a replay with the same filters would find now."""

    held: int


class NotKeptOut(Answer):
    """What was counted as quarantined but not kept, because the bound was reached."""

    reason: str
    count: int


class ReasonsOut(Answer):
    """The quarantine by reason, most rows first."""

    reasons: list[ReasonOut]
    not_kept: list[NotKeptOut] = Field(
        description="Since ever, city-wide tokens only: docs/quarantine.md, bounds"
    )


class QueuedOut(Answer):
    """What will be run again. The processor does it within seconds."""

    queued: int
    left: int = Field(description="Messages the same question would still find: ask again")
    control_ids: list[int]


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
    held: QueuedOut = Field(description="Their messages in quarantine that will be run again")


class AdoptedOut(Answer):
    """A device registered from the quarantine, and its held messages."""

    device: DeviceSecretOut
    held: QueuedOut


class CountOut(Answer):
    """How many were registered."""

    registered: int


class FenceOut(Answer):
    """A saved fence."""

    id: str
    note: str = Field(description='What was mended, and where; "" = nothing')


class FenceFaultOut(Answer):
    """What is to be said of one Feature."""

    feature: int = Field(description="Its number in the collection, from 1")
    id: str
    words: str


class FencesSavedOut(Answer):
    """What came of an import."""

    saved: int = Field(description="0 in a dry run")
    good: int
    mended: list[FenceFaultOut]


class FenceFeatureOut(Answer):
    """A fence as a GeoJSON Feature; a circle is a Point with the property `radius_m`."""

    type: Literal["Feature"]
    id: str
    properties: dict[str, object]
    geometry: dict[str, object]


class FencePage(Page):
    """Fences by id, as a GeoJSON FeatureCollection."""

    type: Literal["FeatureCollection"]
    features: list[FenceFeatureOut]


class PartOut(Answer):
    """One part of the platform as its status file says; what waits for it is ``behind``."""

    part: str
    ready: bool
    reason: str
    age_s: float | None
    behind: dict[str, float] = Field(default_factory=dict)


class ReadyOut(Answer):
    """Whether every part is ready."""

    ready: bool
    parts: list[PartOut]


class AliveOut(Answer):
    """This process is not stuck."""

    alive: bool

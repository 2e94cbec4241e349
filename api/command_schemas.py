"""Commands to devices: the request and the answers. Units and times as in ``schemas``."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from api.bodies import Body
from api.schemas import AcceptedOut, Answer, Page
from devices.command import DEADLINE_MAX_S, SPAN_MAX_S, CommandKind, CommandState, Order

EVERY_LEAST_S = 1.0
"""No tracker reports more often: GNSS chips of this class give one position a second."""
_Span = Annotated[float, Field(ge=0, le=SPAN_MAX_S, allow_inf_nan=False, strict=True)]
_SPANS: dict[CommandKind, frozenset[str]] = {
    CommandKind.INTERVAL: frozenset({"every_s", "for_s"}),
    CommandKind.FIND_ME: frozenset({"for_s"}),
}
"""Which parameters a kind takes; the others take none."""


class CommandIn(Body):
    """A command; ``interval`` takes every_s and for_s, ``find_me`` for_s, the others nothing."""

    kind: CommandKind = Field(examples=[CommandKind.LOCATE])
    every_s: _Span | None = Field(
        None, description="interval: report so often, seconds; 0 = as often as by itself"
    )
    for_s: _Span | None = Field(
        None, description="interval, find_me: for so long, seconds; 0 = until told otherwise"
    )
    deadline_s: float = Field(
        60.0,
        ge=5,
        le=DEADLINE_MAX_S,
        allow_inf_nan=False,
        strict=True,
        description="Without an answer after so long it is over, seconds",
    )

    @model_validator(mode="after")
    def takes_its_own(self) -> Self:
        """Check that the parameters are those of the kind."""
        takes = _SPANS.get(self.kind, frozenset())
        given = {name for name in ("every_s", "for_s") if getattr(self, name) is not None}
        if given - takes:
            raise ValueError(f"{self.kind} takes no {' or '.join(sorted(given - takes))}")
        if self.kind is CommandKind.INTERVAL and self.every_s is None:
            raise ValueError("interval needs every_s (0 = as often as by itself)")
        if self.every_s is not None and 0 < self.every_s < EVERY_LEAST_S:
            raise ValueError(f"every_s is 0 or at least {EVERY_LEAST_S:g}")
        return self

    def order(self) -> Order:
        """Give it as the processor takes it."""
        return Order(
            kind=self.kind,
            every_s=self.every_s or 0.0,
            for_s=self.for_s or 0.0,
            deadline_s=self.deadline_s,
        )


class CommandAcceptedOut(AcceptedOut):
    """202: written down; ``command_id`` finds it among the device's commands once it is taken."""

    command_id: str = Field(examples=["5c1f0b6a2d9e4f37"])


class CommandOut(Answer):
    """One command and what became of it.

    ``state``: queued, sent (open); done, refused, failed, expired, replaced (ends). ``why`` is what
    made the platform ask by itself, "" for a person's.
    """

    id: str = Field(examples=["5c1f0b6a2d9e4f37"])
    device_id: str
    kind: CommandKind
    every_s: float
    for_s: float
    state: CommandState
    by: str
    why: str
    asked_ms: int
    until_ms: int
    changed_ms: int
    sends: int = Field(description="How often it was sent")
    detail: str = Field(description="The device's own words")


class CommandPage(Page):
    """Commands of one device, newest first."""

    commands: list[CommandOut]

"""Rows that a telemetry store does not take, and why. Every reason is a row in docs/stores.md."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from devices.telemetry import Row


class StoreReason(StrEnum):
    """Stable reasons; counted in the projector's books, never reused."""

    LINE = "line"
    CONFLICT = "conflict"
    EXPIRED = "expired"
    TOO_LARGE = "too_large"
    COLLISION = "collision"


class RefusedRow(NamedTuple):
    """One row that stays out of the store.

    Attributes:
        row: As the core sent it.
        reason: The stable reason.
        said: The store's own words, at most 200 characters; may hold the row's values.
    """

    row: Row
    reason: StoreReason
    said: str


class PartialWrite(Exception):
    """Everything of the batch is stored but what is named here.

    Attributes:
        refused: Rows that will never be taken; to be set aside.
        expired: Further rows that are older than what the store keeps; it only counts them.
    """

    def __init__(self, refused: Sequence[RefusedRow], *, expired: int = 0) -> None:
        """Keep what stays out."""
        super().__init__(f"{len(refused)} rows refused, {expired} expired")
        self.refused = tuple(refused)
        self.expired = expired

"""What the API needs of the quarantine and the books (``api.ports`` has the other ports)."""

from collections.abc import Sequence
from typing import Protocol

from api.roles import Scope
from api.rows import AuditEntry
from api.system_rows import BookCount, QuarantineLine, QuarantineRow, Queued, ReasonCount


class QuarantineBook(Protocol):
    """What was refused and why; what was counted."""

    def page(
        self,
        scope: Scope,
        *,
        reason: str | None,
        device: str | None,
        since_ms: int | None,
        until_ms: int | None,
        replayed: bool | None,
        held: bool | None,
        before_id: int | None,
        limit: int,
    ) -> Sequence[QuarantineLine]:
        """Rows below ``before_id``, newest first. Unknown devices only city wide."""
        ...

    def one(self, scope: Scope, row_id: int) -> QuarantineRow | None:
        """One row."""
        ...

    def held(self, scope: Scope, *, reason: str | None, device: str | None) -> tuple[int, int]:
        """How many rows ``queue`` would find, and the highest id of all there are."""
        ...

    def reasons(self, scope: Scope) -> Sequence[ReasonCount]:
        """What is there of each reason, most rows first."""
        ...

    def queue(
        self,
        scope: Scope,
        *,
        by: str,
        at_ms: int,
        audit: AuditEntry,
        limit: int,
        reason: str | None,
        device: str | None,
        ids: Sequence[int] | None,
    ) -> Queued:
        """Ask the processor to run held rows again, oldest first.

        The queued mark, the control rows and the audit row are one transaction; of two callers at
        once each takes what the other did not.
        """
        ...

    def counts(self) -> Sequence[BookCount]:
        """The books (decisions.md), by reader, name and reason."""
        ...

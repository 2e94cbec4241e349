"""The books: what was counted, and whether it adds up (decisions.md)."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends

from api.auth import Requires
from api.deps import ServicesDep
from api.roles import Permission, Principal
from api.system_schemas import BalanceOut, BookLineOut, BooksOut

router = APIRouter(prefix="/v1/books", tags=["quarantine"])

Reader = Annotated[Principal, Depends(Requires(Permission.BOOKS_READ))]

EQUATIONS = (
    (("received",), ("accepted", "duplicate", "quarantined")),
    (("accepted",), ("projected", "thinned", "unstored")),
)
"""Left and right sides; the second one holds once the projector has caught up."""


@router.get("")
def get_books(services: ServicesDep, _principal: Reader) -> BooksOut:
    """Get every count, and both equations."""
    lines = services.quarantine.counts()
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.name] += line.count
    balances = []
    for left, right in EQUATIONS:
        sums = [sum(totals[name] for name in side) for side in (left, right)]
        balances.append(
            BalanceOut(
                equation=f"{' + '.join(left)} = {' + '.join(right)}",
                left=sums[0],
                right=sums[1],
                balanced=sums[0] == sums[1],
            )
        )
    return BooksOut(lines=[BookLineOut.model_validate(line) for line in lines], balances=balances)

"""Where owners' phones were: control rows that are forgotten soon."""

import sqlalchemy as sa

from stores.records import FORGET_MAX, writing
from stores.schema import PHONE, control


def forget_phones(engine: sa.Engine, before_ms: int) -> bool:
    """Remove places of phones that were said before a moment: one step of it.

    The newest control row stays, because the registry's revision is its number.

    Returns:
        Whether there may be more: call again.
    """
    newest = sa.select(sa.func.max(control.c.id)).scalar_subquery()
    old = (
        sa.select(control.c.id)
        .where(control.c.kind == PHONE, control.c.at_ms < before_ms, control.c.id < newest)
        .order_by(control.c.at_ms)  # by its own index: other control rows are not looked at
        .limit(FORGET_MAX)
    )
    with writing(engine) as connection:
        gone = connection.execute(sa.delete(control).where(control.c.id.in_(old))).rowcount
    return gone == FORGET_MAX

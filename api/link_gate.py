"""Who holds an owner's link: sees one alert and nothing else."""

from collections.abc import Sequence

from api.links import LinkReason, LinkRefused, read_link
from api.problems import Problem, ProblemCode
from api.roles import NOBODY, Principal, Role

NAME_MAX = 64
"""Width of ``by`` in the records."""


def holder_of(keys: Sequence[bytes], token: str, *, now_ms: int) -> Principal | None:
    """Give who holds a link's token; None for a token that we did not sign.

    Raises:
        Problem: We did, and it has ended.
    """
    try:
        link = read_link(keys, token, now_ms=now_ms)
    except LinkRefused as exc:
        if exc.reason is LinkReason.ENDED:
            raise Problem(ProblemCode.LINK_ENDED, "ask for a new one, or call us") from exc
        return None
    return Principal(
        token_id="",
        name=f"link:{link.contact}"[:NAME_MAX],
        role=Role.LINK,
        scope=NOBODY,
        alert_id=link.alert_id,
        expires_ms=link.expires_s * 1000,
    )

"""Where the records database is, how long anything on a server may take, what is kept how long."""

import re
from dataclasses import dataclass

import sqlalchemy as sa

_SERVER = re.compile(r"postgresql(\+psycopg)?://.*", re.DOTALL)
_EXAMPLE = "postgresql+psycopg://parkguard@127.0.0.1:5432/parkguard"

POOL_LEAST, POOL_MOST = 2, 100
"""A part reads while it writes; a server takes 100 sessions unless it is told otherwise."""
WAIT_LEAST_S, WAIT_MOST_S = 0.1, 600.0
"""Less is noise of the network; more is a part that hangs."""
AUDIT_LEAST_DAYS, OUTBOX_LEAST_DAYS, HEALTH_LEAST_DAYS = 180, 31, 31
"""Logs of a network are kept for six months (Cybersecurity Law of the PRC, article 21). A notice
that is forgotten could be told again by the journal, which is kept for 30 days (decisions.md).
So could a change of health; and availability is asked by the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsPolicy:
    """The section ``records`` of the settings.

    Attributes:
        url: Empty = `records.db` below data_dir; else a PostgreSQL as `postgresql+psycopg://USER@HOST:PORT/DATABASE`
        password_file: File of the role's password; empty = `secrets/records`, none at all when that is missing
        pool_max: Most connections of one part to the server; five parts use it
        pool_wait_s: Wait for one of them so long, then answer busy; seconds
        connect_s: A new connection may take so long, seconds
        lock_s: Wait for a row that another session holds so long (`lock_timeout`), seconds
        statement_s: A statement may take so long (`statement_timeout`), seconds
        audit_days: Keep the audit so long, days (incidents.md: 400); 0 = for ever
        commands_days: Keep commands to devices that are over so long, days (as tracks: 90); 0 = for ever
        outbox_days: Keep notices that are over so long, days (as the audit); 0 = for ever
        health_days: Keep changes of devices' health so long, days (as the audit: a year can be told against the one before); 0 = for ever
    """  # noqa: E501 - a row of the table in docs/settings.md is one line

    url: str = ""
    password_file: str = ""
    pool_max: int = 10
    pool_wait_s: float = 5.0
    connect_s: float = 5.0
    lock_s: float = 3.0
    statement_s: float = 30.0
    audit_days: int = 400
    outbox_days: int = 400
    commands_days: int = 90
    health_days: int = 400

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ValueError: Says what to do.
        """
        faults = [*_url_faults(self.url)]
        if not POOL_LEAST <= self.pool_max <= POOL_MOST:
            faults.append(f"pool_max is {POOL_LEAST} to {POOL_MOST}")
        waits = ("pool_wait_s", "connect_s", "lock_s", "statement_s")
        faults += [
            f"{name} is {WAIT_LEAST_S:g} to {WAIT_MOST_S:g} seconds"
            for name in waits
            if not WAIT_LEAST_S <= getattr(self, name) <= WAIT_MOST_S
        ]
        leasts = {
            "audit_days": AUDIT_LEAST_DAYS,
            "outbox_days": OUTBOX_LEAST_DAYS,
            "health_days": HEALTH_LEAST_DAYS,
        }
        faults += [
            f"{name} is 0 (for ever) or {least} days and more"
            for name, least in leasts.items()
            if getattr(self, name) != 0 and getattr(self, name) < least
        ]
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def is_server(self) -> bool:
        """Whether the records are on a PostgreSQL."""
        return bool(self.url)


def _url_faults(url: str) -> list[str]:
    if not url:
        return []
    if _SERVER.fullmatch(url) is None:
        return [f"url is empty or like {_EXAMPLE}"]
    try:
        parsed = sa.make_url(url)
        has_database = bool(parsed.database)
    except (sa.exc.ArgumentError, ValueError):
        return [f"url cannot be read; write it like {_EXAMPLE}"]
    faults = []
    if parsed.password is not None:
        faults.append("url holds a password: write it into a file (records.password_file)")
    if not has_database:
        faults.append(f"url names no database; write it like {_EXAMPLE}")
    return faults

"""What an error of PostgreSQL means: may it pass by itself, and what is told of it."""

import sqlalchemy as sa

_READ_ONLY = "25006"
_PASSING_CLASSES = frozenset(
    {
        "08",  # connection
        "40",  # rolled back: deadlock, serialization
        "53",  # no resources: disk full, too many connections
        "57",  # shut down, starting, cancelled by statement_timeout
        "58",  # the operating system's error
    }
)
_PASSING_CODES = frozenset(
    {
        _READ_ONLY,  # a standby that has not taken over yet
        "25P03",  # idle_in_transaction_session_timeout
        "25P04",  # transaction_timeout
        "55P03",  # lock_timeout
    }
)
"""PostgreSQL's documentation, appendix A (error codes)."""


def may_pass(exc: BaseException | None) -> bool:
    """Whether waiting may help; an error without a code is a connection that is not there."""
    if exc is None or not hasattr(exc, "sqlstate"):
        return False
    code = exc.sqlstate
    if code is None:
        return type(exc).__name__ in {"OperationalError", "ConnectionTimeout"}
    return code[:2] in _PASSING_CLASSES or code in _PASSING_CODES


def in_our_words(context: sa.engine.ExceptionContext) -> sa.exc.OperationalError | None:
    """Hide values; let what may pass be an OperationalError, as SQLite's lock is.

    psycopg has a server that takes no writes, and a session ended for idling, as InternalError.
    Sessions of a server that takes no writes are given up: by the same address another server may
    answer that has taken over. A listener of ``handle_error``.
    """
    _hide_values(context)
    original, shown = context.original_exception, context.sqlalchemy_exception
    if getattr(original, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True
    if not isinstance(shown, sa.exc.InternalError) or not may_pass(original):
        return None
    return sa.exc.OperationalError(
        context.statement,
        None,
        original,
        hide_parameters=True,
        connection_invalidated=context.is_disconnect,
    )


def _hide_values(context: sa.engine.ExceptionContext) -> None:
    """Leave the first line alone: DETAIL repeats whole rows, with plates and places."""
    original, shown = context.original_exception, context.sqlalchemy_exception
    diagnosis = getattr(original, "diag", None)
    primary = getattr(diagnosis, "message_primary", None)
    if primary is None:
        return
    original.args = (primary,)
    if shown is not None:
        name = type(original).__name__
        shown.args = (f"({name}) {primary}", *shown.args[1:])

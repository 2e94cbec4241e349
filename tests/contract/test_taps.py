"""Taps of phones: kept for a time, the same on SQLite and PostgreSQL."""

import pytest
import sqlalchemy as sa

from api.rows import Tap
from stores import taps as stored
from stores.records import writing
from stores.schema import taps


def test_a_tap_is_known_by_all_of_its_key(engine: sa.Engine) -> None:
    """Another incident, person, key or step is another tap."""
    tap = Tap(by="chen", key="k" * 16, what="en_route:", at_ms=5)
    with writing(engine) as connection:
        stored.put_tap(connection, "inc-1", tap, {"version": 2})
        found = [
            stored.answer_to(connection, incident_id, one)
            for incident_id, one in (
                ("inc-1", tap._replace(at_ms=9)),
                ("inc-2", tap),
                ("inc-1", tap._replace(by="liu")),
                ("inc-1", tap._replace(key="l" * 16)),
                ("inc-1", tap._replace(what="on_scene:")),
            )
        ]

    assert found == [{"version": 2}, None, None, None, None]


def test_old_taps_go_a_few_at_a_time(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is young stays, to the millisecond."""
    monkeypatch.setattr(stored, "FORGET_MAX", 2)
    with writing(engine) as connection:
        for at_ms in (1, 2, 3, 50, 60):
            tap = Tap(by="chen", key=f"key-{at_ms:016}", what="help", at_ms=at_ms)
            stored.put_tap(connection, "inc-1", tap, {})

    steps = [stored.forget_taps(engine, 50) for _ in range(3)]

    with engine.connect() as connection:
        left = list(connection.scalars(sa.select(taps.c.at_ms).order_by(taps.c.at_ms)))
    assert (steps, left) == ([True, False, False], [50, 60])

"""Where owners' phones were is forgotten: the same on SQLite and PostgreSQL."""

import pytest
import sqlalchemy as sa

from devices.control import Arm, PhoneAt, encode
from stores import phone_rows
from stores.phone_rows import forget_phones
from stores.processing import put_control
from stores.queries_actions import ActionWriter
from stores.records import writing
from stores.schema import control, metadata


def a_phone(at_ms: int) -> PhoneAt:
    """One place of a phone."""
    return PhoneAt(
        at_ms=at_ms, vehicle_id="v-1", lat_deg=31.8, lon_deg=117.2, acc_m=9.0, t_ms=at_ms
    )


def kinds(engine: sa.Engine) -> list[tuple[str, int]]:
    """What is left in the control table."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(control.c.kind, control.c.at_ms).order_by(control.c.id))
        return [(row.kind, row.at_ms) for row in rows]


def test_old_places_go_and_nothing_else(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In steps; what other people did stays, and so does the newest row of all."""
    metadata.create_all(engine)
    monkeypatch.setattr(phone_rows, "FORGET_MAX", 2)
    actions = ActionWriter(engine)
    for at_ms in (1, 2, 3):
        actions.say(a_phone(at_ms))
    with writing(engine) as connection:
        put_control(connection, encode(Arm(at_ms=4, vehicle_id="v-1")), 4)
    actions.say(a_phone(5))

    steps = [forget_phones(engine, 100), forget_phones(engine, 100), forget_phones(engine, 100)]

    assert steps == [True, False, False]
    assert kinds(engine) == [("", 4), ("phone_at", 5)]


def test_fresh_places_stay_for_the_receiver(engine: sa.Engine) -> None:
    """They are read within a second; they stay for an hour."""
    metadata.create_all(engine)
    ActionWriter(engine).say(a_phone(50))
    ActionWriter(engine).say(a_phone(60))

    forget_phones(engine, 50)

    assert kinds(engine) == [("phone_at", 50), ("phone_at", 60)]

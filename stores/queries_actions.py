"""What people do, for the processor, and who looked (``api.ports.Actions``)."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from devices import control as wire
from devices.control import AnyControl, PhoneAt
from stores.processing import put_control
from stores.queries import AuditRow, put_audit
from stores.records import writing
from stores.schema import PHONE, alerts
from stores.taps import Tap, answer_to, put_tap


class ActionWriter:
    """Control and audit rows of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def post(self, control: AnyControl, audit: AuditRow) -> int:
        """Write a control row and its audit row in one transaction; gives the control id."""
        with writing(self._engine) as connection:
            put_audit(connection, [audit])
            return put_control(connection, wire.encode(control), control.at_ms)

    def post_on_open_alert(
        self,
        alert_id: str,
        ended: Collection[str],
        control: AnyControl,
        audit: AuditRow,
        tap: Tap | None = None,
    ) -> int | None:
        """The same, unless the alert has ended: then None and nothing written.

        A tap that was answered before gets its first control id again.
        """
        query = sa.select(alerts.c.state).where(alerts.c.id == alert_id).with_for_update()
        with writing(self._engine) as connection:
            state = connection.scalar(query)
            first = answer_to(connection, alert_id, tap) if tap is not None else None
            if first is not None:
                return int(str(first["control_id"]))
            if state is None or state in ended:
                return None
            put_audit(connection, [audit])
            control_id = put_control(connection, wire.encode(control), control.at_ms)
            if tap is not None:
                put_tap(connection, alert_id, tap, {"control_id": control_id})
            return control_id

    def say(self, control: PhoneAt) -> int:
        """Write a phone's place, without audit; ``stores.phone_rows`` forgets it."""
        with writing(self._engine) as connection:
            return put_control(connection, wire.encode(control), control.at_ms, kind=PHONE)

    def note(self, entries: Sequence[AuditRow]) -> None:
        """Write audit rows alone."""
        with writing(self._engine) as connection:
            put_audit(connection, entries)

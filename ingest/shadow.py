"""Shadow mode: a candidate's engine beside the live one, on the same records, told to nobody.

It begins with the live engine's state, so that what differs is the candidate's doing. Whatever
goes wrong in it ends it alone: the live engine never waits for it and never hears of it.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from alerts.addressing import ABOUT_ALERTS, addressed
from alerts.comparing import Sent
from alerts.engine import Engine
from alerts.engine_state import EngineState
from alerts.model import Effects, Level, NoticeKind
from alerts.open_alert import OpenAlert
from alerts.pipeline import Pipeline
from devices.admitted import Record
from devices.control import AnyControl, Delivered
from devices.entry import Entry
from devices.errors import StoreError
from devices.model import Device
from devices.registry import Registry

log = structlog.get_logger()

SEEN_MS = 10_000
"""How far the candidate has come is stored this often, ms of receive time."""


class ShadowBook(Protocol):
    """Where it is kept what a candidate would have sent."""

    def begin(self, candidate: str, *, now_ms: int) -> int:
        """Begin a comparison, or go on with the newest one of this candidate; gives its key."""
        ...

    def keep(
        self, started_ms: int, rows: Sequence[tuple[Sent, int, str, str]], *, seen_ms: int
    ) -> None:
        """Keep alerts (with level, kind, area) and how far the candidate has come.

        Raises:
            StoreError: Nothing was kept; the same rows may be given again.
        """
        ...

    def fail(self, started_ms: int, failure: str) -> None:
        """Note why it ended."""
        ...


class Shadow:
    """One candidate (``alerts.pipeline.Beside``)."""

    def __init__(
        self,
        build: Callable[[Registry], Engine],
        book: ShadowBook,
        *,
        candidate: str,
        now_ms: Callable[[], int],
    ) -> None:
        """Take the candidate's engine and where its alerts go; nothing runs yet.

        ``candidate`` names its settings, ``now_ms`` says when a comparison begins (wall, ms UTC).
        """
        self._build = build
        self._book = book
        self._candidate = candidate
        self._now_ms = now_ms
        self._engine: Engine | None = None
        self._live: Engine | None = None
        self._sent: dict[str, tuple[Sent, int, str, str]] = {}
        self._unkept: set[str] = set()
        self._asked: list[Delivered] = []
        self._started_ms = self._seen_ms = -1
        self._alerts = self._failures = 0

    def begin(self, pipeline: Pipeline) -> None:
        """Start from the live engine's state of this moment and watch what it gets from now on."""
        try:
            state = msgspec.msgpack.encode(pipeline.engine.dump())
            registry = pipeline.admission.registry
            engine = self._build(registry)
            engine.load(msgspec.msgpack.decode(state, type=EngineState), registry)
            engine.around.hearing, engine.more_waits = pipeline.health, pipeline.more_waits
            self._started_ms = self._book.begin(self._candidate, now_ms=self._now_ms())
        except Exception as exc:  # noqa: BLE001 - the candidate's failure is its own
            self._end(exc)
            return
        self._engine, self._live = engine, pipeline.engine
        self._sent = {alert.alert_id: _open(alert) for alert in engine.cases.open.values()}
        pipeline.shadow = self
        log.info("shadow_began", candidate=self._candidate)

    # -- what the live engine gets ----------------------------------------------------------

    def records(self, records: list[Record]) -> None:
        """Accepted records, after the live engine took them."""
        self._do(lambda engine, effects: engine.records(records, effects))

    def tick(self, entry: Entry) -> None:
        """Time passes; an owner whom only the candidate asks counts as told by now."""
        asked, self._asked = self._asked, []

        def pass_time(engine: Engine, effects: Effects) -> None:
            for told in asked:
                engine.control(told, entry, effects)
            engine.tick(entry, effects)

        self._do(pass_time)

    def control(self, control: AnyControl, entry: Entry) -> None:
        """What people did, before the live engine takes it: it knows the alert they speak of."""

        def act(engine: Engine, effects: Effects) -> None:
            vehicle_id = None
            if isinstance(control, ABOUT_ALERTS):
                cases = self._live.cases if self._live is not None else engine.cases
                alert = cases.by_id(control.alert_id) or cases.unclosed.get(control.alert_id)
                vehicle_id = None if alert is None else alert.vehicle.id
            engine.control(addressed(control, vehicle_id, engine.cases), entry, effects)

        self._do(act)

    def unanswered(self, device: Device, entry: Entry) -> None:
        """A tracker did not answer a question of the live engine."""
        self._do(lambda engine, _effects: engine.unanswered(device, entry))

    def _do(self, act: Callable[[Engine, Effects], None]) -> None:
        engine = self._engine
        if engine is None:
            return
        effects = Effects()
        try:
            act(engine, effects)
            engine.take_rearmed()
            engine.take_wishes()
            if effects:
                self._take(effects)
        except Exception as exc:  # noqa: BLE001 - the candidate's failure is its own
            self._end(exc)

    def _take(self, effects: Effects) -> None:
        """Remember what would have been sent."""
        opened = {one.alert.alert_id: one.opened_ms for one in effects.incidents}
        for change in effects.alerts:
            known = self._sent.get(change.alert_id)
            if change.level == Level.NOTED or (known is None and change.what != "raised"):
                continue
            sent = Sent(
                alert_id=change.alert_id,
                vehicle_id=change.vehicle_id,
                raised_ms=change.caused_recv_ms,
            )
            if known is None:
                self._alerts += 1
            else:
                sent = known[0]
            ready_ms = change.caused_recv_ms if change.what == "police_ready" else None
            self._sent[change.alert_id] = (
                Sent(
                    alert_id=sent.alert_id,
                    vehicle_id=sent.vehicle_id,
                    raised_ms=sent.raised_ms,
                    ready_ms=sent.ready_ms or ready_ms,
                    incident_ms=sent.incident_ms or opened.get(sent.alert_id),
                ),
                int(change.level),
                str(change.kind),
                change.area,
            )
            self._unkept.add(change.alert_id)
        live = self._live.cases.open if self._live is not None else {}
        for notice in effects.notices:
            if notice.kind is NoticeKind.OWNER_NOTICE:
                vehicle = notice.body.get("vehicle")
                if vehicle not in live:
                    told = Delivered(
                        at_ms=notice.caused_recv_ms,
                        alert_id=notice.alert_id,
                        notice=notice.kind,
                        receiver=notice.receiver,
                    )
                    self._asked.append(told)

    # -- keeping and ending -----------------------------------------------------------------

    def keep(self, recv_ms: int) -> None:
        """Store what is new, after the live engine's commit."""
        engine = self._engine
        if engine is None or not (self._unkept or recv_ms - self._seen_ms >= SEEN_MS):
            return
        rows = [self._sent[name] for name in sorted(self._unkept)]
        try:
            self._book.keep(self._started_ms, rows, seen_ms=recv_ms)
        except StoreError as exc:
            if not exc.may_pass:
                self._end(exc)
            return
        except Exception as exc:  # noqa: BLE001 - the candidate's failure is its own
            self._end(exc)
            return
        self._seen_ms = recv_ms
        self._unkept.clear()
        open_ids = {alert.alert_id for alert in engine.cases.open.values()}
        self._sent = {name: row for name, row in self._sent.items() if name in open_ids}

    def metrics(self) -> dict[str, float]:
        """For the part's status."""
        return {
            "process_shadow_on": float(self._engine is not None),
            "process_shadow_alerts_total": self._alerts,
            "process_shadow_failures_total": self._failures,
        }

    def _end(self, failure: Exception) -> None:
        """Turn it off until the next start; the live engine goes on as if it had never been."""
        self._failures += 1
        self._engine = None
        log.error("shadow_ended", error=repr(failure), exc_info=failure)
        try:
            self._book.fail(self._started_ms, repr(failure)[:500])
        except Exception as exc:  # noqa: BLE001 - it is off all the same
            log.warning("shadow_end_unkept", error=repr(exc))


def _open(alert: OpenAlert) -> tuple[Sent, int, str, str]:
    """An alert that is open when the comparison begins or goes on."""
    sent = Sent(alert_id=alert.alert_id, vehicle_id=alert.vehicle.id, raised_ms=alert.raised_ms)
    return sent, int(alert.level), str(alert.kind), alert.vehicle.area

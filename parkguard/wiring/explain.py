"""Explanations for the API: one at a time, in a process of its own, with a deadline, kept."""

import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

import msgspec
import structlog

from api.explain_port import CannotExplain, ExplainerBusy, ToExplain
from api.explain_schemas import ExplanationOut
from parkguard.children import die_with_parent
from parkguard.clock import monotonic_s
from parkguard.explain.order import NOTHING, TOO_LONG, WHY, Order
from parkguard.settings import Settings

KEPT = 32
"""Explanations kept in memory: about 60 kB each. Ours."""
FRESH_MS = 20_000
"""An explanation of a period that has not ended is made anew after so long, ms. Ours."""
LAST_WORDS = 0.05
"""A run gives itself up this share of the time before the deadline, and says how far it came; one
that does not is ended by force. Ours."""
CHILD: tuple[str, ...] = (sys.executable, "-m", "parkguard.explain.child")

log = structlog.get_logger("explain")


class _Key(NamedTuple):
    alert_id: str
    steps: int
    acted_ms: int


class _Kept(NamedTuple):
    answer: ExplanationOut
    made_ms: int
    is_whole: bool


class JournalExplainer:
    """Runs the journal about an alert once more (``api.explain_port.Explainer``)."""

    def __init__(
        self, settings: Settings, now_ms: Callable[[], int], *, command: Sequence[str] = CHILD
    ) -> None:
        """Start nothing; ``now_ms`` is the wall clock, ``command`` the program that explains."""
        self._settings = settings
        self._now_ms = now_ms
        self._command = tuple(command)
        self._turn = Lock()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    def explain(self, alert: ToExplain) -> ExplanationOut:
        """Give the kept explanation, or make one.

        Raises:
            CannotExplain: The journal does not hold that time, or the deadline has passed.
            ExplainerBusy: Another one is being made.
        """
        key = _Key(alert.alert_id, alert.steps, alert.acted_ms)
        found = self._kept.get(key)
        if found is not None and (found.is_whole or self._now_ms() - found.made_ms < FRESH_MS):
            return found.answer
        if not self._turn.acquire(blocking=False):
            raise ExplainerBusy
        try:
            made = self._made(alert)
        finally:
            self._turn.release()
        self._kept[key] = made
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made.answer

    def _made(self, alert: ToExplain) -> _Kept:
        deadline_s = self._settings.explain.deadline_s
        order, is_whole = self._order(alert, monotonic_s() + deadline_s * (1 - LAST_WORDS))
        try:
            ran = subprocess.run(  # noqa: S603 - our own program, nothing of the request in it
                die_with_parent(self._command),
                input=msgspec.json.encode(order),
                capture_output=True,
                timeout=deadline_s,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise self._too_long(alert, said="it did not answer") from exc
        if ran.returncode == NOTHING:
            why = ran.stdout.decode()
            if why == TOO_LONG:
                raise self._too_long(alert, said=ran.stderr.decode())
            log.info(
                "nothing_to_explain", alert_id=alert.alert_id, why=why, said=ran.stderr.decode()
            )
            raise CannotExplain(why, WHY.get(why, why))
        if ran.returncode:
            log.error("explanation_failed", code=ran.returncode, said=ran.stderr.decode()[-2000:])
            raise RuntimeError(f"the process that explains ended with {ran.returncode}")
        answer = ExplanationOut.model_validate_json(ran.stdout)
        return _Kept(answer, self._now_ms(), is_whole)

    def _too_long(self, alert: ToExplain, *, said: str) -> CannotExplain:
        deadline_s = self._settings.explain.deadline_s
        log.warning(
            "explanation_too_long", alert_id=alert.alert_id, deadline_s=deadline_s, said=said
        )
        return CannotExplain(
            TOO_LONG,
            f"running that time again took longer than {deadline_s:g} s (explain.deadline_s): try "
            "again when the server is less busy, or use parkguard explain on the server, which has "
            "no deadline",
        )

    def _order(self, alert: ToExplain, ends_s: float) -> tuple[Order, bool]:
        """What to run, and whether that time is over: nothing more will come to it."""
        explain = self._settings.explain
        from_ms = alert.onset_ms - round(explain.before_s * 1000)
        end_ms = min(
            max(alert.acted_ms, alert.raised_ms) + round(explain.after_s * 1000),
            from_ms + round(explain.longest_s * 1000),
        )
        now_ms = self._now_ms()
        order = Order(
            settings=self._settings.model_dump(mode="json"),
            alert_id=alert.alert_id,
            vehicle_id=alert.vehicle_id,
            onset_ms=alert.onset_ms,
            from_ms=from_ms,
            to_ms=min(end_ms, now_ms),
            ends_s=ends_s,
        )
        return order, end_ms <= now_ms

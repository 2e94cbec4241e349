"""Thresholds of detection and dispatch, each with its unit and its source."""

from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionPolicy:
    """The movement statistic. Source of all defaults: detection.md, Method (measured there).

    Attributes:
        tau_s: Correlation time of parked noise, seconds.
        lag_s: A step is scored over at least this time, seconds. Measured 2026-11-25: scored fix
            by fix at 2 s reporting, a walker of 1.7 m/s gave S = 0 at 65 m, and parked noise
            gave 2.4 owner alarms per vehicle-day against 0.3 at 10 s.
        prior_sd_m: Prior standard deviation of parked noise per axis, metres (s0).
        prior_weight: How many samples the prior is worth (k0).
        max_samples: The anchor's effective samples are capped here, so that it follows slowly.
        owner_rate: False alarms of the owner's level per vehicle-day that the city accepts, above 0
            and at most 1; the threshold is looked up, and rules without one come on top (both:
            `parkguard detection rates`). A third of what must be kept (1e-2, detection.md), because
            curves were broken by noise they were not fitted on: measured 2026-11-29 with a shock
            sensor, at 1e-2 canyon-b gave 0.013, at 3e-3 no family gave any in 300 vehicle-days.
        police_rate: Same for the police level of the position alone, before the second witness
            and the human. Measured 2026-11-28 (docs/detection.md): 1e-3 needs 12 nats at the worst
            open noise; 1e-4, the must of the design page, needs 19 there (extrapolated), at which
            less than 98 % of rides are found in time.
        owner_min_m: Least displacement for the owner's level, metres.
        police_min_m: Least displacement for the police level, metres; beyond what the site's class
            and the vehicle's own past say. Excursions beyond 100 m lasted at most 11 s
            (detection.md). Measured 2026-11-28 at 10 s: from 80 m on, open tuning families gave
            0.006 alarms per vehicle-day, whatever the threshold (8 to 11 nats).
        owner_sigmas: ... and in standard deviations of the vehicle's own noise.
        police_sigmas: Same for the police level.
        gate_mps: Implied speed above this holds a fix back until a second agrees, m/s.
        gate_m: ... if it is farther than this from the last fix, metres.
        slow_min_m: The slow rule looks outside this radius, metres.
        slow_s: ... for longer than this, seconds of fix time.
        owner_alone_m: Without any witness the owner is told beyond this only, metres, and beyond
            what the site's class (``leaps.SITE_M``) and the vehicle's own past say. Source as for
            ``police_min_m``; at 1.3 m/s it takes 77 s (docs/detection.md, Figures).
        leap_share: An excursion is expected to reach so many times the largest one that came back.
        leap_max_m: What is learnt of excursions counts up to this, metres.
        police_leap_max_m: Same for the police level, metres: 2 m/s must be found before 150 m.
        leap_tau_s: A learnt excursion fades with this time constant, seconds: ten days, because
            records of excursions are broken as 1/n.
        kept_min_m: The kept rule looks outside this radius, metres: a vehicle that was shoved and
            stands there (field case A-03) gives one step, not the two new farthest points of the
            owner's level.
        kept_sigmas: ... and outside so many standard deviations.
        kept_s: ... for this long at one place (three fixes within ``agree_m``), seconds of fix
            time: two reports of 30 s (A-03), less 5 s of jitter. 45 s told of parked vehicles 1.2
            (stuck) to 4.8 times (open-harsh) as often (docs/detection.md, Figures).
        still_s: Arm by rule after standing still so long with ignition off, seconds.
        agree_m: Fixes within this of each other agree (settling), metres.
        doppler_mps: Doppler speed that witnesses motion, m/s.
        doppler_hdop: ... at this HDOP or better (a fixed receiver showed 2 m/s at HDOP 4).
        doppler_sat: ... and with at least so many satellites.
        parked_doppler_mps: Doppler below this is a parked receiver's (measured max 1.13 m/s).
        slow_sigmas: The slow rule's radius in standard deviations.
        evidence_min: All evidence together is never below this, nats.
        evidence_max: ... nor above this: sensors alone never reach the police, nats.
        shadow: Candidate values by name (``police_rate``; in the environment one variable each:
            ``PARKGUARD_DETECTION__SHADOW__POLICE_RATE``): shadow mode runs them beside the live
            ones and tells nobody (docs/operate.md); empty = off.
        tamper_nats: Evidence that alone tells the owner, nats.
        tow_mps: Speed at which a vehicle with its ignition off is being taken away, m/s. Parked
            receivers showed 1.13 m/s at most (detection.md); 3 m/s leaves room for worse ones.
        late_settle_s: A late upload is over when nothing came of it for so long, seconds. Batches
            of one upload follow each other within a second or two.
        late_max_s: What happened longer ago is noted (level 0) and told to nobody, seconds.
        late_min_m: Late data tell a theft when the vehicle ends farther away than this, metres:
            parked receivers were beyond 100 m once a day, for 11 s (detection.md).
        late_still_s: Late fixes arm a vehicle by rule after standing so long, seconds: five times
            ``still_s``, because nobody can be asked whether it was a stop on a ride.
        ask_nats: Statistic plus evidence from which the tracker is asked. Source: docs/asking.md.
        ask_min_m: ... when it is at least so far from its anchor, metres.
        ask_witness_nats: Evidence that asks at less movement, nats: one living witness.
        ask_witness_m: ... from so far on, metres.
        ask_every_s: The tracker is asked to report so often, seconds (detection.md: 5 s).
        ask_for_s: ... for so long, seconds; renewed while its alert is open.
        ask_deadline_s: No answer after so long is a sign, seconds: a cold start takes 60 s.
        ask_shaken_every_s: Shaken while armed and still in its place, it is asked to report so
            often, seconds: a thief who cuts the lock is away before the next heartbeat. Only
            trackers whose ``info`` promises longer intervals.
        ask_shaken_for_s: ... for so long, seconds; 0 = not at all. Three reports a shake.
        asks_per_hour: A tracker is never asked more often, but for thefts that a human confirmed.
            Shakes take half of it at most. Battery: 6 times 180 s are 216 reports of 5 s. Source:
            docs/asking.md.
    """

    tau_s: float = 120.0
    lag_s: float = 8.0
    prior_sd_m: float = 6.0
    prior_weight: float = 12.0
    max_samples: float = 60.0
    owner_rate: float = 3e-3
    police_rate: float = 1e-3
    owner_min_m: float = 35.0
    police_min_m: float = 100.0
    owner_sigmas: float = 4.0
    police_sigmas: float = 5.0
    gate_mps: float = 45.0
    gate_m: float = 60.0
    slow_min_m: float = 60.0
    slow_sigmas: float = 6.0
    slow_s: float = 300.0
    owner_alone_m: float = 100.0
    leap_share: float = 1.25
    leap_max_m: float = 200.0
    police_leap_max_m: float = 125.0
    leap_tau_s: float = 864_000.0
    kept_min_m: float = 45.0
    kept_sigmas: float = 6.0
    kept_s: float = 55.0
    still_s: float = 60.0
    agree_m: float = 15.0
    doppler_mps: float = 2.0
    doppler_hdop: float = 2.5
    doppler_sat: int = 6
    parked_doppler_mps: float = 1.2
    tamper_nats: float = 5.0
    tow_mps: float = 3.0
    late_settle_s: float = 5.0
    late_max_s: float = 86_400.0
    late_min_m: float = 100.0
    late_still_s: float = 300.0
    ask_nats: float = 4.0
    ask_min_m: float = 25.0
    ask_witness_nats: float = 2.0
    ask_witness_m: float = 15.0
    ask_every_s: float = 5.0
    ask_for_s: float = 180.0
    ask_deadline_s: float = 90.0
    ask_shaken_every_s: float = 20.0
    ask_shaken_for_s: float = 60.0
    asks_per_hour: int = 6
    evidence_min: float = -15.0
    evidence_max: float = 6.0
    shadow: dict[str, float] = field(default_factory=dict)

    def candidate(self) -> "DetectionPolicy":
        """The policy of shadow mode: this one with the values of ``shadow``."""
        known = {item.name for item in fields(self)} - {"shadow"}
        if unknown := sorted(self.shadow.keys() - known):
            raise ValueError(f"detection.shadow: there is no detection.{unknown[0]}")
        changes: dict[str, Any] = dict(self.shadow)
        return replace(self, shadow={}, **changes)

    def __post_init__(self) -> None:
        """Refuse rates that are none, and a candidate that could not run.

        Raises:
            ValueError: Says what a rate is.
        """
        for name in ("owner_rate", "police_rate"):
            rate = getattr(self, name)
            if not 0 < rate <= 1:
                raise ValueError(
                    f"detection.{name} is false alarms per vehicle-day, above 0 and at most 1 "
                    f"(1e-6 is one in a million vehicle-days), not {rate:g}"
                )
        if self.shadow:
            self.candidate()


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchPolicy:
    """What opens an incident. Source: decisions.md, Levels.

    Attributes:
        dispatch_without_human: City's policy: level 2 with a silent owner may open one. Off.
        silent_owner_s: ... after the owner's notice was delivered so long ago, seconds.
        second_contact_s: A second contact is told after so long without an answer, seconds.
        renotify_s: At most one owner notice per vehicle in this time, seconds.
        update_s: At most one incident update in this time, but for level and grid, seconds.
        expire_s: An unanswered alert without new movement ends after this, seconds.
        return_s: Back at the anchor for so long stands an unconfirmed alert down, seconds.
        demote_after: A tracker, or a rule at one site, with so many false alarms within
            ``demote_days`` is demoted: none of its alerts is police-ready by itself. Source:
            issue 6, 9.
        demote_days: Window of these false alarms, and how long after the last it stays so, days.
    """

    dispatch_without_human: bool = False
    silent_owner_s: float = 120.0
    second_contact_s: float = 30.0
    renotify_s: float = 600.0
    update_s: float = 60.0
    expire_s: float = 1800.0
    return_s: float = 60.0
    demote_after: int = 3
    demote_days: float = 30.0

"""Thresholds of detection and dispatch, each with its unit and its source."""

from dataclasses import dataclass


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
        owner_threshold: Nats of statistic plus evidence for the owner's level (h_own). Measured
            2026-11-25 on simulated parked noise: 6 gave 0.11-0.28 owner alarms per vehicle-day,
            8 gave 0.05-0.16.
        police_threshold: Nats for the police level (h_pol).
        owner_min_m: Least displacement for the owner's level, metres.
        police_min_m: Least displacement for the police level, metres.
        owner_sigmas: ... and in standard deviations of the vehicle's own noise.
        police_sigmas: Same for the police level.
        gate_mps: Implied speed above this holds a fix back until a second agrees, m/s.
        gate_m: ... if it is farther than this from the last fix, metres.
        slow_min_m: The slow rule looks outside this radius, metres.
        slow_s: ... for longer than this, seconds of fix time.
        kept_min_m: The kept rule looks outside this radius, metres: a vehicle that was shoved and
            stands there (field case A-03) gives one step, not the two new farthest points of the
            owner's level.
        kept_sigmas: ... and outside so many standard deviations.
        kept_s: ... for this long at one place (three fixes within ``agree_m``), seconds of fix
            time.
        still_s: Arm by rule after standing still so long with ignition off, seconds.
        agree_m: Fixes within this of each other agree (settling), metres.
        doppler_mps: Doppler speed that witnesses motion, m/s.
        doppler_hdop: ... at this HDOP or better (a fixed receiver showed 2 m/s at HDOP 4).
        doppler_sat: ... and with at least so many satellites.
        parked_doppler_mps: Doppler below this is a parked receiver's (measured max 1.13 m/s).
        slow_sigmas: The slow rule's radius in standard deviations.
        evidence_min: All evidence together is never below this, nats.
        evidence_max: ... nor above this: sensors alone never reach the police, nats.
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
    """

    tau_s: float = 120.0
    lag_s: float = 8.0
    prior_sd_m: float = 6.0
    prior_weight: float = 12.0
    max_samples: float = 60.0
    owner_threshold: float = 8.0
    police_threshold: float = 12.0
    owner_min_m: float = 35.0
    police_min_m: float = 80.0
    owner_sigmas: float = 4.0
    police_sigmas: float = 5.0
    gate_mps: float = 45.0
    gate_m: float = 60.0
    slow_min_m: float = 60.0
    slow_sigmas: float = 6.0
    slow_s: float = 300.0
    kept_min_m: float = 45.0
    kept_sigmas: float = 6.0
    kept_s: float = 45.0
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
    evidence_min: float = -15.0
    evidence_max: float = 6.0


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
    """

    dispatch_without_human: bool = False
    silent_owner_s: float = 120.0
    second_contact_s: float = 30.0
    renotify_s: float = 600.0
    update_s: float = 60.0
    expire_s: float = 1800.0
    return_s: float = 60.0

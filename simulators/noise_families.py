"""Families of GPS noise of parked receivers by name, and which of them tune and which report.

``noise_field`` draws them for many vehicles at once. Source of measured numbers: the design page
on detection ("What was measured on real receivers": 11 stationary logs, 52 h); what nobody
measured is said to be assumed. Tuning never sees a reporting family, any part of one (its wander, a
process of its excursions, its outages, its shaping) or its seeds; a test holds it.
"""

import zlib
from dataclasses import dataclass, replace

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wander:
    """Mean-reverting error about the true place; each range is drawn per receiver.

    Attributes:
        sd_m: Standard deviation per axis, metres.
        tau_s: Correlation time, seconds.
        dof: Degrees of freedom of the Student-t tails (its scale is itself a slow process).
        memory: Parts of the variance and how many times longer each remembers; one = AR(1).
        white_m: Standard deviation of what is new in every fix, metres.
    """

    sd_m: Range
    tau_s: Range
    dof: Range = (4.0, 12.0)
    memory: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    white_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaps:
    """Multipath excursions: out to a peak and back.

    Attributes:
        per_day: How many begin a day, drawn per receiver.
        from_m: Least peak, metres; beyond it Pareto of ``shape``.
        max_m: Largest peak, metres.
        length_s: Median length, seconds; log-normal with ``spread``, at most ``max_s``.
        stuck: They jump to a constant offset and back instead of swelling and ebbing.
        far_short: Far ones are shorter, as measured (11 s beyond 100 m at most).
    """

    per_day: Range
    from_m: float
    shape: float = 3.3
    max_m: float = 118.0
    length_s: float = 58.0
    spread: float = 0.95
    max_s: float = 180.0
    stuck: bool = False
    far_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """No fix for a while, then cold starts that creep in from far away.

    Attributes:
        per_day: How many a day.
        lasts_s: How long nothing is heard, seconds.
        first_m: How far off the first fix is, metres.
        settles_s: Time constant of the way back, seconds.
    """

    per_day: Range
    lasts_s: Range
    first_m: Range
    settles_s: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaping:
    """What firmware makes of a position; 0 and False = nothing.

    Attributes:
        quantum_deg: Coordinates are rounded to multiples of this, degrees.
        grid_m: They are snapped to a grid of this width, metres.
        hold_m: Static hold: the last position is repeated until the error is so far off, metres.
        street_m: Map-matched: snapped to parallel streets so far apart, metres; along them the
            error stays.
        step_m: GLONASS-like steps: the offset changes at once by so much per axis, metres.
        steps_per_day: How often.
    """

    quantum_deg: float = 0.0
    grid_m: float = 0.0
    hold_m: float = 0.0
    street_m: float = 0.0
    step_m: float = 0.0
    steps_per_day: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of place and receiver.

    Attributes:
        site: ``open``, ``street``, ``canyon`` or ``garage``.
        built_for: Whether the method's noise model has it; the others are there to break it.
        source: Where its numbers come from.
        says_accuracy: Share of receivers that report one.
        leaps: Independent processes of excursions.
    """

    site: str
    source: str
    wander: Wander
    built_for: bool = True
    says_accuracy: float = 0.5
    leaps: tuple[Leaps, ...] = ()
    outages: Outages | None = None
    shaping: Shaping = Shaping()


MEASURED_WANDER = Wander(sd_m=(1.4, 6.6), tau_s=(110.0, 560.0), dof=(6.0, 33.0))
MEASURED_LEAPS = Leaps(per_day=(8.4, 277.0), from_m=26.0, far_short=True)
"""49 / 8.4 / 0.9 a day beyond 30 / 50 / 100 m; p50/p95/max beyond 30 m 17/76/120 s."""
_MEASURED = Family(
    site="open",
    source="as gps_noise.py: fitted to the 11 logs (sd 1.3-10.8 m, excursions 49/8.4/0.9 a day)",
    wander=MEASURED_WANDER,
    says_accuracy=1.0,
    leaps=(MEASURED_LEAPS,),
)
_OPEN = Family(
    site="open",
    source="other receivers in an open street: sd 1.3-5 m, tau 50-620 s, dof 4-12",
    wander=Wander(sd_m=(1.3, 5.0), tau_s=(50.0, 620.0), dof=(4.0, 12.0), white_m=0.8),
    leaps=(Leaps(per_day=(2.0, 60.0), from_m=24.0, length_s=50.0, far_short=True),),
)
_OPEN_TUNED = Family(
    site="open",
    source="receivers in an open street as tuning sees them: within what was measured, other "
    "ranges than the reporting ones",
    wander=Wander(sd_m=(1.5, 5.6), tau_s=(70.0, 500.0), dof=(4.0, 15.0), white_m=1.0),
    leaps=(Leaps(per_day=(4.0, 70.0), from_m=25.0, length_s=54.0, far_short=True),),
)
_STREET = Family(
    site="street",
    source="detection.md scenario 2 (excursions 30-110 m for at most 120 s); rates assumed",
    wander=Wander(sd_m=(2.5, 8.0), tau_s=(60.0, 400.0), dof=(4.0, 10.0), white_m=1.5),
    leaps=(Leaps(per_day=(40.0, 300.0), from_m=30.0, max_m=110.0, max_s=120.0),),
)
_CANYON = Family(
    site="canyon",
    source="detection.md: 95 % error 43 m at HDOP 1.5; excursions to 150 m for 4 min assumed",
    wander=Wander(sd_m=(9.0, 22.0), tau_s=(40.0, 300.0), dof=(4.0, 8.0), white_m=3.0),
    leaps=(Leaps(per_day=(150.0, 600.0), from_m=40.0, max_m=150.0, max_s=240.0),),
)
_GARAGE = Family(
    site="garage",
    source="detection.md scenarios 3 and 4: no fix for hours, cold starts 60-500 m off; 250 m for "
    "5 min; indoors 588 m seen once",
    wander=Wander(sd_m=(6.0, 25.0), tau_s=(60.0, 600.0), dof=(4.0, 8.0), white_m=3.0),
    leaps=(
        Leaps(per_day=(10.0, 100.0), from_m=40.0, max_m=250.0, max_s=300.0),
        Leaps(per_day=(0.1, 2.0), from_m=150.0, max_m=588.0, length_s=120.0, stuck=True),
    ),
    outages=Outages(
        per_day=(2.0, 8.0), lasts_s=(600.0, 32_400.0), first_m=(60.0, 500.0), settles_s=(10.0, 60.0)
    ),
)
_STUCK = Leaps(
    per_day=(0.2, 4.0), from_m=30.0, shape=1.6, max_m=200.0, length_s=110.0, max_s=256.0, stuck=True
)
"""Another fixed receiver, near metal: beyond 100 m eight times in 64 min, up to 256 s. Its rate is
that of a bad place; 0.2-4 a day are assumed."""
_LONG = ((0.35, 0.3), (0.35, 3.0), (0.3, 25.0))

TUNING: dict[str, Family] = {
    "measured": _MEASURED,
    "street": _STREET,
    "canyon": _CANYON,
    "garage": _GARAGE,
    "stuck": replace(
        _OPEN_TUNED,
        source="an open street with stuck multipath",
        built_for=False,
        leaps=(*_OPEN_TUNED.leaps, _STUCK),
    ),
    "long-memory": replace(
        _OPEN_TUNED,
        source="assumed: three AR parts that remember up to 25 times longer",
        built_for=False,
        wander=Wander(sd_m=(2.0, 7.0), tau_s=(60.0, 300.0), memory=_LONG, white_m=0.5),
    ),
}
REPORTING: dict[str, Family] = {
    "open": _OPEN,
    "open-harsh": replace(
        _OPEN,
        source="the worst of the measured receivers alone: sd 4-9 m, dof from 3, most excursions",
        wander=Wander(sd_m=(4.0, 9.0), tau_s=(50.0, 620.0), dof=(3.0, 8.0), white_m=1.0),
        leaps=(replace(MEASURED_LEAPS, per_day=(49.0, 277.0), length_s=66.0, max_m=250.0),),
    ),
    "street-b": replace(
        _STREET,
        source="as street, other parameters: more and longer excursions, quicker wander",
        wander=Wander(sd_m=(3.0, 9.0), tau_s=(30.0, 250.0), dof=(5.0, 15.0), white_m=1.0),
        leaps=(
            Leaps(
                per_day=(20.0, 200.0),
                from_m=35.0,
                shape=2.6,
                max_m=120.0,
                length_s=70.0,
                spread=0.6,
                max_s=120.0,
            ),
        ),
    ),
    "canyon-b": replace(
        _CANYON,
        source="as canyon, other parameters: slower and wider wander, plateaus among the humps",
        wander=Wander(sd_m=(8.0, 18.0), tau_s=(60.0, 500.0), dof=(5.0, 12.0), white_m=2.0),
        leaps=(
            Leaps(per_day=(80.0, 400.0), from_m=45.0, shape=2.8, max_m=180.0, max_s=200.0),
            Leaps(per_day=(10.0, 60.0), from_m=30.0, max_m=90.0, stuck=True),
        ),
    ),
    "garage-b": replace(
        _GARAGE,
        source="as garage, other parameters: cold starts settle slower, more of them; quicker "
        "wander, fewer and longer excursions",
        wander=Wander(sd_m=(5.0, 20.0), tau_s=(40.0, 450.0), dof=(5.0, 12.0), white_m=2.0),
        leaps=(
            Leaps(per_day=(8.0, 80.0), from_m=45.0, shape=2.8, max_m=220.0, max_s=240.0),
            Leaps(per_day=(0.2, 1.5), from_m=130.0, max_m=500.0, length_s=100.0, stuck=True),
        ),
        outages=Outages(
            per_day=(4.0, 16.0),
            lasts_s=(300.0, 14_400.0),
            first_m=(60.0, 588.0),
            settles_s=(20.0, 120.0),
        ),
    ),
    "stuck-b": replace(
        _OPEN,
        source="stuck multipath of the receiver near metal, up to 256 s; 0.5-3 a day assumed",
        built_for=False,
        leaps=(*_OPEN.leaps, replace(_STUCK, per_day=(0.5, 3.0), from_m=40.0, length_s=90.0)),
    ),
    "long-memory-b": replace(
        _OPEN,
        source="assumed: sums of AR with memories of 20 s to 2 h",
        built_for=False,
        wander=Wander(
            sd_m=(2.0, 8.0),
            tau_s=(20.0, 120.0),
            white_m=0.3,
            memory=((0.25, 1.0), (0.25, 6.0), (0.25, 20.0), (0.25, 60.0)),
        ),
    ),
    "quantised-1e-5": replace(
        _OPEN,
        source="coordinates of 5 decimals (1.1 m)",
        built_for=False,
        shaping=Shaping(quantum_deg=1e-5),
    ),
    "quantised-1e-4": replace(
        _OPEN,
        source="coordinates of 4 decimals (11 m)",
        built_for=False,
        shaping=Shaping(quantum_deg=1e-4),
    ),
    "grid-1m": replace(
        _OPEN, source="snapped to 1 m", built_for=False, shaping=Shaping(grid_m=1.0)
    ),
    "map-matched": replace(
        _OPEN,
        source="snapped to streets 45 m apart (assumed)",
        built_for=False,
        shaping=Shaping(street_m=45.0),
    ),
    "glonass-steps": replace(
        _OPEN,
        source="steps of 6 m per axis 20 times a day as satellites of another system come and go "
        "(assumed)",
        built_for=False,
        shaping=Shaping(step_m=6.0, steps_per_day=20.0),
    ),
    "static-hold": replace(
        _OPEN,
        source="u-blox static hold: exactly still, then off",
        built_for=False,
        shaping=Shaping(hold_m=12.0),
    ),
}
FAMILIES: dict[str, Family] = TUNING | REPORTING

TUNING_SEEDS, REPORTING_SEEDS = range(1_000, 2_000), range(500_000, 600_000)
"""First seeds of runs; ``seed_of`` refuses others."""


def seed_of(name: str, number: int) -> int:
    """The ``number``-th seed of a family's side of the split.

    Raises:
        ValueError: There are not so many.
    """
    seeds = TUNING_SEEDS if name in TUNING else REPORTING_SEEDS
    if not 0 <= number < len(seeds):
        raise ValueError(f"seed {number} of {name}: there are {len(seeds)}")
    return seeds[number] * 2**32 + zlib.crc32(name.encode())

"""The table of docs/detection.md: number -> name, what is right, generator, does it hold."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.thefts import clocks, groups, identity, owners, parked, service, stolen, tickets
from simulators.thefts.expected import Bound, Story
from simulators.thefts.scene import Scene

NIGHTLY = Bound(per_day=0.01)
"""An owner's notice that is no theft: under one in a hundred vehicle-days. Source:
docs/detection.md, Numbers to reach."""
Build = Callable[[int, float], Story]
"""From a seed and a share of the long quiet times to a story; the same for the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row.

    Attributes:
        right: What is right to be said, in the design page's words.
        bound: How often the owner may be told all the same; None = what ``Expected`` says.
        short: Share of the long quiet times in the tests.
        steady: Everybody reports all the time, so that ticks between are not needed.
        why: Why the product does not do what is right yet; "" = it holds.
    """

    number: int
    name: str
    right: str
    build: Build
    bound: Bound | None = None
    short: float = 0.3
    steady: bool = False
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether the product should do what is right."""
        return not self.why


def _alone(number: int, play: Callable[[Scene], None], *, site: str = "open") -> Build:
    """A scene that stands for itself."""

    def build(seed: int, share: float) -> Story:
        scene = Scene(number, seed, share=share, site=site)
        play(scene)
        return scene.story()

    return build


def _beside_twin(number: int, play: Callable[[Scene, Scene], Story]) -> Build:
    """A scene that is compared with the same one without its trouble."""
    return lambda seed, share: play(
        Scene(number, seed, share=share), Scene(number, seed, share=share)
    )


_FAST = "L1, L3, fast"
# fmt: off
ROWS = (
    Scenario(number=1, name="open sky, 24 h at 10 s",
             right="nothing",
             build=_alone(1, parked.open_sky), bound=NIGHTLY, short=0.03, steady=True),
    Scenario(number=2, name="street canyon, 24 h",
             right="nothing; L1 at most 1 in 100 days",
             build=_alone(2, parked.canyon, site="canyon"), bound=NIGHTLY, short=0.03, steady=True),
    Scenario(number=3, name="underground garage, 9 h, owner leaves",
             right="nothing",
             build=_alone(3, parked.garage, site="garage"), steady=True, short=0.1),
    Scenario(number=4, name="garage: 250 m off for 5 min, no vibration",
             right="L1 allowed, never L3",
             build=_alone(4, parked.garage_slip, site="garage"), steady=True),
    Scenario(number=5, name="indoor cell and Wi-Fi fixes, 300-1,500 m",
             right="nothing",
             build=_alone(5, parked.indoors, site="indoor"), steady=True),
    Scenario(number=6, name="null island, lat 91, NaN, broken numbers",
             right="nothing, counted",
             build=_alone(6, parked.broken_numbers), steady=True),
    Scenario(number=7, name="static hold, then a fix 12 m off",
             right="nothing",
             build=_alone(7, parked.static_hold), short=0.1, steady=True),
    Scenario(number=8, name="owner's ride, phone present",
             right="auto-disarm, nothing",
             build=_alone(8, owners.with_phone)),
    Scenario(number=9, name="owner's ride, phone dead",
             right="L1, it's me disarms, never L3",
             build=_alone(9, owners.without_phone)),
    Scenario(number=10, name="friend with a shared key / without",
             right="nothing / L1",
             build=_alone(10, owners.friends)),
    Scenario(number=11, name="attendant pushes it 5-20 m",
             right="nothing",
             build=_alone(11, owners.next_rack), steady=True, bound=Bound(per_run=0.01)),
    Scenario(number=12, name="attendant moves it 60 m, with / without ticket",
             right="nothing / L1 at most",
             build=_alone(12, owners.sixty_metres)),
    Scenario(number=13, name="knocked over",
             right="L1 fell",
             build=_alone(13, parked.knocked_over), steady=True),
    Scenario(number=14, name="ridden away, lock forced",
             right=_FAST,
             build=_alone(14, stolen.ridden)),
    Scenario(number=15, name="rolled away at 1.3 m/s",
             right="L1 within 90 s, L3",
             build=_alone(15, stolen.rolled_away)),
    Scenario(number=16, name="carried 40 m into a house",
             right="L1 with tilt or vibration",
             build=_alone(16, stolen.carried)),
    Scenario(number=17, name="lifted into a van, tracker alive",
             right=_FAST,
             build=_alone(17, stolen.into_a_van)),
    Scenario(number=18, name="van, tracker shielded 40 min",
             right="L1 at silence + tilt; L3 by the owner",
             build=_alone(18, stolen.shielded)),
    Scenario(number=19, name="city tow truck, ticket in time / late",
             right="nothing / L1, then auto-cancel",
             build=_alone(19, tickets.city_tow)),
    Scenario(number=20, name="tow truck of thieves",
             right=_FAST,
             build=_alone(20, stolen.towed_by_thieves)),
    Scenario(number=21, name="main battery pulled by the owner / at night",
             right="L1 / L3",
             build=_alone(21, stolen.battery_pulled)),
    Scenario(number=22, name="tracker cut: case, power, silence",
             right="L1 at once, L3 by the owner",
             build=_alone(22, stolen.tracker_cut)),
    Scenario(number=23, name="charging site loses power, 40 vehicles",
             right="nothing, one site incident",
             build=_alone(23, groups.site_power_loss), short=0.15),
    Scenario(number=24, name="a jammer drives past 12 vehicles",
             right="nothing, one area incident",
             build=_alone(24, groups.passing_jammer), short=0.15),
    Scenario(number=25, name="jammer on one vehicle, motion by cell",
             right="L1; L3 by the owner",
             build=_alone(25, stolen.jammed)),
    Scenario(number=26, name="spoofing: 30 vehicles jump",
             right="nothing, one area incident",
             build=_alone(26, groups.spoofed), short=0.15),
    Scenario(number=27, name="delivery rider, 60 stops, phone with him",
             right="0 L1",
             build=_alone(27, owners.delivery_rider), short=0.1),
    Scenario(number=28, name="delivery rider robbed at stop 31",
             right=_FAST,
             build=_alone(28, stolen.rider_robbed), short=0.25),
    Scenario(number=29, name="ferry with the owners aboard",
             right="nothing",
             build=_alone(29, owners.ferry)),
    Scenario(number=30, name="rebalancing van, 25 on tickets, 1 without",
             right="L1 for that one",
             build=_alone(30, tickets.rebalancing), short=0.15),
    Scenario(number=31, name="clock +1 h, -1 h, 1970, 1980-01-06",
             right="nothing",
             build=_alone(31, clocks.jumping_clocks), steady=True),
    Scenario(number=32, name="week rollover while being stolen",
             right="snapped, fast",
             build=_alone(32, clocks.rollover)),
    Scenario(number=33, name="local time (+8 h)",
             right="learnt, theft still fast",
             build=_alone(33, clocks.local_time)),
    Scenario(number=34, name="every packet twice, 5 % late 10-60 s",
             right="the same alerts as clean",
             build=_beside_twin(34, clocks.doubled)),
    Scenario(number=35, name="3 h buffered: a ride / a theft",
             right="nothing / L1 marked late",
             build=_alone(35, clocks.buffered)),
    Scenario(number=36, name="trackers swapped between two vehicles",
             right="conflict, both unarmed",
             build=_alone(36, identity.swapped)),
    Scenario(number=37, name="two trackers in one bag",
             right="one incident, both flagged",
             build=_alone(37, identity.one_bag)),
    Scenario(number=38, name="cloned id, 8 km apart",
             right="conflict, nothing",
             build=_alone(38, identity.cloned)),
    Scenario(number=39, name="killed mid-theft, back after 40 s",
             right="one alert, same id",
             build=_beside_twin(39, service.killed)),
    Scenario(number=40, name="cold start of the whole service",
             right="0 alerts while settling",
             build=_alone(40, service.cold_start), steady=True),
    Scenario(number=41, name="reports every 5 min only, stolen",
             right="L1 on the second fix",
             build=_alone(41, stolen.sparse), steady=True, short=0.2),
    Scenario(number=42, name="theft 2 min after parking",
             right="L1 by ignition or phone",
             build=_alone(42, stolen.just_parked)),
    Scenario(number=43, name="parked by jerks, 6 moves in 5 min",
             right="nothing",
             build=_alone(43, owners.by_jerks), steady=True),
    Scenario(number=44, name="home fence 5 m from the anchor",
             right="no flapping",
             build=_alone(44, parked.home_fence), short=0.3, steady=True),
)
# fmt: on
SCENARIOS: dict[int, Scenario] = {row.number: row for row in ROWS}
"""All of them, by number."""


def story(number: int, seed: int, *, share: float = 1.0) -> Story:
    """One scenario of one seed; ``share`` shortens its long quiet times.

    Raises:
        KeyError: There is no such scenario.
    """
    return SCENARIOS[number].build(seed, share)

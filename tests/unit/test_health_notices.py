"""Health notices: one an outage, bundles for single devices, nothing for what took itself back."""

import json

import msgspec
import pytest

from alerts.health_notices import HealthNotices, NoticesState
from alerts.model import Channel, Effects, Notice
from alerts.notice_policy import NoticePolicy
from devices.causes import Cause
from devices.health_events import HealthEvent, HealthEventKind
from devices.model import DeviceClass, Site
from devices.registry import Registry, RegistrySnapshot
from support.factories import a_device, a_tick, at_ms

K = HealthEventKind
DISTRICT = "340104"
CAMERAS = [
    a_device(k, id=f"cam-{k}", cls=DeviceClass.CAMERA, vehicle_id=None, site_id="site-1",
             area=f"{DISTRICT}001001")
    for k in range(40)
]  # fmt: skip
SITE = Site(id="site-1", name="North gate", area=DISTRICT, lat_deg=31.82, lon_deg=117.22)
REGISTRY = Registry(RegistrySnapshot(devices=CAMERAS, sites=[SITE]))


def an_event(kind: K, number: int = 0, at_s: float = 0.0, **changes: object) -> HealthEvent:
    device = CAMERAS[number]
    event = HealthEvent(
        kind=kind,
        key=f"{kind}-{number}-{at_s}",
        device_id=device.id,
        site_id="site-1",
        area=device.area,
        at_ms=at_ms(at_s),
        elapsed_ms=a_tick(at_s).elapsed_ms,
        causes=int(Cause.SILENT),
    )
    return msgspec.structs.replace(event, **changes)


class Desk:
    """Events and time in, notices out; killed and started after every step."""

    def __init__(self, **policy: object) -> None:
        self._policy = NoticePolicy(**policy)  # type: ignore[arg-type]
        self._notices = HealthNotices(self._policy)
        self.told: list[Notice] = []

    def hear(self, *events: HealthEvent) -> None:
        effects = Effects()
        for event in events:
            self._notices.take(event, REGISTRY, effects)
        self._keep(effects)

    def tick(self, at_s: float) -> None:
        effects = Effects()
        self._notices.tick(a_tick(at_s), REGISTRY, effects)
        self._keep(effects)

    def _keep(self, effects: Effects) -> None:
        self.told += effects.notices
        blob = msgspec.msgpack.encode(self._notices.dump())
        self._notices = HealthNotices(self._policy)
        self._notices.load(msgspec.msgpack.decode(blob, type=NoticesState))

    @property
    def lines(self) -> list[list[str]]:
        """The English lines of each notice."""
        return [[line["en"] for line in one.body["lines"]] for one in self.told]  # type: ignore[attr-defined]


def test_an_outage_is_one_notice_at_once() -> None:
    """With its number, where, and what to look for; in both languages."""
    desk = Desk()
    outage = an_event(K.OUTAGE, scope="site:site-1", device_id="", devices=40)

    desk.hear(outage)
    desk.hear(msgspec.structs.replace(outage, kind=K.OUTAGE_OVER, at_ms=at_ms(900)))

    (line,) = desk.lines[0]
    assert line.startswith("40 devices fell silent together: site North gate. Look for one cause")
    assert [one.action for one in desk.told] == ["outage", "outage_over"]
    assert desk.told[0].body["lines"][0]["zh"].startswith("40台设备同时失联:站点North gate")  # type: ignore[index]


def test_single_devices_of_a_district_are_told_together() -> None:
    """The first waits a minute for the others; the next notice comes 15 min later."""
    desk = Desk()
    desk.hear(*(an_event(K.SILENT, k) for k in range(3)))
    desk.tick(59)
    assert desk.told == []

    desk.tick(60)
    desk.hear(*(an_event(K.SILENT, k, at_s=70) for k in range(3, 40)))
    desk.tick(959)
    assert len(desk.told) == 1
    desk.tick(960)

    assert [one.body["events"] for one in desk.told] == [3, 37]
    assert desk.lines[0][0] == "camera cam-0 at North gate: went silent"
    assert {one.action for one in desk.told} == {"bundle"}


def test_what_came_back_before_it_was_told_is_no_news() -> None:
    """Nobody is told of a device that is well."""
    desk = Desk()
    desk.hear(an_event(K.SILENT), an_event(K.SILENT, 1), an_event(K.BACK, at_s=30))
    desk.tick(61)
    desk.hear(an_event(K.SILENT, 2, at_s=100), an_event(K.BACK, 2, at_s=200))
    desk.tick(2_000)

    assert desk.lines == [["camera cam-1 at North gate: went silent"]]


def test_back_of_what_was_told_is_told() -> None:
    """Who was sent need not go."""
    desk = Desk()
    desk.hear(an_event(K.SILENT))
    desk.tick(60)
    desk.hear(an_event(K.BACK, at_s=120))
    desk.tick(960)

    assert desk.lines[1] == ["camera cam-0 at North gate: is back"]


def test_kinds_can_be_switched_off() -> None:
    """By name; a name that is none is refused."""
    desk = Desk(kinds=("outage",))
    desk.hear(an_event(K.SILENT), an_event(K.FLAPPING))
    desk.tick(60)

    assert desk.told == []
    with pytest.raises(ValueError, match="no nonsense; there are back, "):
        NoticePolicy(kinds=("nonsense",))


def test_each_district_has_its_own_and_receivers_by_district() -> None:
    """A webhook is told which district it is; without an area it is the city's."""
    desk = Desk(receivers=("maintenance",))
    desk.hear(an_event(K.SILENT), an_event(K.NEVER_HEARD, 1, area=""))
    desk.tick(60)

    told = [(one.channel, one.receiver, one.area) for one in desk.told]
    assert told == [
        (Channel.FEED, "feed", CAMERAS[0].area),
        (Channel.WEBHOOK, f"maintenance:{DISTRICT}", CAMERAS[0].area),
        (Channel.FEED, "feed", ""),
        (Channel.WEBHOOK, "maintenance:city", ""),
    ]


def test_a_bundle_names_so_many_and_counts_the_rest() -> None:
    """And no place is in it."""
    desk = Desk(bundle_max=2)
    desk.hear(*(an_event(K.FLAPPING, k) for k in range(40)))
    desk.tick(60)

    (notice,) = desk.told
    assert (notice.body["events"], notice.body["more"], len(desk.lines[0])) == (40, 38, 2)
    assert "31.82" not in json.dumps(notice.body)


def test_every_kind_has_words() -> None:
    """English and Chinese."""
    desk = Desk(kinds=tuple(K), gather_s=0)
    for kind in K:
        desk.hear(an_event(kind, list(K).index(kind), scope="district:340104"))
    desk.tick(0)

    said = {line["kind"] for one in desk.told for line in one.body["lines"]}  # type: ignore[attr-defined]
    assert said == set(K)

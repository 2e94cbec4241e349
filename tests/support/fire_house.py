"""The live pipeline with two charging stations, a camera and a tracker: what it tells of fire."""

import msgspec

from alerts.engine import Engine
from alerts.model import AlertChange, Channel, Effects, Notice, NoticeKind
from alerts.notice_policy import NoticePolicy
from alerts.pipeline import Outcome, Pipeline, PipelineState
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.admission import Admission
from devices.control import (
    AnyControl,
    DeskVerdict,
    IncidentMoved,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    encode,
)
from devices.entry import Entry, EntryKind
from devices.fire import FirePolicy
from devices.health import Health
from devices.model import AdminState, Device, DeviceClass, Grid, Site
from devices.presence import PresencePolicy
from support.factories import ELAPSED0_MS, HOME, ROOT, T0_MS, a_device, a_vehicle, fix_bytes
from support.fakes import LatestColumns
from support.rates import thresholds

LONG_S = 3_600.0
GRID = "34010400100101"
SITE = Site(id="site-1", name="North gate", area="340104001001", lat_deg=HOME[0], lon_deg=HOME[1])
STATION = a_device(
    2, id="chg-000002", cls=DeviceClass.CHARGER, vehicle_id=None, site_id="site-1", name="Row A"
)
OTHER = a_device(3, id="chg-000003", cls=DeviceClass.CHARGER, vehicle_id=None, site_id="site-1")
CAMERA = a_device(4, id="cam-000004", cls=DeviceClass.CAMERA, vehicle_id=None, site_id="site-1")
NOWHERE = a_device(5, id="chg-000005", cls=DeviceClass.CHARGER, vehicle_id=None)
TRACKER = a_device(1)
_BOX = [[117.2, 31.8], [117.3, 31.8], [117.3, 31.9], [117.2, 31.9], [117.2, 31.8]]


class House:
    """Entries in, notices out; the clock is seconds after ``T0_MS``."""

    def __init__(self, fire: FirePolicy | None = None, notices: NoticePolicy | None = None) -> None:
        self._policies = fire or FirePolicy(), notices or NoticePolicy()
        self.latest = LatestColumns()
        self.pipeline = self._built()
        self.now_s = 0.0
        self.told: list[Notice] = []
        self.changes: list[AlertChange] = []
        self.opened: list[str] = []
        self.effects: list[Effects] = []
        self._seq = 0
        self.people(RegisterPlaces(
            at_ms=T0_MS,
            sites=[SITE],
            grids=[Grid(id=GRID, geometry={"type": "Polygon", "coordinates": [_BOX]})],
        ))  # fmt: skip
        self.people(RegisterVehicles(at_ms=T0_MS, vehicles=[a_vehicle()]))
        self.register(TRACKER, STATION, OTHER, CAMERA, NOWHERE)

    def _built(self) -> Pipeline:
        admission = Admission(ROOT)
        return Pipeline(
            admission=admission,
            health=Health(self.latest, PresencePolicy()),
            engine=Engine(
                admission.registry, DetectionPolicy(), DispatchPolicy(), thresholds=thresholds()
            ),
            fire=self._policies[0],
            notices=self._policies[1],
        )

    def restart(self) -> None:
        """Killed, and started from a checkpoint."""
        blob = msgspec.msgpack.encode(self.pipeline.dump())
        self.pipeline = self._built()
        self.pipeline.load(msgspec.msgpack.decode(blob, type=PipelineState))

    # -- what happens -------------------------------------------------------------------

    def register(self, *devices: Device) -> None:
        """As staff do."""
        self.people(RegisterDevices(at_ms=T0_MS, devices=list(devices)))

    def maintain(self, device: Device) -> None:
        """Staff say that it is being worked on."""
        self.register(msgspec.structs.replace(device, admin=AdminState.MAINTENANCE))

    def people(self, control: AnyControl) -> None:
        """A control entry of now."""
        self._take(EntryKind.CONTROL, 0, "", encode(control))

    def acknowledge(self, state: str = "acknowledged", outcome: str | None = None) -> None:
        """Somebody takes (or moves) the newest incident, through the API's control."""
        moved = IncidentMoved(
            at_ms=self._ms,
            by="wei",
            incident_id=self.opened[-1],
            alert_id=self.changes[-1].alert_id,
            state=state,
            outcome=outcome,
        )
        self.people(moved)

    def dismiss(self) -> None:
        """The desk says that it is none."""
        alert_id = self.changes[-1].alert_id
        self.people(DeskVerdict(at_ms=self._ms, by="li", alert_id=alert_id, verdict="dismiss"))

    def wait(self, seconds: float) -> None:
        """Let time pass, a tick every ten seconds; of hours every minute."""
        step_s = 60 if seconds >= LONG_S else 10
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            self._take(EntryKind.TICK, 1, "", b"")

    def status(
        self,
        *,
        smoke: bool | None = None,
        device: Device = STATION,
        ports: list[dict[str, object]] | None = None,
        at_s: float | None = None,
        flags: int = 0,
    ) -> None:
        """A station's word, measured at ``at_s`` (now)."""
        body: dict[str, object] = {"ports": ports or [{"n": 1, "state": "available"}]}
        if smoke is not None:
            body["smoke"] = smoke
        self.say("status", body, device=device, at_s=at_s, flags=flags)

    def event(
        self, type_: str, *, device: Device = STATION, at_s: float | None = None, **more: object
    ) -> None:
        """An event, numbered by what was said so far."""
        body = {"ev_id": f"e{self._seq}", "type": type_, **more}
        self.say("event", body, device=device, at_s=at_s)

    def say(
        self,
        channel: str,
        body: dict[str, object],
        *,
        device: Device = STATION,
        at_s: float | None = None,
        flags: int = 0,
    ) -> None:
        """A message of a device."""
        measured_s = self.now_s if at_s is None else at_s
        whole = {"v": 1, "t": T0_MS + round(measured_s * 1000), **body}
        topic = f"{ROOT}/up/{device.cls}/{device.id}/{channel}"
        self._take(EntryKind.MQTT, flags, topic, msgspec.json.encode(whole))

    def fix(self) -> None:
        """The tracker is where it is parked."""
        topic = f"{ROOT}/up/trk/{TRACKER.id}/fix"
        payload = fix_bytes(self.now_s, seq=self._seq)
        self._take(EntryKind.MQTT, 0, topic, payload)

    @property
    def _ms(self) -> int:
        return T0_MS + round(self.now_s * 1000)

    def _take(self, kind: EntryKind, flags: int, topic: str, payload: bytes) -> None:
        self._seq += 1
        elapsed_ms = ELAPSED0_MS + round(self.now_s * 1000)
        entry = Entry(self._seq, int(kind), self._ms, elapsed_ms, flags, topic, payload)
        outcome = Outcome()
        self.pipeline.step([entry], outcome)
        assert not outcome.refusals, outcome.refusals
        self._keep(outcome.effects)

    def _keep(self, effects: Effects) -> None:
        self.effects.append(effects)
        self.told += effects.notices
        self.changes += effects.alerts
        self.opened += [one.incident_id for one in effects.incidents]

    # -- what was told ------------------------------------------------------------------

    @property
    def fires(self) -> list[tuple[str, str]]:
        """Receiver and action of every webhook notice of a fire."""
        return [
            (one.receiver, one.action)
            for one in self.told
            if one.kind is NoticeKind.INCIDENT and one.channel is Channel.WEBHOOK
        ]

    @property
    def bodies(self) -> list[dict[str, object]]:
        """Bodies of the webhook notices of fires."""
        return [
            one.body
            for one in self.told
            if one.kind is NoticeKind.INCIDENT and one.channel is Channel.WEBHOOK
        ]

    @property
    def health(self) -> list[Notice]:
        """Health notices as the feed has them."""
        return [
            one
            for one in self.told
            if one.kind is NoticeKind.HEALTH_NOTICE and one.channel is Channel.FEED
        ]

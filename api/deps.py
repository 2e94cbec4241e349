"""What the app is made of: the services, the policy, and how a route gets at them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from alerts.desk import DeskPolicy
from alerts.policy import DispatchPolicy
from api.base_map import BaseMap
from api.bindings_port import BindingBook
from api.camera_port import CameraBook
from api.charging_port import ChargingBook
from api.desk_port import DeskBook
from api.explain_port import Explainer
from api.health_port import HealthBook
from api.login_policy import LoginPolicy
from api.map_port import MapBook
from api.ports import (
    Actions,
    AlertBook,
    CommandBook,
    DeviceBook,
    FeedBook,
    IncidentBook,
    LatestState,
    OutcomeBook,
    Registry,
    StatusSink,
    TokenBook,
    TrackStore,
    VehicleBook,
)
from api.quarantine_port import QuarantineBook
from api.system_rows import DeviceSecret, PartStatus
from api.user_port import UserBook
from devices.fire import FirePolicy

Clock = Callable[[], int]
"""Milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPolicy:
    """Bounds of the API.

    Attributes:
        timezone: Of the city: where its weeks begin.
        docs_open: ``/docs`` and ``/openapi.json`` without a token: only on a loopback listener.
        page_default: Rows of a page that asks for no number.
        page_max: Most rows a page may ask for.
        track_max_days: Longest track period, days.
        every_least_s: Shortest interval of a chart, seconds: twice ``project.parked_row_s`` or
            ``.status_row_s``. In a shorter one the rows would tell whether a vehicle was moved.
        track_lead_s: An officer sees a track from this long before the onset of the open
            incident. Source: decisions.md, Evidence (2 h).
        feed_poll_ms: The feed is tailed this often (decisions.md 7).
        live_poll_ms: Live positions are looked at this often.
        health_poll_ms: Changes of devices' health are looked for this often: they come once a
            second, at the journal's ticks.
        sse_queue: Events a slow stream reader may lag behind (reliability.md P22: 256).
        sse_send_s: ... and seconds one send may take (P22: 10 s).
        ping_s: A comment is sent on a stream this often, seconds.
        recheck_ms: A stream's token and vehicles are looked at this often; revocation ends a
            stream within this (reliability.md P32: 60 s).
        token_cache_ms: A token's answer is believed this long.
        body_max_bytes: Longest request body.
        body_max_s: A body that takes longer to arrive is given up, seconds (slow senders).
        parts: Parts that must be ready for ``/readyz``.
        status_max_ms: A status file older than this is no sign of life (15 s).
        status_every_ms: This process says how it is this often.
        stuck_ms: The feed was not read for so long: ``/livez`` says 503.
        map_hosts: Origins of the pages' base map; none: the pages ask nobody outside.
        base_map: What the pages draw below our own sites, grids and fences.
        desk: Who is to be called when nobody takes a theft; the desk's workload.
        fire: The same for fires, as the processor does it.
        login: How long sessions last, and what stops guessing of passwords.
        dispatch: What the processor does without an answer, told to owners.
    """

    timezone: str = "UTC"
    docs_open: bool = False
    page_default: int = 100
    page_max: int = 1000
    track_max_days: float = 31.0
    every_least_s: float = 600.0
    track_lead_s: float = 7200.0
    feed_poll_ms: float = 100.0
    live_poll_ms: float = 200.0
    health_poll_ms: float = 1000.0
    sse_queue: int = 256
    sse_send_s: float = 10.0
    ping_s: float = 15.0
    recheck_ms: float = 5000.0
    token_cache_ms: float = 5000.0
    body_max_bytes: int = 1_048_576
    body_max_s: float = 10.0
    parts: tuple[str, ...] = ("broker", "ingest", "process", "project", "dispatch", "api")
    status_max_ms: int = 15_000
    status_every_ms: float = 1000.0
    stuck_ms: int = 15_000
    map_hosts: tuple[str, ...] = ()
    base_map: BaseMap = field(default_factory=BaseMap)
    desk: DeskPolicy = field(default_factory=DeskPolicy)
    fire: FirePolicy = field(default_factory=FirePolicy)
    login: LoginPolicy = field(default_factory=LoginPolicy)
    dispatch: DispatchPolicy = field(default_factory=DispatchPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the app needs from outside, wired once.

    Attributes:
        now_ms: Wall clock, ms UTC.
        steady_ms: A clock that never steps, ms: ages of caches and loops.
        new_secret: Makes a device's password for the broker and its hash.
        statuses: Reads the status files of all parts, by part.
        link_keys: Keys of owners' links (``api.links``), the one that signs first.
        busy: Errors of the adapters that say "try again": answered 503, never a bug.
    """

    now_ms: Clock
    steady_ms: Clock
    policy: ApiPolicy
    tokens: TokenBook
    users: UserBook
    devices: DeviceBook
    health: HealthBook
    bindings: BindingBook
    cameras: CameraBook
    commands: CommandBook
    charging: ChargingBook
    vehicles: VehicleBook
    alerts: AlertBook
    explainer: Explainer
    incidents: IncidentBook
    outcomes: OutcomeBook
    desk: DeskBook
    maps: MapBook
    feed: FeedBook
    quarantine: QuarantineBook
    actions: Actions
    registry: Registry
    new_secret: Callable[[], DeviceSecret]
    telemetry: TrackStore
    latest: LatestState
    statuses: Callable[[], Mapping[str, PartStatus]]
    status: StatusSink
    link_keys: tuple[bytes, ...] = field(default=(), repr=False)
    busy: tuple[type[Exception], ...] = ()


async def services_of(request: Request) -> Services:
    """The services ``create_app`` was given (async, so that it costs no thread)."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101 - tells the type; app.py sets it
    return services


ServicesDep = Annotated[Services, Depends(services_of)]
"""A route's way to the services."""

"""The app, made by a factory: importing this opens nothing, reads nothing, starts nothing.

A request passes, from the outside in: headers of the answer, the pages (open to everybody), the
token, the body's limits, the route with its one permission, the scope in the stores' queries.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock
from typing import Any

from fastapi import FastAPI

from api import problems
from api.auth import Authenticate, Gate, refuse_open_routes
from api.deps import Services
from api.heartbeat import beat
from api.login import Door
from api.map_shelf import MapShelf
from api.middleware import BodyLimit, SecurityHeaders
from api.openapi import describe
from api.pages import Pages, read_pages
from api.roles import NOBODY
from api.routes import (
    alerts,
    availability,
    books,
    cameras,
    chargers,
    commands,
    desk,
    devices,
    docs,
    explanation,
    history,
    incidents,
    link,
    maps,
    operations,
    patrol,
    places,
    precision,
    quarantine,
    session,
    stream,
    swaps,
    tokens,
    tracks,
    vehicles,
    work,
)
from api.stream_hub import StreamHub
from devices.device_filter import DeviceFilter

ROUTERS = (
    devices.router,
    cameras.router,
    chargers.router,
    commands.router,
    swaps.router,
    history.router,
    availability.router,
    vehicles.router,
    work.router,
    tracks.router,
    places.router,
    maps.router,
    alerts.router,
    explanation.router,
    desk.router,
    precision.router,
    incidents.router,
    patrol.router,
    link.router,
    stream.router,
    quarantine.router,
    books.router,
    session.router,
    tokens.router,
    operations.router,
    docs.router,
)
"""Everything that is answered, in the order of the docs page."""


def create_app(services: Services) -> FastAPI:
    """Build the app on its services.

    Raises:
        RuntimeError: A route names no permission (default deny).
    """
    app = _routed()
    app.state.services = services
    app.state.gate = Gate(services)
    app.state.door = Door(services)
    app.state.hub = StreamHub(services)
    app.state.availability_turn = Lock()  # api.routes.availability
    app.state.map_shelf = MapShelf(services.maps)
    refuse_open_routes(app)
    problems.install(app, busy=services.busy)
    app.add_middleware(BodyLimit, policy=services.policy)
    app.add_middleware(Authenticate, gate=app.state.gate, services=services)
    app.add_middleware(Pages, pages=read_pages(), map_hosts=services.policy.map_hosts)
    app.add_middleware(SecurityHeaders)
    return app


def openapi_document() -> dict[str, Any]:
    """Give the OpenAPI document; it needs no services (the pages' client is made from it)."""
    return _routed().openapi()


def _routed() -> FastAPI:
    app = FastAPI(
        title="ParkGuard API",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_run_hub,
    )
    for router in ROUTERS:  # as they are: include_router would analyse every route once more
        app.router.routes.extend(router.routes)
    describe(app)
    return app


@asynccontextmanager
async def _run_hub(app: FastAPI) -> AsyncIterator[None]:
    """Tail the feed and tell our status while the app runs.

    When the hub dies of a bug its streams end, ``/livez`` says 503, and ``api.server.run`` ends
    the process with the error.
    """
    services: Services = app.state.services
    hub: StreamHub = app.state.hub
    await hub.start()
    tasks = [
        asyncio.create_task(hub.run(), name="stream_hub"),
        asyncio.create_task(beat(services, hub), name="heartbeat"),
    ]
    app.state.tasks = tasks
    try:
        await asyncio.to_thread(services.devices.find, NOBODY, DeviceFilter())  # reads them all
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

"""The doctor's look at what the pages need from outside: their own address, a base map's host."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from parkguard.doctor import Finding, Grade, Patient
from parkguard.wiring.owner_links import OWNERS

WITHIN_S = 5.0
"""A host that does not answer so long leaves a map empty too long."""
FIRST_BYTES = 7
"""Of a PMTiles file. Source: PMTiles version 3, 3: it begins with its own name."""
BASE_MAP, OWNER_LINKS = "base_map", "owner_links"


def check_owner_links(patient: Patient) -> Iterator[Finding]:
    """Whether owners, if links are sent to them, can open these from outside."""
    settings = patient.settings
    if OWNERS not in settings.dispatch.webhooks:
        return
    if root := settings.web.public_url:
        yield Finding(check=OWNER_LINKS, grade=Grade.OK, found=f"begin with {root}")
        return
    yield Finding(
        check=OWNER_LINKS,
        grade=Grade.WARN,
        found=f"begin with http://{settings.api.host}:{settings.api.port}, of this machine alone",
        todo="set web.public_url to where owners reach the pages (docs/dispatch.md)",
    )


async def check_base_map(patient: Patient) -> Finding:
    """Ask the base map's host as a browser does, from this machine."""
    base = patient.settings.web.map
    if base.kind == "none":
        return Finding(check=BASE_MAP, grade=Grade.OK, found="none: our own places are the map")
    if base.url.startswith("/"):
        return Finding(check=BASE_MAP, grade=Grade.OK, found=f"{base.url}, of the proxy before us")
    url = base.url
    for place in ("{z}", "{x}", "{y}"):
        url = url.replace(place, "0")
    headers = {"Origin": _origin(patient)}
    if base.kind == "pmtiles":
        headers["Range"] = f"bytes=0-{FIRST_BYTES - 1}"
    try:
        async with (
            httpx.AsyncClient(timeout=WITHIN_S, trust_env=False) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            fault = _fault_of(answer, base.kind, headers["Origin"])
    except httpx.HTTPError as exc:
        fault = (f"does not answer: {exc or type(exc).__name__}", "see whether it runs")
    host = urlsplit(url).netloc  # the rest may hold a key
    if fault is None:
        return Finding(check=BASE_MAP, grade=Grade.OK, found=f"{base.kind} of {host}")
    found, todo = fault
    return Finding(
        check=BASE_MAP,
        grade=Grade.WARN,
        found=f"{host} {found}",
        todo=f"{todo}; a browser elsewhere may see it differently (docs/map.md)",
    )


def _origin(patient: Patient) -> str:
    """Of the pages, as browsers tell it to the base map's host."""
    api, parts = patient.settings.api, urlsplit(patient.settings.web.public_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme else f"http://{api.host}:{api.port}"


def _fault_of(answer: httpx.Response, kind: str, origin: str) -> tuple[str, str] | None:
    """What is wrong with an answer, and what to do about it."""
    status = answer.status_code
    if kind == "raster" and status == httpx.codes.NOT_FOUND:
        return None  # it has no tile of the whole world, but it answers
    if status >= httpx.codes.BAD_REQUEST:
        return f"says {status}", "see web.map.url, and whether a key in it is valid"
    if kind == "pmtiles" and status != httpx.codes.PARTIAL_CONTENT:
        return "gives no part of the file", "let it answer HTTP ranges (206)"
    if answer.headers.get("access-control-allow-origin") not in {"*", origin}:
        return "lets no other origin in", f"let it answer Access-Control-Allow-Origin to {origin}"
    return None

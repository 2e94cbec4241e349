"""The pages of ``web/``: static files below ``/app/``, for everybody, under a strict policy.

They hold no data: what they show comes from the API, which asks who looks. The folder is read
once, at the start; a file is packed the first time somebody asks for it.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(__file__).parent / "pages"
"""Where the build of ``web/`` writes to (vite.config.ts); the wheel brings it along."""
ROOT = "/app/"
INDEX = "index.html"
ASSETS = "assets/"
"""Files whose name holds a hash of what is in them: kept by the browser for ever."""
KEPT = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
PACKED = ("text/", "application/json", "application/manifest", "image/svg")
PACK_LEVEL = 9
MISSING = "The pages are not built. Run: make web\n"
TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".webmanifest": "application/manifest+json",
}
"""What a machine's own table may say otherwise."""


def pages_policy(map_hosts: tuple[str, ...] = ()) -> str:
    """Write the content security policy: only our own files and the base map's hosts.

    Args:
        map_hosts: Origins of the base map (``https://tiles.example``); none: no outside request.
    """
    hosts = "".join(f" {host}" for host in map_hosts)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data: blob:{hosts}; font-src 'self'; connect-src 'self'{hosts}; "
        "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


@dataclass(frozen=True)
class Page:
    """One file.

    Attributes:
        name: Its path below the folder.
        body: Its bytes.
    """

    name: str
    body: bytes

    @cached_property
    def packed(self) -> bytes | None:
        """By gzip; None where that gains nothing."""
        return gzip.compress(self.body, PACK_LEVEL, mtime=0) if self.is_text else None

    @cached_property
    def tag(self) -> str:
        """The ``ETag``."""
        return f'W/"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'

    @cached_property
    def media_type(self) -> str:
        """What it is."""
        known = TYPES.get(Path(self.name).suffix) or mimetypes.guess_type(self.name)[0]
        return known or "application/octet-stream"

    @property
    def is_text(self) -> bool:
        """Whether packing pays."""
        return self.media_type.startswith(PACKED)


def read_pages(folder: Path = FOLDER) -> dict[str, Page]:
    """Read the built pages by name; none when they were not built."""
    return {
        name: Page(name, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for name in [path.relative_to(folder).as_posix()]
    }


class Pages:
    """ASGI layer: answers ``/`` and ``/app/...``; everything else goes on to the API.

    Args:
        app: What comes after.
        pages: ``read_pages()``.
        map_hosts: See ``pages_policy``.
    """

    def __init__(
        self, app: ASGIApp, *, pages: dict[str, Page], map_hosts: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._pages = pages
        self._policy = pages_policy(map_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path in {"/", "/app"} or path.startswith(ROOT)):
            await self._app(scope, receive, send)
            return
        await self._answer(scope, path)(scope, receive, send)

    def _answer(self, scope: Scope, path: str) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("GET only\n", 405, headers={"Allow": "GET, HEAD"})
        if not path.startswith(ROOT):
            return RedirectResponse(ROOT)
        if not self._pages:
            return PlainTextResponse(MISSING, 503)
        name = path.removeprefix(ROOT)
        page = self._pages.get(name)
        if page is None and "." not in name.rpartition("/")[2]:
            page = self._pages.get(INDEX)  # an address of the router in the browser
        if page is None:
            return PlainTextResponse("There is no such file.\n", 404)
        return self._give(page, Headers(scope=scope))

    def _give(self, page: Page, asked: Headers) -> Response:
        headers = {
            "ETag": page.tag,
            "Cache-Control": KEPT if page.name.startswith(ASSETS) else ASKED_AGAIN,
            "Content-Security-Policy": self._policy,
            "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
            "Vary": "Accept-Encoding",
        }
        if page.tag in asked.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        packed = page.packed if "gzip" in asked.get("accept-encoding", "") else None
        if packed is not None:
            headers["Content-Encoding"] = "gzip"
        body = page.body if packed is None else packed
        return Response(body, media_type=page.media_type, headers=headers)

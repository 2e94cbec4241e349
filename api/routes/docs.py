"""The docs page, without any outside host, and the OpenAPI document it reads."""

from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from api.asking import not_found
from api.auth import Requires
from api.roles import Permission, Principal

router = APIRouter(include_in_schema=False)

Reader = Annotated[Principal, Depends(Requires(Permission.DOCS))]

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
"""Files of Swagger UI that the package ``fastapi-offline`` brings (MIT; a copy, no CDN)."""

START = """\
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "openapi.json",
    validatorUrl: null,
    dom_id: "#swagger-ui",
    deepLinking: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
  });
});
"""

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ParkGuard API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Only our own files; Swagger UI sets styles of its own."""


@cache
def _asset(name: str) -> bytes:
    return files("fastapi_offline").joinpath("static", name).read_bytes()


@router.get("/docs")
def docs_page(_principal: Reader) -> HTMLResponse:
    """Show the API in the browser."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": DOCS_POLICY})


@router.get("/docs/{name}")
def docs_file(name: str, _principal: Reader) -> Response:
    """Give a file of the docs page."""
    if name == "start.js":
        return Response(START, media_type="text/javascript; charset=utf-8")
    if name not in ASSETS:
        not_found()
    return Response(_asset(name), media_type=ASSETS[name], headers={"Cache-Control": "private"})


@router.get("/openapi.json")
def openapi(request: Request, _principal: Reader) -> JSONResponse:
    """Give the OpenAPI document."""
    return JSONResponse(request.app.openapi())

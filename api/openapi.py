"""What the OpenAPI document says besides the routes: the token, the problems every route has."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from api.auth import ANONYMOUS, permission_of
from api.cookies import COOKIE
from api.problems import MEDIA_TYPE
from api.roles import PERMISSIONS, Permission

INTRODUCTION = """\
Anti-theft platform of a city. Every call needs `Authorization: Bearer pgt_...`, or the cookie of
a session from one of our own pages (only `/livez` and logging in do not). Errors are
`application/problem+json` (RFC 9457). What is outside your area, or not your vehicle, does not
exist for you (404).
"""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["not_found"]},
        "detail": {"type": "string"},
    },
}
"""Members every problem has; some have more (``errors``, ``assignee``, ``allowed`` ...)."""

_METHODS = frozenset({"get", "post", "put", "delete", "patch"})


def describe(app: FastAPI) -> None:
    """Make ``app.openapi()`` give the document with token, roles and problems, made once."""
    kept: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not kept:
            kept.update(_document(app))
        return kept

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def roles_of(permission: Permission) -> list[str]:
    """Roles that have a permission, in the table's order."""
    return [role.value for role, held in PERMISSIONS.items() if permission in held]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=INTRODUCTION, routes=app.routes
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = {
        "description": "Problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in _METHODS:
                continue
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = problem
            if (method.upper(), path) not in ANONYMOUS:
                operation["security"] = [{"token": []}, {"session": []}]
    _say_roles(app, document)
    return document


def _say_roles(app: FastAPI, document: dict[str, Any]) -> None:
    """Write the roles that may call an operation below its description."""
    for route in iter_route_contexts(app.routes):
        permission = permission_of(route)
        for method in route.methods or ():
            operation = document["paths"].get(route.path, {}).get(method.lower())
            if operation is not None and permission is not None:
                roles = ", ".join(roles_of(permission))
                operation["description"] = f"{operation.get('description', '')}\n\nRoles: {roles}"

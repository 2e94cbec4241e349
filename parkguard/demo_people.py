"""Who may log in to the demo's pages: one of each kind, with passwords made anew each time."""

from dataclasses import dataclass

import sqlalchemy as sa

from api.passwords import hash_password, new_password
from api.roles import Role
from parkguard.clock import wall_ms
from parkguard.first_start import secrets_dir
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings
from stores.queries_users import UserQueries

PEOPLE = (
    ("officer", Role.OFFICER, "Wang Li"),
    ("desk", Role.DESK, "Chen Jing"),
    ("staff", Role.OPERATOR, "Zhao Min"),
    ("chief", Role.ADMIN, "Liu Yang"),
)
"""Name, role, and as others read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How to log in as somebody."""

    name: str
    password: str


def let_people_in(engine: sa.Engine, settings: Settings) -> list[Login]:
    """Add them, for the whole city; each password is kept in ``secrets/login_NAME``."""
    book, logins = UserQueries(engine), []
    for name, role, display in PEOPLE:
        file = f"login_{name}"
        password = ensure_secret(secrets_dir(settings), file, make=new_password).value
        book.add(
            name=name,
            display=display,
            role=role.value,
            areas=[""],
            owner_id=None,
            language="",
            password_hash=hash_password(password),
            audit=(wall_ms(), "demo", Role.ADMIN.value, "user_added", f"user:{name}", ""),
        )
        logins.append(Login(name=name, password=password))
    return logins

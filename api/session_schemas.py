"""Logging in, and who is logged in."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from api.bodies import Body
from api.login_policy import PASSWORD_MAX_CHARS
from api.roles import Permission, Role
from api.schemas import Answer


class LoginIn(Body):
    """Who wants in."""

    name: Annotated[str, Field(min_length=1, max_length=64, examples=["officer"])]
    password: Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX_CHARS)]

    @field_validator("name")
    @classmethod
    def plain_name(cls, name: str) -> str:
        """Take a name as people type it."""
        return name.strip().lower()


class LoggedInOut(Answer):
    """Who is logged in, and what they may do."""

    name: str = Field(examples=["officer"])
    display: str = Field(examples=["Wang Li"], description="As others read it")
    role: Role
    areas: list[str]
    permissions: list[Permission] = Field(description="Ascending")
    language: Literal["zh", "en"] | None = Field(description="null: as the browser says")
    expires_ms: int | None = Field(description="When it ends; null for a token that does not")

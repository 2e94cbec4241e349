"""``parkguard users``: people who log in to the pages."""

import re
import sys
from typing import Annotated, Literal

import typer

from api.login_policy import LoginPolicy, fault_of
from api.passwords import hash_password, new_password
from api.roles import AREA_ROLES, Role
from parkguard.cli_shared import (
    CommandError,
    Json,
    audit_row,
    complain,
    print_json,
    print_rows,
    records_of,
    settings_of,
)
from parkguard.clock import wall_ms
from stores.queries_users import UserQueries, UserRow

PEOPLE = AREA_ROLES | {Role.OWNER}
"""Roles of people; machines and links have tokens."""
PAGE = 10_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_AREA = re.compile(r"[0-9]{0,14}")
_WORDS_MAX = 64
"""Longest display name or owner: the width of their columns."""

users_app = typer.Typer(no_args_is_help=True, help="People who log in: add, list, change, disable.")

Name = Annotated[str, typer.Argument(help="By which they log in: a-z 0-9 . _ -")]
Areas = Annotated[
    list[str] | None, typer.Option("--area", help='Area prefix; repeat; "" is the whole city')
]
Owner = Annotated[str | None, typer.Option(help="Whose vehicles (role owner)")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a random one, shown once")]


@users_app.command(
    epilog="Examples: parkguard users add wang --role officer --area 340104 --display 'Wang Li' · "
    "parkguard users add chief --role admin --area '' --generate"
)
def add(
    ctx: typer.Context,
    name: Name,
    *,
    role: Annotated[Role, typer.Option(help="What they may do")],
    area: Areas = None,
    owner: Owner = None,
    display: Annotated[str, typer.Option(help="As others read it; default: the name")] = "",
    language: Annotated[
        Literal["zh", "en"] | None, typer.Option(help="Of the pages; default: the browser's")
    ] = None,
    password_stdin: Stdin = False,
    generate: Generate = False,
    as_json: Json = False,
) -> None:
    """Add somebody. The password is asked for (hidden), read from stdin, or made and shown once."""
    _check(name, role, area, owner)
    if len(display) > _WORDS_MAX or not display.isprintable():
        raise typer.BadParameter(f"--display has at most {_WORDS_MAX} printable characters")
    password = _password(ctx, name, password_stdin=password_stdin, generate=generate)
    with records_of(ctx) as engine:
        added = UserQueries(engine).add(
            name=name,
            display=display or name,
            role=role.value,
            areas=area or [],
            owner_id=owner,
            language=language or "",
            password_hash=hash_password(password),
            audit=audit_row("user_added", f"user:{name}", wall_ms()),
        )
    if not added:
        raise CommandError(f"there is a user {name} already: see `parkguard users list`")
    _tell(name, {"role": role.value}, password if generate else None, as_json=as_json)


@users_app.command("list", epilog="Example: parkguard users list --json")
def list_users(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List people by name."""
    with records_of(ctx) as engine:
        found = UserQueries(engine).page(after="", limit=PAGE)
    now_ms = wall_ms()
    if as_json:
        print_json([_plain(user, now_ms) for user in found])
        return
    rows = [_plain(user, now_ms) for user in found]
    for row, user in zip(rows, found, strict=True):
        row["areas"] = ", ".join(area or "all" for area in user.areas)
    print_rows(rows, title=f"{len(found)} users")


@users_app.command(
    epilog="Examples: parkguard users password wang · parkguard users password wang --generate"
)
def password(
    ctx: typer.Context,
    name: Name,
    *,
    password_stdin: Stdin = False,
    generate: Generate = False,
    as_json: Json = False,
) -> None:
    """Give another password. Every session ends within seconds; a wait for wrong ones is over."""
    with records_of(ctx) as engine:
        book = UserQueries(engine)
        _known(book, name)
        plain = _password(ctx, name, password_stdin=password_stdin, generate=generate)
        audit = audit_row("password_changed", f"user:{name}", wall_ms())
        book.set_password(name, hash_password(plain), audit=audit)
    _tell(name, {"password": "changed"}, plain if generate else None, as_json=as_json)


@users_app.command(epilog="Example: parkguard users role wang --role desk --area 340104")
def role(
    ctx: typer.Context,
    name: Name,
    *,
    role: Annotated[Role, typer.Option(help="What they may do from now on")],
    area: Areas = None,
    owner: Owner = None,
    as_json: Json = False,
) -> None:
    """Give another role and other areas. Every session ends within seconds."""
    _check(name, role, area, owner)
    with records_of(ctx) as engine:
        book = UserQueries(engine)
        _known(book, name)
        audit = audit_row("role_changed", f"user:{name}", wall_ms())
        book.set_role(name, role.value, area or [], owner, audit=audit)
    _tell(name, {"role": role.value}, None, as_json=as_json)


@users_app.command(epilog="Example: parkguard users disable wang")
def disable(ctx: typer.Context, name: Name, *, as_json: Json = False) -> None:
    """Let nobody in by this name; every session ends within seconds. The name stays taken."""
    with records_of(ctx) as engine:
        book = UserQueries(engine)
        _known(book, name)
        book.disable(name, audit=audit_row("user_disabled", f"user:{name}", wall_ms()))
    _tell(name, {"state": "disabled"}, None, as_json=as_json)


@users_app.command(epilog="Example: parkguard users enable wang")
def enable(ctx: typer.Context, name: Name, *, as_json: Json = False) -> None:
    """Let a disabled person in again, and one that waits for wrong passwords at once."""
    with records_of(ctx) as engine:
        book = UserQueries(engine)
        _known(book, name)
        book.enable(name, audit=audit_row("user_enabled", f"user:{name}", wall_ms()))
    _tell(name, {"state": "active"}, None, as_json=as_json)


def _check(name: str, role: Role, area: list[str] | None, owner: str | None) -> None:
    """Refuse what could not log in, or would see nothing."""
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("a name has 1 to 64 of a-z 0-9 . _ - and begins with a-z or 0-9")
    if role not in PEOPLE:
        raise typer.BadParameter(f"--role {role} is of machines: see `parkguard tokens add`")
    if (role is Role.OWNER) is (owner is None):
        raise typer.BadParameter("--owner belongs to --role owner, and that role needs it")
    if len(owner or "") > _WORDS_MAX:
        raise typer.BadParameter(f"--owner has at most {_WORDS_MAX} characters")
    if role in AREA_ROLES and not area:
        raise typer.BadParameter(f"role {role} sees nothing without --area; '' is the whole city")
    if wrong := [one for one in area or () if not _AREA.fullmatch(one)]:
        raise typer.BadParameter(f"--area {wrong[0]!r}: digits, the beginning of a grid's code")


def _known(book: UserQueries, name: str) -> UserRow:
    user = book.one(name)
    if user is None:
        raise CommandError(f"there is no user {name}: see `parkguard users list`")
    return user


def _password(ctx: typer.Context, name: str, *, password_stdin: bool, generate: bool) -> str:
    """The password as it was asked for; one that may not be chosen ends the command."""
    if password_stdin and generate:
        raise typer.BadParameter("--password-stdin and --generate exclude each other")
    if generate:
        return new_password()
    if password_stdin:
        plain = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        plain = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise typer.BadParameter("nobody can be asked here: use --password-stdin or --generate")
    policy: LoginPolicy = settings_of(ctx).login
    if fault := fault_of(plain, name, policy):
        raise CommandError(fault)
    return plain


def _plain(user: UserRow, now_ms: int) -> dict[str, object]:
    """A person without the hash."""
    return {
        "name": user.name,
        "display": user.display,
        "role": user.role,
        "areas": user.areas,
        "owner": user.owner_id or "",
        "state": _state(user, now_ms),
    }


def _state(user: UserRow, now_ms: int) -> str:
    if user.disabled_ms is not None:
        return "disabled"
    return "waits" if user.locked_until_ms > now_ms else "active"


def _tell(name: str, what: dict[str, str], made: str | None, *, as_json: bool) -> None:
    shown = {"name": name, **what} | ({} if made is None else {"password": made})
    if as_json:
        print_json(shown)
    elif made is not None:
        print_rows([shown], title="shown once")
    else:
        complain(" ".join((name, *(f"{key} {value}" for key, value in what.items()))))

"""Every setting as a table: the effective ones for people, all of them for docs/settings.md."""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, dataclass
from pathlib import Path

import msgspec
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from parkguard.settings import CONFIG_VARIABLE, Settings

_ATTRIBUTE = re.compile(r"(\w+): (.+)")

_HEAD = f"""# Settings

Made by `parkguard settings --markdown`; a test holds it equal. First wins: environment
(`PARKGUARD_BROKER__PORT=1884`), `.env`, `parkguard.toml` (or the file named by
`{CONFIG_VARIABLE}`), the default here. All faults are reported at once, exit code 2. Secrets are no
settings: they are files in `data_dir/secrets` (docs/operate.md).

```toml
# parkguard.toml
data_dir = "/var/lib/parkguard"
[broker]
tls_cert = "/etc/parkguard/cert.pem"
tls_key = "/etc/parkguard/key.pem"
```
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One setting.

    Attributes:
        path: Sections and name.
        kind: Type in words.
        default: As text; "" when it must be given.
        text: What it means, with its unit.
    """

    path: tuple[str, ...]
    kind: str
    default: str
    text: str

    @property
    def name(self) -> str:
        """Name in TOML, with dots."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """Name in the environment."""
        return "PARKGUARD_" + "__".join(part.upper() for part in self.path)


def list_settings() -> tuple[SettingRow, ...]:
    """Give every setting there is, in the order of ``parkguard.settings``."""
    return tuple(_rows(Settings, ()))


def format_markdown() -> str:
    """Give the text of docs/settings.md."""
    lines = [_HEAD]
    section: str | None = None
    for row in list_settings():
        here = row.path[0] if len(row.path) > 1 else ""
        if here != section:
            section = here
            lines += [
                f"\n## {here or 'General'}\n",
                "| setting | default | meaning | variable |",
                "|---|---|---|---|",
            ]
        default = f"`{row.default}`" if row.default else "(none)"
        lines.append(f"| `{row.name}` {row.kind} | {default} | {row.text} | `{row.variable}` |")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def effective(settings: Settings) -> list[dict[str, object]]:
    """Give name, value and variable of every setting in effect."""
    return [
        {"setting": row.name, "value": _value(settings, row.path), "variable": row.variable}
        for row in list_settings()
        if "NAME" not in row.path
    ]


def _value(settings: object, path: tuple[str, ...]) -> object:
    for name in path:
        settings = getattr(settings, name)
    return settings


def _rows(model: type, path: tuple[str, ...]) -> Iterator[SettingRow]:
    for name, kind, default, text in _fields(model):
        here = (*path, name)
        inner = _section(kind)
        if inner is not None:
            yield from _rows(inner, here)
            continue
        yield SettingRow(path=here, kind=_words(kind), default=_text(default), text=text)
        entry = _entry(kind)
        if entry is not None:
            yield from _rows(entry, (*here, "NAME"))


def _fields(model: type) -> Iterator[tuple[str, object, object, str]]:
    """Name, type, default and meaning; of a dataclass the meaning stands in its docstring."""
    if issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            yield (
                name,
                field.annotation,
                field.get_default(call_default_factory=True),
                (field.description or ""),
            )
        return
    if not dataclasses.is_dataclass(model):
        raise TypeError(f"{model} is no section of settings")
    said = _attributes(inspect.getdoc(model) or "")
    hints = typing.get_type_hints(model)
    for item in dataclasses.fields(model):
        made = item.default_factory
        default = item.default if made is MISSING else made()
        yield item.name, hints[item.name], default, said.get(item.name, "")


def _attributes(docstring: str) -> dict[str, str]:
    """The ``Attributes:`` of a Google docstring, each on one line."""
    found: dict[str, str] = {}
    name = ""
    for line in docstring.partition("Attributes:\n")[2].splitlines():
        start = _ATTRIBUTE.fullmatch(line.strip()) if not line.startswith(" " * 8) else None
        if start is not None:
            name = start[1]
            found[name] = start[2]
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


def _section(kind: object) -> type | None:
    is_section = isinstance(kind, type) and (
        issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind)
    )
    return kind if is_section and isinstance(kind, type) else None


def _entry(kind: object) -> type | None:
    """The section in a ``dict[str, Section]``."""
    arguments = typing.get_args(kind)
    return _section(arguments[-1]) if typing.get_origin(kind) is dict else None


def _words(kind: object) -> str:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return "one of " + ", ".join(str(argument) for argument in arguments)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_words(argument) for argument in arguments if argument is not type(None))
    if origin is list:
        return "list"
    if origin is dict:
        return "table by NAME"
    names = {"int": "whole number", "float": "number", "str": "text", "bool": "true or false"}
    name = getattr(kind, "__name__", str(kind))
    return "path" if kind is Path else names.get(name, name)


def _text(default: object) -> str:
    if default is None or default is PydanticUndefined or default in ({}, [], ""):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, dict | tuple | list):
        return msgspec.json.encode(default).decode()
    return str(default)

"""Lists of policies out of the environment: pydantic-settings reads those of its models only."""

import typing
from collections.abc import Mapping
from dataclasses import is_dataclass

import msgspec


def with_lists(kinds: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """``values`` with the lists in policy dataclasses decoded, where they came as JSON text.

    What is no JSON stays as it is: the check of the types says what is wrong with it.

    Args:
        kinds: Types by name; names that are not in it, and other types, pass unchanged.
        values: As the environment or a file has them.
    """
    return {name: _read(kinds.get(name), value) for name, value in values.items()}


def _read(kind: object, value: object) -> object:
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, Mapping):
        return with_lists(typing.get_type_hints(kind), value)
    if typing.get_origin(kind) is tuple and isinstance(value, str):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value

"""``--set section.key=value``: settings by dotted path, checked like all settings."""

import difflib
from collections.abc import Sequence

import msgspec
from pydantic import ValidationError

from parkguard.settings import Settings, SettingsError


def overridden(settings: Settings, assignments: Sequence[str]) -> Settings:
    """``settings`` with these changes.

    Raises:
        SettingsError: One line per fault: no such setting (with the nearest names), no value, or
            a value that may not be.
    """
    values = settings.model_dump()
    faults = [fault for assignment in assignments if (fault := _assign(values, assignment))]
    if faults:
        raise SettingsError(faults)
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        raise SettingsError(
            [
                f"--set {'.'.join(map(str, error['loc']))}: {error['msg']}{_given(error['input'])}"
                for error in exc.errors()
            ]
        ) from exc


def _given(value: object) -> str:
    """What was given instead; a whole section says by itself which value it does not like."""
    return "" if isinstance(value, dict) else f", not {value!r}"


def _assign(values: dict[str, object], assignment: str) -> str:
    path, equals, text = assignment.partition("=")
    if not equals:
        return f"--set {assignment}: write section.key=value"
    *sections, key = path.strip().split(".")
    place: object = values
    for section in sections:
        place = place.get(section) if isinstance(place, dict) else None
    if not isinstance(place, dict) or key not in place or isinstance(place[key], dict):
        near = difflib.get_close_matches(path, list(_paths(values)), n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"--set {path}: there is no such setting{hint} (see parkguard settings)"
    place[key] = _value(text.strip())
    return ""


def _value(text: str) -> object:
    """JSON where it is some, else the text itself."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _paths(values: dict[str, object], before: str = "") -> list[str]:
    paths: list[str] = []
    for name, value in values.items():
        if isinstance(value, dict) and value:
            paths += _paths(value, f"{before}{name}.")
        else:
            paths.append(f"{before}{name}")
    return paths

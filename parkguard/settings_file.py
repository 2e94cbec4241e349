"""Effective settings as one JSON file, so that every part of one ``up`` sees the same.

It holds no secret: secrets are files of their own.
"""

from pathlib import Path

import msgspec
from pydantic import ValidationError

from parkguard.private_files import write_private
from parkguard.settings import Settings, SettingsError, load_settings


def write_settings(settings: Settings, path: Path) -> None:
    """Write every setting, defaults included."""
    write_private(path, settings.model_dump_json(indent=2).encode())


def read_settings(path: Path | None) -> Settings:
    """Read settings from the file, or from environment, ``.env`` and TOML when there is none.

    Raises:
        SettingsError: Every fault; or the file is missing or no JSON object.
    """
    if path is None:
        return load_settings()
    try:
        values = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError) as exc:
        raise SettingsError([f"--settings {path}: {exc}"]) from exc
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        raise SettingsError([f"--settings {path}: {exc}"]) from exc

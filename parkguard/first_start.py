"""What must be there before any part starts: secrets, tables, the first token, ports.

Idempotent: a second start finds everything and changes nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from api.tokens import new_token
from parkguard.adapters import check_adapters, secret_names
from parkguard.broker import check_broker_settings, choose_kind
from parkguard.clock import wall_ms
from parkguard.ports import resolve_ports, write_ports
from parkguard.private_files import ensure_data_dir, ensure_private_dir
from parkguard.records import ensure_admin_token, open_migrated
from parkguard.secret_files import Secret, ensure_secret
from parkguard.settings import Settings, WebhookTarget
from parkguard.settings_file import write_settings

ADMIN_TOKEN_FILE = "admin_token"  # noqa: S105 - a file's name
LINK_KEY_FILE = "owner_link.key"
OLD_LINK_KEY_FILE = "owner_link.old.key"
"""The key before, kept by hand while its links are still out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the parts start from.

    Attributes:
        settings: With every port 0 replaced by a free one.
        settings_file: The same as JSON, for ``parkguard --settings``.
        created: Secret files made just now.
    """

    settings: Settings
    settings_file: Path
    created: tuple[Path, ...]


def secrets_dir(settings: Settings) -> Path:
    """Where the secret files are."""
    return settings.data_dir / "secrets"


def webhook_key_path(settings: Settings, name: str, target: WebhookTarget) -> Path:
    """Where the HMAC key of one webhook is."""
    if target.key_file:
        return Path(target.key_file)
    return secrets_dir(settings) / f"webhook_{name}.key"


def prepare(settings: Settings) -> Prepared:
    """Make what is missing and check what is there.

    Raises:
        SettingsError: Settings that could not work together.
        SecretRefused: A secret that is empty, weak, or readable by others.
    """
    check_broker_settings(settings.broker)
    check_adapters(settings)
    choose_kind(settings.broker)
    run_dir = settings.data_dir / "run"
    ensure_data_dir(settings.data_dir)
    ensure_private_dir(run_dir)
    created = _ensure_secrets(settings)
    token = ensure_secret(secrets_dir(settings), ADMIN_TOKEN_FILE, make=lambda: new_token().plain)
    engine = open_migrated(settings)
    try:
        ensure_admin_token(engine, token.value, at_ms=wall_ms())
    finally:
        engine.dispose()
    if token.created:
        created.append(secrets_dir(settings) / ADMIN_TOKEN_FILE)
    resolved = resolve_ports(settings)
    write_ports(resolved, run_dir)
    settings_file = run_dir / "settings.json"
    write_settings(resolved, settings_file)
    return Prepared(
        settings=resolved, settings_file=settings_file.resolve(), created=tuple(created)
    )


def _ensure_secrets(settings: Settings) -> list[Path]:
    """Every secret but the first token; gives the files made just now."""
    paths = [secrets_dir(settings) / name for name in secret_names(settings.adapters).values()]
    paths += [
        webhook_key_path(settings, name, target)
        for name, target in settings.dispatch.webhooks.items()
    ]
    paths.append(secrets_dir(settings) / LINK_KEY_FILE)
    made: dict[Path, Secret] = {path: ensure_secret(path.parent, path.name) for path in paths}
    return [path for path, secret in made.items() if secret.created]

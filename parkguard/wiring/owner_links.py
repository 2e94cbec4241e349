"""Owners' signed links: their keys, and the address that is told to owners only."""

from collections.abc import Mapping

from alerts.delivery.model import DueNotice
from alerts.delivery.webhook import Extra
from api.links import Link, make_link
from parkguard.first_start import LINK_KEY_FILE, OLD_LINK_KEY_FILE, secrets_dir
from parkguard.secret_files import ensure_secret, read_secret
from parkguard.settings import Settings

OWNERS = "owner"
"""The webhook, and the audience of notices, that get a link."""


def link_keys(settings: Settings) -> tuple[bytes, ...]:
    """Give the key that signs, and the one before it if it is still there.

    Raises:
        SecretRefused: A key that is weak or readable by others.
    """
    folder = secrets_dir(settings)
    keys = [ensure_secret(folder, LINK_KEY_FILE).value.encode()]
    if (folder / OLD_LINK_KEY_FILE).exists():
        keys.append(read_secret(folder, OLD_LINK_KEY_FILE).encode())
    return tuple(keys)


def answer_url(settings: Settings) -> Extra:
    """Give what adds ``answer_url`` to an owner's notice.

    Every attempt has the same address. It ends ``web.link_hours`` after the cause was received:
    that of the first notice of an alert raised it.
    """
    api, root = settings.api, settings.web.public_url.rstrip("/")
    root = root or f"http://{f'[{api.host}]' if ':' in api.host else api.host}:{api.port}"
    key, valid_s = link_keys(settings)[0], round(settings.web.link_hours * 3600)

    def more(notice: DueNotice) -> Mapping[str, str]:
        if notice.audience != OWNERS:
            return {}
        link = Link(
            alert_id=notice.alert_id,
            contact=notice.receiver.partition(":")[2],
            expires_s=notice.caused_recv_ms // 1000 + valid_s,
        )
        return {"answer_url": f"{root}/app/owner#{make_link(key, link)}"}

    return more

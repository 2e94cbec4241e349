"""mosquitto's files and start command, all made from settings, secrets and the registry."""

import ipaddress
import shutil
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import structlog

from devices.topics import DEVICE_ID, OUR_PREFIX
from parkguard.broker_account import Account
from parkguard.broker_persistence import KEPT_FILE, PERSISTENCE_FILE
from parkguard.broker_rules import NO_FOREIGN, build_rules, format_acl
from parkguard.passwords import hash_password
from parkguard.private_files import ensure_private_dir, write_private
from parkguard.secret_files import ensure_secret
from parkguard.settings import BrokerSettings, SettingsError

_log = structlog.get_logger()

CONF_FILE = "mosquitto.conf"
PASSWD_FILE = "passwd"  # noqa: S105 - a file's name
ACL_FILE = "acl"
SAVED_FILES = (PERSISTENCE_FILE, KEPT_FILE)
"""What mosquitto saved; of another user than ours when the account changes."""

SESSION_EXPIRY = "14d"
"""Durable sessions nobody came back to are forgotten. Source: reliability.md 5.1."""

SYS_INTERVAL_S = 2
"""How often mosquitto says its figures, seconds. Source: ours; at the fleet's peak the second half
of our queue fills in 30 s."""

MAX_KEEPALIVE_S = 600
"""Longest keep-alive of MQTT 5 clients, seconds. Source: reliability.md 5.1."""


class BrokerKind(StrEnum):
    """What serves MQTT."""

    MOSQUITTO = "mosquitto"
    EMBEDDED = "embedded"
    EXTERNAL = "external"


def find_mosquitto() -> str | None:
    """Give the path of the mosquitto program, None when it is not installed."""
    return shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin")


def choose_kind(settings: BrokerSettings) -> BrokerKind:
    """Say which broker the settings mean on this machine.

    Raises:
        SettingsError: mosquitto is asked for and not installed.
    """
    if settings.kind == "auto":
        return BrokerKind.MOSQUITTO if find_mosquitto() else BrokerKind.EMBEDDED
    if settings.kind == "mosquitto" and find_mosquitto() is None:
        raise SettingsError(
            ["broker.kind: mosquitto is not installed; run `apt-get install -y mosquitto`"]
        )
    return BrokerKind(settings.kind)


def check_broker_settings(settings: BrokerSettings) -> None:
    """Refuse what would open the broker without encryption, or could not start.

    Raises:
        SettingsError: Every fault and what to do.
    """
    faults: list[str] = []
    if settings.kind != "external" and not is_loopback(settings.host):
        faults.append(
            f"broker.host: {settings.host} would take passwords in clear from the network; keep "
            "it on 127.0.0.1 and set broker.tls_cert and broker.tls_key: devices then connect to "
            "broker.tls_host:broker.tls_port (or set broker.kind to external)"
        )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        faults.append("broker.tls_cert, broker.tls_key: set both or neither")
    faults += [
        f"broker.{name}: {path} is not a file"
        for name, path in (("tls_cert", settings.tls_cert), ("tls_key", settings.tls_key))
        if path is not None and not path.is_file()
    ]
    if set(settings.root) & set("#+%$ \n") or settings.root.strip("/") != settings.root:
        faults.append("broker.root: topic levels without wildcards, such as pg/v1")
    if faults:
        raise SettingsError(faults)


def is_loopback(host: str) -> bool:
    """Whether the address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def format_conf(settings: BrokerSettings, folder: Path, account: Account) -> str:
    """Give the text of ``mosquitto.conf`` (2.0.11; decisions.md Broker, reliability.md 5.1).

    Args:
        settings: Addresses and limits.
        folder: Where the other files are.
        account: Who runs it.
    """
    own = [
        f"listener {settings.port} {settings.host}",
        # F4: without it any device can wipe our queue by connecting with our client id
        "use_username_as_clientid true",
        "max_qos 1",
    ]
    tls = []
    if settings.tls_cert is not None and settings.tls_key is not None:
        tls = [
            f"listener {settings.tls_port} {settings.tls_host}",
            f"certfile {settings.tls_cert.resolve()}",
            f"keyfile {settings.tls_key.resolve()}",
            "tls_version tlsv1.2",
            "use_username_as_clientid true",
            "max_qos 1",
        ]
    lines = [
        "# Made by parkguard at every start: do not edit.",
        "per_listener_settings false",
        "allow_anonymous false",
        "allow_zero_length_clientid false",
        f"password_file {folder / PASSWD_FILE}",
        f"acl_file {folder / ACL_FILE}",
        "persistence true",
        f"persistence_location {folder}/",
        f"persistence_file {PERSISTENCE_FILE}",
        f"autosave_interval {settings.autosave_s}",
        "autosave_on_changes false",
        f"max_inflight_messages {settings.max_inflight}",
        f"max_queued_messages {settings.max_queued}",
        f"max_packet_size {settings.max_packet_bytes}",
        f"max_keepalive {MAX_KEEPALIVE_S}",
        f"persistent_client_expiration {SESSION_EXPIRY}",
        f"sys_interval {SYS_INTERVAL_S}",
        "retain_available true",
        "set_tcp_nodelay true",
        "connection_messages false",
        "log_dest stdout",
        "log_type error",
        "log_type warning",
        "log_timestamp false",
        *(["user root"] if account.stays_root else []),
        *own,
        *tls,
    ]
    return "\n".join(lines) + "\n"


class BrokerFiles:
    """The broker's folder: conf, acl and passwd, each replaced as a whole, mode 0600.

    Args:
        folder: ``data_dir/broker``; made when missing.
        settings: Addresses and limits.
        passwords: Our own users' passwords in clear.
        account: Whose the files become.
        foreign: Topic filters of foreign adapters by their users.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: BrokerSettings,
        passwords: Mapping[str, str],
        account: Account,
        foreign: Mapping[str, Sequence[str]] = NO_FOREIGN,
    ) -> None:
        self.folder = ensure_private_dir(folder).resolve()
        self._settings = settings
        self._account = account
        self._foreign = foreign
        self._own = {user: hash_password(password) for user, password in passwords.items()}
        self._made: dict[Path, tuple[tuple[int, ...], bytes]] = {}

    @property
    def conf(self) -> Path:
        """Where mosquitto.conf is."""
        return self.folder / CONF_FILE

    @property
    def passwd(self) -> Path:
        """Where the password file is."""
        return self.folder / PASSWD_FILE

    def write(self, hashes: Mapping[str, str]) -> None:
        """Write all three files and hand the folder to the broker's user.

        Args:
            hashes: Device id -> ``$7$101$...``, of devices that may connect.
        """
        owner = self._account.owner
        if owner is not None:
            for path in (self.folder, *(self.folder / each for each in SAVED_FILES)):
                if path.exists():
                    shutil.chown(path, owner.uid, owner.gid)
        conf = format_conf(self._settings, self.folder, self._account)
        acl = format_acl(build_rules(self._settings.root, self._foreign))
        self._write(self.conf, conf.encode())
        self._write(self.folder / ACL_FILE, acl.encode())
        self.refresh(hashes)

    def mend(self) -> list[str]:
        """Put back what somebody else changed; the names of those files (then send SIGHUP).

        mosquitto 2.0.11 that reads a garbled ACL file again on SIGHUP lets everybody do everything
        (tried), so every file is looked at before that.
        """
        touched = [path for path, (mark, _) in self._made.items() if _mark(path) != mark]
        for path in touched:
            self._write(path, self._made[path][1])
        return [path.name for path in touched]

    def _write(self, path: Path, content: bytes) -> None:
        write_private(path, content, owner=self._account.owner)
        self._made[path] = (_mark(path), content)

    def refresh(self, hashes: Mapping[str, str]) -> bool:
        """Replace the password file; whether anything in it changed (then send SIGHUP).

        A device whose id or hash could mean another line or another user is left out and said.
        """
        fit = {user: hashed for user, hashed in hashes.items() if is_fit(user, hashed)}
        if len(fit) < len(hashes):
            _log.error("broker_users_refused", users=sorted(set(hashes) - set(fit))[:10])
        content = format_passwd({**fit, **self._own}).encode()
        if self.passwd in self._made and self._made[self.passwd][1] == content:
            return False
        self._write(self.passwd, content)
        return True


def _mark(path: Path) -> tuple[int, ...]:
    """What changes whenever a file does; () when it is not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def is_fit(user: str, hashed: str) -> bool:
    """Whether a registered device can stand in the password file as exactly one line."""
    return (
        DEVICE_ID.fullmatch(user) is not None
        and not user.startswith(OUR_PREFIX)
        and hashed.startswith("$7$")
        and hashed.isprintable()
        and ":" not in hashed
    )


def format_passwd(hashes: Mapping[str, str]) -> str:
    """Give mosquitto's password file, one ``user:$7$...`` a line, sorted."""
    return "".join(f"{user}:{hashes[user]}\n" for user in sorted(hashes))


def ensure_broker_passwords(secrets_dir: Path, names: Mapping[str, str]) -> dict[str, str]:
    """Give our own users' passwords, made at the first start.

    Args:
        secrets_dir: Where the secret files are.
        names: Secret file by user.

    Raises:
        SecretRefused: One of the files is empty, weak or readable by others.
    """
    return {user: ensure_secret(secrets_dir, name).value for user, name in names.items()}

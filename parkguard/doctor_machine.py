"""The doctor's look at the machine: Python, packages, disk, clock, ports, secrets."""

import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Iterator

from parkguard.adapters import secret_names
from parkguard.broker import BrokerKind, choose_kind, find_mosquitto
from parkguard.doctor import Finding, Grade, Patient
from parkguard.first_start import ADMIN_TOKEN_FILE, secrets_dir, webhook_key_path
from parkguard.ports import is_free
from parkguard.secret_files import SecretRefused, read_secret
from parkguard.settings import SettingsError
from parkguard.status_files import read_all
from parkguard.wiring.shared import Places

OLDEST_PYTHON = (3, 11)
MIB = 1_048_576
SANE_MS = (1_735_689_600_000, 4_102_444_800_000)
"""2025-01-01 and 2100-01-01: a wall clock outside was never set."""
STEP_MS = 5_000
"""A status file from so far in the future means that the clock was put back."""


def check_python(_patient: Patient) -> Iterator[Finding]:
    """Python's version and our packages."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    fine = sys.version_info >= OLDEST_PYTHON
    yield Finding(
        check="python",
        grade=Grade.OK if fine else Grade.FAIL,
        found=version,
        todo="" if fine else "use Python 3.11 or newer",
    )
    missing = [name for name in _required() if not _is_installed(name)]
    yield Finding(
        check="packages",
        grade=Grade.FAIL if missing else Grade.OK,
        found=f"missing: {', '.join(missing)}" if missing else "all there",
        todo="run `make setup`" if missing else "",
    )
    has = shutil.which("setpriv") is not None
    yield Finding(
        check="setpriv",
        grade=Grade.OK if has else Grade.FAIL,
        found="installed" if has else "missing",
        todo="" if has else "run `apt-get install -y util-linux`",
    )


def check_disk(patient: Patient) -> Iterator[Finding]:
    """The data folder: ours to write, with room."""
    folder = patient.settings.data_dir
    standing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    writable = os.access(standing, os.W_OK | os.X_OK)
    yield Finding(
        check="data_dir",
        grade=Grade.OK if writable else Grade.FAIL,
        found=f"{folder} {'can' if writable else 'cannot'} be written",
        todo="" if writable else f"give this user {standing}, or set PARKGUARD_DATA_DIR",
    )
    limits = patient.settings.journal
    journal = Places(folder).journal
    free = shutil.disk_usage(journal if journal.exists() else standing).free
    grade = Grade.OK
    if free < limits.alarm_bytes:
        grade = Grade.FAIL if free < limits.reserve_bytes else Grade.WARN
    yield Finding(
        check="disk",
        grade=grade,
        found=f"{free / MIB:,.0f} MiB free; alarm below {limits.alarm_bytes / MIB:,.0f}, intake "
        f"stops below {limits.reserve_mb:,.0f}",
        todo="" if grade is Grade.OK else "free space, or shorten journal.retention_h",
    )


def check_clock(patient: Patient) -> Iterator[Finding]:
    """The wall clock: set, and not put back."""
    newest_ms = max((status.at_ms for status in read_all(patient.run_dir).values()), default=0)
    if not SANE_MS[0] <= patient.now_ms <= SANE_MS[1]:
        found, grade = "was never set", Grade.FAIL
    elif newest_ms > patient.now_ms + STEP_MS:
        found, grade = f"was put back by {(newest_ms - patient.now_ms) / 1000:.0f} s", Grade.WARN
    else:
        found, grade = "plausible", Grade.OK
    todo = "" if grade is Grade.OK else "set it by NTP (`apt-get install -y chrony`)"
    yield Finding(check="clock", grade=grade, found=found, todo=todo)


def check_secrets(patient: Patient) -> Iterator[Finding]:
    """Every secret file: there, ours alone, not weak."""
    settings = patient.settings
    folder = secrets_dir(settings)
    paths = [
        folder / name for name in (*secret_names(settings.adapters).values(), ADMIN_TOKEN_FILE)
    ]
    paths += [
        webhook_key_path(settings, name, target)
        for name, target in settings.dispatch.webhooks.items()
    ]
    missing = [path for path in paths if not path.exists()]
    refused = []
    for path in paths:
        try:
            if path.exists():
                read_secret(path.parent, path.name)
        except (SecretRefused, PermissionError) as exc:
            refused.append(str(exc))
    if refused:
        yield Finding(
            check="secrets",
            grade=Grade.FAIL,
            found=refused[0],
            todo=f"{len(refused)} of {len(paths)} refused" if len(refused) > 1 else "as it says",
        )
    elif missing:
        yield patient.absent("secrets", f"{len(missing)} of {len(paths)} not made yet")
    else:
        yield Finding(check="secrets", grade=Grade.OK, found=f"{len(paths)} files, ours alone")


def check_broker_kind(patient: Patient) -> Iterator[Finding]:
    """Which broker is meant, and whether it is fit for real use."""
    try:
        kind = choose_kind(patient.settings.broker)
    except SettingsError as exc:
        yield Finding(check="broker_kind", grade=Grade.FAIL, found=exc.faults[0], todo="as it says")
        return
    if kind is BrokerKind.EMBEDDED:
        yield Finding(
            check="broker_kind",
            grade=Grade.WARN,
            found="embedded: for trying out, it loses sessions at a restart",
            todo="run `apt-get install -y mosquitto` and restart",
        )
        return
    program = find_mosquitto() if kind is BrokerKind.MOSQUITTO else None
    yield Finding(
        check="broker_kind", grade=Grade.OK, found=f"{kind}{f' ({program})' if program else ''}"
    )


def check_ports(patient: Patient) -> Iterator[Finding]:
    """Before a start: whether somebody else listens where we want to."""
    if patient.is_up:
        return
    broker, api = patient.settings.broker, patient.settings.api
    wanted = [("api.port", api.host, api.port)]
    if broker.kind != "external":
        wanted.append(("broker.port", broker.host, broker.port))
        if broker.tls_cert is not None:
            wanted.append(("broker.tls_port", broker.tls_host, broker.tls_port))
    for name, host, port in wanted:
        free = port == 0 or is_free(host, port)
        yield Finding(
            check=name,
            grade=Grade.OK if free else Grade.FAIL,
            found=f"{host}:{port} is {'free' if free else 'taken by another program'}",
            todo="" if free else f"stop it (`ss -ltnp`), or set {name}",
        )


def _required() -> list[str]:
    """Names of the packages we need, without those of extras and other systems."""
    try:
        wanted = importlib.metadata.requires("parkguard") or []
    except importlib.metadata.PackageNotFoundError:
        return ["parkguard"]
    return [re.split(r"[^\w.-]", line)[0] for line in wanted if "extra ==" not in line]


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True

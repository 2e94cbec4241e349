"""The doctor's look at what runs: status files, a login and an echo at the broker, the API."""

from collections.abc import Iterator

import httpx

from parkguard.broker_login import BrokerLogin, RulesNotInForce
from parkguard.broker_rules import DOCTOR_USER, SECRET_NAMES
from parkguard.doctor import Finding, Grade, Patient
from parkguard.first_start import ADMIN_TOKEN_FILE, secrets_dir
from parkguard.parts import part_names
from parkguard.secret_files import SecretRefused, read_secret
from parkguard.status_files import read_all
from parkguard.supervisor import FRESH_MS

WITHIN_S = 3.0
"""A broker or API that needs longer to answer the doctor is not well."""


def check_parts(patient: Patient) -> Iterator[Finding]:
    """What every part says of itself, and how old that is."""
    said = read_all(patient.run_dir)
    for name in part_names(patient.settings):
        status = said.get(name)
        if status is None or patient.now_ms - status.at_ms > FRESH_MS:
            yield patient.absent(
                name, "does not run, or is stuck" if patient.is_up else "not running"
            )
        elif not status.ready:
            yield Finding(
                check=name,
                grade=Grade.FAIL,
                found=f"not ready: {status.reason}",
                todo="see its log lines",
            )
        else:
            up_s = (patient.now_ms - status.started_ms) / 1000
            yield Finding(check=name, grade=Grade.OK, found=f"ready, up for {up_s:,.0f} s")


async def check_broker_login(patient: Patient) -> Finding:
    """Log in as the doctor and get a message of our own back."""
    broker = patient.settings.broker
    try:
        password = read_secret(secrets_dir(patient.settings), SECRET_NAMES[DOCTOR_USER])
    except SecretRefused as exc:
        return patient.absent("broker_echo", str(exc))
    login = BrokerLogin(host=broker.host, port=broker.port, user=DOCTOR_USER, password=password)
    payload = str(patient.now_ms).encode()
    own, forbidden = f"{broker.root}/sys/doctor", f"{broker.root}/sys/not-of-the-doctor"
    try:
        fault = await login.echo(own, payload, forbidden=forbidden, within_s=WITHIN_S)
    except RulesNotInForce:
        return Finding(
            check="broker_echo",
            grade=Grade.FAIL,
            found="everybody may use every topic: the broker does not keep to our rules",
            todo="give it the rules of broker/acl and restart it",
        )
    if fault:
        return patient.absent("broker_echo", f"{broker.host}:{broker.port}: {fault}")
    return Finding(
        check="broker_echo", grade=Grade.OK, found=f"came back from {broker.host}:{broker.port}"
    )


async def check_api(patient: Patient) -> Finding:
    """Ask /readyz with the first token."""
    api = patient.settings.api
    host = "127.0.0.1" if api.host in {"0.0.0.0", "::"} else api.host  # noqa: S104 - compared only
    url = f"http://{host}:{api.port}/readyz"
    try:
        credential = read_secret(secrets_dir(patient.settings), ADMIN_TOKEN_FILE)
        async with httpx.AsyncClient(timeout=WITHIN_S, trust_env=False) as client:
            answer = await client.get(url, headers={"Authorization": f"Bearer {credential}"})
    except SecretRefused as exc:
        return patient.absent("api_ready", str(exc))
    except httpx.HTTPError as exc:
        return patient.absent("api_ready", f"{url}: {exc or type(exc).__name__}")
    if answer.status_code == httpx.codes.OK:
        return Finding(check="api_ready", grade=Grade.OK, found=url)
    revoked = answer.status_code == httpx.codes.UNAUTHORIZED
    return Finding(
        check="api_ready",
        grade=Grade.WARN if revoked else Grade.FAIL,
        found=f"{url} says {answer.status_code}",
        todo="the first token was revoked: nothing to do" if revoked else "see the parts above",
    )

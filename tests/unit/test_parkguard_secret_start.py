"""No start on a secret that anybody could know: exit code 78 and a line that says what to do."""

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from devices.foreign.policy import AdapterPolicy
from parkguard.adapters import secret_names
from parkguard.cli import main
from parkguard.first_start import ADMIN_TOKEN_FILE, LINK_KEY_FILE, prepare
from parkguard.secret_files import REFUSED_EXIT
from parkguard.settings import Settings, load_settings

pytestmark = pytest.mark.promise(27)

ADAPTERS = [field.name for field in fields(AdapterPolicy)]
OWN = "var/secrets"
OWN_KEY = "keys/owner.key"
TOML = "\n".join(
    [
        *(f"[adapters.{name}]\nenabled = true" for name in ADAPTERS),
        '[dispatch.webhooks.police]\nurl = "https://police.example/alerts"',
        f'[dispatch.webhooks.owner]\nurl = "https://owner.example/"\nkey_file = "{OWN_KEY}"',
    ]
)
"""Every feature that has a secret is on."""

VALUES = {
    "empty": "",
    "a blank line": "\n",
    "MiCODUS": "123456",
    "short": "aB3xK9qL2mZ8w",
    "one letter": "a" * 40,
    "ThingsBoard": "thingsboardDefaultSigningKey",
    "documentation": "change-me-to-a-random-value",
    "our name": "parkguard-2f81c9d6e7b3",
    "words": "correct horse battery staple 9",
}
"""Why somebody might know it -> the value. Cases of reliability.md, section 6, among them."""


def all_secrets() -> list[str]:
    """Every secret file that a start needs, from the tables that the product itself uses."""
    on = {"adapters": {name: {"enabled": True} for name in ADAPTERS}}
    every = Settings.model_validate(on).adapters
    files = (ADMIN_TOKEN_FILE, LINK_KEY_FILE, "webhook_police.key")
    names = (*secret_names(every).values(), *files)
    return [*(f"{OWN}/{name}" for name in names), OWN_KEY]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parkguard.toml").write_text(TOML)
    mask = os.umask(0o077)
    yield
    os.umask(mask)


def start(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Exit code of a command."""
    monkeypatch.setattr("sys.argv", ["parkguard", *words])
    monkeypatch.setattr("faulthandler.enable", lambda: None)  # pytest has it on already
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def put(path: Path, value: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(value)


@pytest.mark.parametrize("secret", all_secrets())
def test_no_known_secret_is_taken(
    secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each value in each file: refused before anything listens, the value is not repeated."""
    for value in VALUES.values():
        put(Path(secret), value)

        assert start(monkeypatch, "up") == REFUSED_EXIT, value

        said = capsys.readouterr().err
        assert secret in said
        assert "delete the file and start again, a random secret will be made" in said
        assert not value.strip() or value not in said


def test_what_the_first_start_made_is_taken() -> None:
    """All of the table's files, and nothing that the table forgot."""
    made = prepare(load_settings()).created

    assert {str(path.resolve().relative_to(Path.cwd())) for path in made} == set(all_secrets())
    assert prepare(load_settings()).created == ()


@pytest.mark.parametrize(
    ("section", "file", "command"),
    [
        (
            '[records]\nurl = "postgresql+psycopg://us@127.0.0.1:1/db"\npassword_file = "keys/r"',
            "keys/r",
            ("devices", "list"),
        ),
        (
            'telemetry = {store = "influx", influx = {user = "us", secret_file = "keys/i"}}',
            "keys/i",
            ("stores", "init"),
        ),
    ],
    ids=["records", "influx"],
)
def test_no_known_password_of_a_server_is_taken(
    section: str,
    file: str,
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Made by somebody else, so the remedy is another; nothing is connected before."""
    Path("parkguard.toml").write_text(section)
    for value in VALUES.values():
        put(Path(file), value)

        assert start(monkeypatch, *command) == REFUSED_EXIT, value

        said = capsys.readouterr().err
        assert file in said
        assert not value.strip() or value not in said

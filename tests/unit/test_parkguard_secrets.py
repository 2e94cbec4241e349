"""Secrets: random when made, refused when weak, never shown."""

import base64
import io
import logging
import stat
from pathlib import Path

import pytest
import structlog

from parkguard.logs import MASK, set_up_logs
from parkguard.passwords import hash_password, new_secret, verify_password
from parkguard.secret_files import SecretRefused, ensure_secret, read_secret, weakness
from parkguard.settings import LogSettings

CANARY = "canary-9fK2xLmQ7vTz"


def put(folder: Path, content: str, *, mode: int = 0o600) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "thing"
    path.write_text(content)
    path.chmod(mode)
    return path


def test_a_missing_secret_is_made_once(tmp_path: Path) -> None:
    """The second call reads what the first one made; file 0600, folder 0700."""
    folder = tmp_path / "secrets"

    first = ensure_secret(folder, "thing")
    second = ensure_secret(folder, "thing")

    assert first.created
    assert (second.value, second.created) == (first.value, False)
    assert stat.S_IMODE((folder / "thing").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["thing"]


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    """Nothing is derived from anything we ship (P27)."""
    made = {ensure_secret(tmp_path / str(number), "thing").value for number in range(20)}

    assert len(made) == 20


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "short-one-15chr",
        "changeme-changeme-changeme",
        "please-CHANGE-ME-before-you-start-this-9876",
        "example-1a2b3c4d5e6f7a8b",
        "my-Password-is-long-enough",
        "0123456789abcdef0123456789abcdef",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "two words of random aQ3xV9",
    ],
)
def test_a_weak_secret_is_refused_with_the_remedy(tmp_path: Path, content: str) -> None:
    """The message names the file and what to do, and never repeats the value."""
    put(tmp_path / "secrets", content)

    with pytest.raises(SecretRefused, match=r"thing .*: delete the file and start again") as caught:
        ensure_secret(tmp_path / "secrets", "thing")

    assert not content.strip() or content not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The message says chmod."""
    path = put(tmp_path / "secrets", new_secret(), mode=mode)

    with pytest.raises(SecretRefused, match=f"chmod 600 {path}"):
        read_secret(tmp_path / "secrets", "thing")


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    """Who can replace the file can choose the secret."""
    put(tmp_path / "secrets", new_secret())
    (tmp_path / "secrets").chmod(0o770)

    with pytest.raises(SecretRefused, match="chmod go-w"):
        read_secret(tmp_path / "secrets", "thing")


def test_our_own_secrets_are_never_weak() -> None:
    """What we draw passes our own check."""
    assert [weakness(new_secret()) for _ in range(200)] == [None] * 200


def test_a_password_fits_its_own_hash_only() -> None:
    """Salted: the same password never gives the same hash twice."""
    hashed = hash_password("word-1")

    assert verify_password("word-1", hashed)
    assert not verify_password("word-2", hashed)
    assert hash_password("word-1") != hashed


@pytest.mark.parametrize("hashed", ["", "x", "$6$a$b", "$7$101$!$!", "$7$1$YQ==$YQ=="])
def test_a_strange_hash_fits_nothing(hashed: str) -> None:
    """No line of another form lets anybody in."""
    assert not verify_password("", hashed)
    assert not verify_password("x", hashed)


def test_a_hash_is_what_mosquitto_passwd_writes() -> None:
    """Made by mosquitto_passwd 2.0.11 for the password "known-word"."""
    made = (
        "$7$101$6Hs4A9I/LTAQpJk7$NrzHrbll+3wdcbivRkdo49lsaYVHXKzwOt/AN/K7UstYQfsXo3MH"
        "emvgoxO2hXPJn1u39MQ+NxP3foxkUDr4QA=="
    )

    assert verify_password("known-word", made)
    assert hash_password("known-word", salt=base64.b64decode("6Hs4A9I/LTAQpJk7")) == made


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_stands_in_a_log(tmp_path: Path, *, as_json: bool) -> None:
    """Not in a text, a field, a nested value, an exception, nor through another library."""
    folder = tmp_path / "secrets"
    put(folder, CANARY + "\n")
    out = io.StringIO()
    set_up_logs(
        LogSettings(level="debug", json_lines=as_json), part="t", secrets_dir=folder, stream=out
    )
    log = structlog.get_logger("test_canary")

    text = f"thing_said {CANARY}"
    log.info(text)
    log.info("thing_said", url=f"mqtt://u:{CANARY}@h", deep={"a": [CANARY]})
    log.info("thing_said", **dict.fromkeys(("password", "admin_token"), "other-canary"))
    try:
        int(CANARY)
    except ValueError:
        log.exception("thing_failed")
    logging.getLogger("some.library").warning("said %s", CANARY)

    said = out.getvalue()
    assert said.count("thing_said") == 3
    assert "Traceback" in said
    assert "said " + MASK in said
    assert CANARY not in said
    assert "other-canary" not in said


def test_a_secret_made_after_the_start_is_hidden_too(tmp_path: Path) -> None:
    """The folder is looked at again when it changes."""
    out = io.StringIO()
    set_up_logs(
        LogSettings(level="info", json_lines=True),
        part="t",
        secrets_dir=tmp_path / "secrets",
        stream=out,
    )
    secret = ensure_secret(tmp_path / "secrets", "late").value

    structlog.get_logger("test_late").info("thing_said", value=secret)

    assert secret not in out.getvalue()
    assert MASK in out.getvalue()

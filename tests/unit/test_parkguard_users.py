"""``parkguard users``: who may log in to the pages."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.login_policy import COMMONEST, LoginPolicy, fault_of, wait_ms
from api.passwords import STRANGER, hash_password, is_right
from parkguard.cli import app
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores.queries_users import UserQueries, UserRow
from support.cli import exit_of

GOOD = "three calm herons"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(*words: str, typed: str = "") -> Result:
    """Run a command, with a line on its standard input."""
    return CliRunner().invoke(app, ["users", *words], input=typed, catch_exceptions=False)


def call_json(*words: str, typed: str = "") -> Any:  # noqa: ANN401 - whatever the command prints
    """Run one that must work."""
    done = call(*words, "--json", typed=typed)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def kept(name: str) -> UserRow:
    """A person as the database has them."""
    engine = open_migrated(Settings.model_validate({"data_dir": Path("var").resolve()}))
    try:
        user = UserQueries(engine).one(name)
    finally:
        engine.dispose()
    assert user is not None
    return user


def test_a_person_is_added_changed_and_disabled() -> None:
    """The password is shown once if we made it, and never else; its hash is in no list."""
    wang = ("wang", "--role", "officer", "--area", "340104", "--display", "Wang Li")
    added = call_json("add", *wang, "--password-stdin", typed=f"{GOOD}\n")
    first = kept("wang")
    made = call_json("password", "wang", "--generate")
    call_json("role", "wang", "--role", "desk", "--area", "340104", "--area", "340103")
    call_json("disable", "wang")

    [listed] = call_json("list")
    user = kept("wang")

    assert added == {"name": "wang", "role": "officer"}
    assert is_right(GOOD, first.password_hash)
    assert is_right(made["password"], user.password_hash)
    assert listed == {
        "name": "wang",
        "display": "Wang Li",
        "role": "desk",
        "areas": ["340104", "340103"],
        "owner": "",
        "state": "disabled",
    }
    assert GOOD not in repr(first)
    assert first.password_hash not in repr(first)
    call_json("enable", "wang")
    assert call_json("list")[0]["state"] == "active"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("Wang", "--role", "officer", "--area", ""), "a name has"),
        (("wang", "--role", "officer"), "sees nothing without --area"),
        (("wang", "--role", "officer", "--area", "Feixi"), "digits"),
        (("wang", "--role", "metrics"), "is of machines"),
        (("wang", "--role", "link"), "is of machines"),
        (("wang", "--role", "owner"), "--owner belongs to"),
        (("wang", "--role", "desk", "--area", ""), "nobody can be asked"),
        (("wang", "--role", "desk", "--area", "", "--generate", "--password-stdin"), "exclude"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(words: tuple[str, ...], why: str) -> None:
    """Exit code 2, and nothing is written."""
    done = call("add", *words)

    assert done.exit_code == 2
    assert why in " ".join(done.output.replace("│", " ").split())
    assert not Path("var").exists()


def test_errors_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1."""
    chief = ("add", "chief", "--role", "admin", "--area", "", "--generate")
    call_json(*chief)
    for words, why in (
        (("disable", "nobody"), "there is no user nobody: see `parkguard users list`"),
        (("password", "nobody", "--generate"), "there is no user nobody"),
        (("role", "nobody", "--role", "desk", "--area", ""), "there is no user nobody"),
        (chief, "user chief already"),
    ):
        assert exit_of(monkeypatch, "users", *words) == 1
        assert why in capsys.readouterr().err


def test_passwords_that_are_guessed_first_are_refused() -> None:
    """Short, the name itself, one of the commonest, one letter; no rule of composition."""
    policy = LoginPolicy()
    wrong = ("short", "Chief-of-city", "Password1234", "aaaaaaaaaaaaa", "x1" * 101)
    faults = [fault_of(password, "chief-OF-city", policy) for password in wrong]

    assert [fault.split(" ")[2] if fault else "" for fault in faults] == [
        "has", "is", "is", "is", "has",
    ]  # fmt: skip
    assert fault_of("correct horse", "chief", policy) is None
    assert fault_of("\uff30assword1234", "chief", policy) is not None  # a wide P
    assert all(len(word) >= policy.password_min_chars for word in COMMONEST)


def test_the_wait_doubles_from_half_a_minute_to_a_quarter_of_an_hour() -> None:
    """And stays there, however often."""
    waits = [wait_ms(n, LoginPolicy()) // 1000 for n in (0, 4, 5, 6, 9, 10, 11, 10**6)]
    assert waits == [0, 0, 30, 60, 480, 900, 900, 900]


def test_a_password_is_the_same_however_it_was_composed() -> None:
    """Hashes differ by their salt and say how they were made; garbage fits nothing."""
    hashes = {hash_password("caf\u00e9 caf\u00e9 caf\u00e9") for _ in range(2)}

    assert len(hashes) == 2
    assert all(it.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for it in hashes)
    assert all(is_right("cafe\u0301 cafe\u0301 cafe\u0301", it) for it in hashes)
    assert not is_right("x", STRANGER)
    assert not is_right("x", "no hash")
